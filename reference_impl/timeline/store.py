"""Lists of post ids in Valkey, by the functions of lists.lua."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from model.rules.ids import created_ms_of
from reference_impl.chassis.errors import Full
from reference_impl.chassis.keyvalue import ShardedValkey, visiting
from reference_impl.chassis.policies import PolicySource
from reference_impl.timeline.author_store import ValkeyAuthors
from reference_impl.timeline.deliveries import TimelineStore
from reference_impl.timeline.forgetting import Forgotten
from reference_impl.timeline.functions import STATION, Functions
from reference_impl.timeline.lists import (
    BUILD_PATIENCE_S,
    FOREVER_S,
    Beginning,
    Contents,
    Part,
    Reached,
    Reading,
)
from reference_impl.timeline.merge_authors import AUTHORS_SERVER
from reference_impl.timeline.merged import MergedLists
from reference_impl.timeline.placement import Placement
from reference_impl.timeline.sources import NOWHERE, Source
from reference_impl.timeline.timelines import Timelines

__all__ = ["STATION", "Functions", "ValkeyAuthors", "ValkeyLists", "valkey_timelines"]

ID_BYTES = 8


def valkey_timelines(
    servers: ShardedValkey, *, cap: int, by: str = "user", policies: PolicySource | None = None
) -> TimelineStore:
    """Return the timelines on these servers, of the newest `cap` posts.

    `by`: see Placement; `policies`: see TimelineStore.
    """
    placement = Placement(servers.table, server_count=len(servers.servers), by=by)
    functions = [Functions(server) for server in servers.servers]
    parts = [ValkeyLists(each, cap=placement.part_cap(cap)) for each in functions]
    lists = [ValkeyLists(each, cap=cap) for each in functions]
    return TimelineStore(
        timelines=Timelines(parts, placement),
        merged=MergedLists(lists, servers.table),
        authors=ValkeyAuthors(functions[AUTHORS_SERVER]),
        servers=lists,
        policies=policies,
    )


class ValkeyLists:
    """A ListServer on Valkey; each list keeps the newest `cap` posts."""

    def __init__(self, functions: Functions, *, cap: int) -> None:
        self._functions = functions
        self._cap = cap
        self._forgotten = Forgotten()

    async def read(self, keys: Sequence[str], reading: Reading) -> list[Source]:
        """See ListServer."""
        answers = await self._functions.call("feedtwin_read", keys, *_window(reading))
        return [_source_of(answer) for answer in answers]

    async def read_timeline(self, key: str, reading: Reading) -> Part:
        """See ListServer."""
        answer = await self._functions.call("feedtwin_read_timeline", [key], *_window(reading))
        return _part_of(*answer)

    async def begin(
        self, keys: Sequence[str], token: str, *, replacing: str = ""
    ) -> list[Beginning]:
        """See ListServer."""
        patience_ms = round(BUILD_PATIENCE_S * 1000)
        answers = await self._functions.call("feedtwin_begin", keys, token, patience_ms, replacing)
        return [Beginning(answer.decode()) for answer in answers]

    async def finish(
        self, contents: Mapping[str, Contents], token: str, *, idle_s: float | None
    ) -> list[bool]:
        """See ListServer."""
        calls = [
            ("feedtwin_finish", [key], self._build(token, each, idle_s))
            for key, each in contents.items()
        ]
        return [answer == 1 for answer in await self._functions.call_all(calls)]

    async def cover(self, key: str, build: str, contents: Contents) -> bool:
        """See ListServer."""
        arguments = [build, self._cap, contents.seq, contents.halvings, _floor(contents.floor)]
        try:
            answer = await self._functions.call(
                "feedtwin_cover", [key], *arguments, *_entries(contents.ids)
            )
        except Full as error:
            await self._forget([key], error)
            raise
        return bool(answer == 1)

    async def deliver(
        self,
        keys: Sequence[str],
        post_id: int,
        *,
        edge_of: int | None,
        idle_s: float | None = None,
    ) -> Reached:
        """See ListServer."""
        return await self._deliver(keys, post_id, edge_of, b"", idle_s)

    async def deliver_shares(
        self, keys: Sequence[str], post_id: int, *, edge_of: int | None, survived: Sequence[int]
    ) -> int:
        """See ListServer."""
        return (await self._deliver(keys, post_id, edge_of, bytes(survived), None)).lists

    async def remove(self, keys: Sequence[str], post_id: int) -> None:
        """See ListServer."""
        await self._functions.call("feedtwin_remove", keys, _member(post_id))

    async def abandon(self, key: str, token: str) -> None:
        """See ListServer."""
        await self._functions.call("feedtwin_abandon", [key], token)

    async def drop(self, key: str) -> None:
        """See ListServer."""
        with visiting(STATION):
            await self._functions.server.delete(key, state_key(key), pulled_key(key))

    async def load_functions(self) -> None:
        """See ListServer."""
        await self._functions.load()

    async def _deliver(
        self,
        keys: Sequence[str],
        post_id: int,
        edge_of: int | None,
        survived: bytes,
        idle_s: float | None,
    ) -> Reached:
        author = "" if edge_of is None else edge_of
        arguments = [*_entries([post_id]), self._cap, author, survived, _idle_ms(idle_s)]
        try:
            lists, halved = await self._functions.call("feedtwin_deliver", keys, *arguments)
        except Full as error:
            await self._forget(keys, error)
            return Reached(lists=0, halved=[])
        return Reached(lists=lists, halved=[place - 1 for place in halved])  # Lua counts from 1

    async def _forget(self, keys: Sequence[str], why: Full) -> None:
        """Forget lists on a server that may be too full to be given functions."""
        with visiting(STATION):
            async with self._functions.server.pipeline(transaction=True) as together:
                together.delete(*map(state_key, keys))
                together.delete(*keys, *map(pulled_key, keys))
                there, _ = await together.execute()
        self._forgotten.count(there, why)

    def _build(self, token: str, contents: Contents, idle_s: float | None) -> list[Any]:
        pulled = contents.pulled or frozenset()
        return [
            token,
            self._cap,
            _idle_ms(idle_s),
            _floor(contents.floor),
            contents.seq,
            contents.halvings,
            0 if contents.pulled is None else 1,
            len(pulled),
            *pulled,
            *_entries(contents.ids),
        ]


def state_key(key: str) -> str:
    """Return the key of what a list knows about itself."""
    return f"{key}:state"


def pulled_key(key: str) -> str:
    """Return the key of the authors whose edge posts a timeline need not hold."""
    return f"{key}:pulled"


def _window(reading: Reading) -> list[Any]:
    below = ["", ""] if reading.before is None else _entries([reading.before])
    return [*below, reading.limit, _idle_ms(reading.idle_s)]


def _idle_ms(idle_s: float | None) -> int:
    return 0 if idle_s is None else max(1, round(idle_s * 1000))


def _member(post_id: int) -> bytes:
    return post_id.to_bytes(ID_BYTES)


def _floor(floor: int) -> bytes:
    return _member(floor) if floor else b""


def _entries(post_ids: Iterable[int]) -> list[Any]:
    """Return scores and members in turn: the order by score, then by bytes, is that by id."""
    return [
        argument for post_id in post_ids for argument in (created_ms_of(post_id), _member(post_id))
    ]


def _source_of(answer: list[Any] | None) -> Source:
    if answer is None:
        return NOWHERE
    floor, members = answer
    return Source(ids=[int.from_bytes(member) for member in members], floor=int.from_bytes(floor))


def _part_of(
    held: list[Any] | None, now_s: bytes, known: list[bytes | None], pulled: list[bytes]
) -> Part:
    build, seq, halvings, edges_at_s, reads, since_s, begun_s = known
    now = float(now_s)
    return Part(
        source=_source_of(held),
        build="" if held is None else (build or b"").decode(),
        seq=int(seq or 0),
        halvings=int(halvings or 0),
        pulled=frozenset(int(author) for author in pulled),
        edges_age_s=None if edges_at_s is None else now - float(edges_at_s),
        reads=int(reads or 0),
        read_for_s=0.0 if since_s is None else now - float(since_s),
        age_s=FOREVER_S if begun_s is None else now - float(begun_s),
    )
