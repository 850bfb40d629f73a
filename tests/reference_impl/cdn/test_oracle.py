"""Whatever happens in whatever order, an edge serves what the origin had, and no older than agreed.

The oracle is a plain list of all that the origin ever said.  An edge, which has little room, is
begun anew and has its files damaged, may ask the origin as often as it likes, and must then say
what that says now; of its own it may say nothing but what is in the list, for as long as agreed.
"""

import asyncio
import random
from math import inf
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.rules.caching import BRIEF_S, STALE_ON_ERROR_S
from reference_impl.chassis.errors import Unavailable

FRESH_S = 60
PAGES = [f"/static/{number}.css" for number in range(3)]
ACCEPTS = ["", "image/webp", "image/avif, image/webp"]
VARY = {"Cache-Control": f"max-age={FRESH_S}", "Vary": "Accept"}
ONE = {"Cache-Control": f"max-age={FRESH_S}"}
SIZES = [0, 10, 900, 1_500, 5_000]  # the last one passes through
CACHE_BYTES = 16_000

ASKS = st.tuples(st.just("ask"), st.integers(0, 5), st.sampled_from(ACCEPTS))
CHANGES = st.tuples(
    st.sampled_from(["change", "change", "purge", "remove", "restart", "damage", "away", "back"]),
    st.integers(0, 5),
    st.sampled_from(ACCEPTS),
)
WAITS = st.tuples(st.just("wait"), st.sampled_from([1, 30, FRESH_S, 400]), st.just(""))
STEPS = st.lists(st.one_of(ASKS, ASKS, CHANGES, WAITS), min_size=1, max_size=40)


class Answer(NamedTuple):
    """What the origin said once; None: that there is nothing."""

    path: str
    accept: str
    content: bytes | None
    then_s: float
    varies: bool
    fresh_s: float


class Oracle:
    """All that was ever answered by the origin, until it is purged."""

    def __init__(self):
        self._answers = []

    def note(self, answer):
        self._answers.append(answer)

    def forget(self, path):
        self._answers = [its for its in self._answers if its.path != path]

    def may_say(self, path, accept, now_s, *, is_away):
        """What an edge may say from memory."""
        for its in self._answers:
            stands_in_s = STALE_ON_ERROR_S if is_away and its.content is not None else 0
            is_recent = now_s - its.then_s < its.fresh_s + stands_in_s
            is_to_this = its.path == path and (not its.varies or its.accept == accept)
            if is_to_this and is_recent:
                yield its.content


class World:
    """An origin with pages that change and pictures that do not, an edge, and the oracle."""

    def __init__(self, folder, edge_in, origin, clock):
        self.folder, self._edge_in, self.origin, self.clock = folder, edge_in, origin, clock
        self.oracle = Oracle()
        self._luck = random.Random(9)
        self._has = {}
        self.pictures = [
            origin.put_media(self._luck.randbytes(size)) for size in (10, 1_000, 1_500)
        ]
        for number, path in enumerate(PAGES):
            self.change(path, ACCEPTS[number % 3])

    def change(self, path, accept):
        """Give a page another content: one for everybody, or one for each kind of request."""
        if path in PAGES:
            self.origin.remove(path)
            kinds = {"": None, "image/webp": "image/webp, */*"}
            headers = VARY if accept else ONE
            for told in kinds.values() if accept else [None]:
                size = self._luck.choice(SIZES)
                self.origin.put(path, self._luck.randbytes(size), headers, accept=told)

    def origin_says(self, path, accept):
        """What the origin would say now."""
        told = {"": "*/*", "image/webp": "image/webp, */*"}.get(
            accept, "image/avif, image/webp, */*"
        )
        status, headers, content = self.origin._answer_to(path, {"accept": told})
        return Answer(
            path,
            accept,
            content if status == 200 else None,
            self.clock(),
            "Vary" in headers,
            BRIEF_S if status != 200 else FRESH_S if path in PAGES else inf,
        )

    async def ask(self, edge, path, accept):
        now_s, is_away = self.clock(), self.origin.failures > 0
        may = list(self.oracle.may_say(path, accept, now_s, is_away=is_away))
        try:
            status, outcome, content = await edge.get(path, accept)
        except Unavailable:
            assert is_away
            return
        said = content if status == 200 else None
        now = self.origin_says(path, accept)
        if outcome in ("miss", "pass", "revalidated"):
            assert not is_away
            assert said == now.content
            self.oracle.note(now)
        else:
            assert said in may, f"{path} was never so, or too long ago"
            assert outcome == "hit" or is_away


async def live(world, edge_in, steps):
    steps = iter(steps)
    is_over = False
    while not is_over:
        async with edge_in(world.folder, cache_bytes=CACHE_BYTES, origin=world.origin) as edge:
            is_over = await until_restart(world, edge, steps)
            used = edge.store.bytes_used
            files = [file.stat().st_size for file in (world.folder / "answers").iterdir()]
            assert used == sum(files) <= CACHE_BYTES


async def until_restart(world, edge, steps):
    """Take steps until the edge is to begin anew; return whether there are no more."""
    paths = [*PAGES, *world.pictures]
    for kind, number, accept in steps:
        path = paths[number % 6]
        match kind:
            case "ask":
                await world.ask(edge, path, accept)
            case "change":
                world.change(path, accept)
            case "wait":
                world.clock.pass_s(number)
            case "purge":
                await edge.service.purge([path])
                world.oracle.forget(path)
            case "remove":
                world.origin.remove(path)
            case "away":
                world.origin.go_away()
            case "back":
                world.origin.come_back()
            case "restart":
                return False
            case "damage":
                damage(world.folder, number)
                return False
    return True


def damage(folder, number):
    """Flip a bit of one file."""
    files = sorted((folder / "answers").iterdir())
    if files:
        file = files[number % len(files)]
        written = bytearray(file.read_bytes())
        written[(number * 7919) % len(written)] ^= 1
        file.write_bytes(written)


@pytest.fixture
def run(edge_in, make_origin, clock, tmp_path_factory):
    def run(steps):
        folder = tmp_path_factory.mktemp("edge")
        world = World(folder, edge_in, make_origin(clock), clock)
        asyncio.run(live(world, edge_in, steps))

    return run


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_an_edge_serves_what_the_origin_had_and_no_older_than_agreed(run, steps):
    run(steps)
