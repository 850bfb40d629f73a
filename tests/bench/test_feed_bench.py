"""Fan-out, timed side by side; writes `reports/feed_bench.md`, and holds it to what was asked."""

from dataclasses import dataclass
from functools import partial
from statistics import median

import pytest
from feed_people import SMALL_FOLLOWERS, People, holders_of, mint, present
from feed_phases import FEW, MANY, Publisher, posting, quantile
from feed_plant import FAIR, FIRST_COME, FOLLOW, Plant, Took
from raw_deliveries import RawDeliveries, bring
from report import Claim, Section, micros, millis, span, write_feed
from timing import in_turns, ratios

from model.rules.timelines import FANOUT_CHUNK_MAX

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1_800)]

ALONE, BESIDE = "alone", "beside a big one"
NAIVE_ALONE, NAIVE_BESIDE = "alone, first come first served", "beside a big one, likewise"
ONE, TWO = "one worker", "two workers"
BARE, FULL = "bare calls", "bare calls, full timelines"
# Deliveries/s of one node (r6gd.large, two vCPUs) of Rama's Twitter-scale Mastodon, read off the
# chart of its README.
RAMA_LEAST, RAMA_MOST = 61_000, 76_000
WORKER, STORE = "fanout", "timeline_store"
REST = ("follow", "user_db", "broker")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much of everything."""

    followers: int = 200_000  # of the big author
    small: int = 50  # authors
    posts: int = 150  # in one measurement
    well_read: int = 4_000  # readers with full timelines
    rounds: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was measured, by phase, round by round."""

    sizes: Sizes
    lags_s: dict[str, list[list[float]]]
    took: dict[str, list[Took]]
    posts_s: list[dict[str, list[float]]]

    def lag_s(self, share: float) -> dict[str, list[float]]:
        return {
            name: [quantile(lags_s, share) for lags_s in rounds]
            for name, rounds in self.lags_s.items()
        }

    def post_s(self, share: float) -> dict[str, list[float]]:
        return {
            name: [quantile(times_s[name], share) for times_s in self.posts_s]
            for name in (FEW, MANY)
        }

    def delivery_s(self) -> dict[str, list[float]]:
        """Return the time that a delivery takes when they are done one after the other."""
        return {
            name: [took.wall_s / took.deliveries for took in rounds]
            for name, rounds in self.took.items()
        }

    def delivery_cpu_s(self, name: str, *stations: str) -> list[float]:
        return [
            sum(took.cpu_s[station] for station in stations) / took.deliveries
            for took in self.took[name]
        ]

    def chunk_s(self) -> list[float]:
        return [FANOUT_CHUNK_MAX * time_s for time_s in self.delivery_s()[ONE]]


async def rounds_of(phases, rounds):
    """Do every phase in turns, after once to warm up."""
    await in_turns(phases, rounds=1)
    return await in_turns(phases, rounds=rounds)


async def measure(cluster, sizes):
    people = People.gather(followers=sizes.followers, small=sizes.small, well_read=sizes.well_read)
    async with (
        Plant(cluster) as plant,
        present(people, plant.settings),
        posting(plant, people) as posts,
    ):
        fair, naive, pair = [Publisher(await plant.floor(), people) for _ in range(3)]
        await plant.start(FOLLOW, "follow-1", await plant.floor())
        await plant.start(FAIR, "fanout-1", fair.floor)
        await plant.start(FIRST_COME, "fanout-2", naive.floor)
        await plant.start(FAIR, "fanout-3", pair.floor)
        await plant.start(FAIR, "fanout-4", pair.floor)
        lags = {
            ALONE: partial(fair.small, sizes.posts),
            BESIDE: fair.small_beside_a_big_one,
            NAIVE_ALONE: partial(naive.small, sizes.posts),
            NAIVE_BESIDE: naive.small_beside_a_big_one,
        }
        lags_s = await rounds_of(lags, sizes.rounds)
        for publisher in (fair, naive):
            assert await holders_of(plant.settings, people, publisher.big_post) == sizes.followers
        took = await deliveries(plant, people, sizes, one=fair, two=pair)
        created = await rounds_of({"posts": partial(posts.create, sizes.posts)}, sizes.rounds)
        return Found(sizes=sizes, lags_s=lags_s, took=took, posts_s=created["posts"])


async def deliveries(plant, people, sizes, *, one, two):
    """Bring posts to as many timelines in every way."""
    again = max(1, sizes.followers // sizes.well_read)
    with (
        RawDeliveries(plant.settings, people.followers) as bare,
        RawDeliveries(plant.settings, people.well_read) as full,
    ):
        phases = {
            ONE: lambda: plant.took(one.big()),
            TWO: lambda: plant.took(two.big()),
            BARE: lambda: plant.took(bring(bare.encoded([mint()]))),
            FULL: lambda: plant.took(bring(full.encoded([mint() for _ in range(again)]))),
        }
        took = await rounds_of(phases, sizes.rounds)
    assert {each.deliveries for rounds in took.values() for each in rounds} == {sizes.followers}
    return took


def claims_of(found):
    half_s, nearly_all_s = found.lag_s(0.5), found.lag_s(0.99)
    delivery_s, created_s = found.delivery_s(), found.post_s(0.5)
    chunks = {"lag": nearly_all_s[BESIDE], "chunk": found.chunk_s()}
    cpu_s = {
        ONE: found.delivery_cpu_s(ONE, WORKER, STORE, *REST),
        BARE: found.delivery_cpu_s(BARE, "caller", STORE),
    }
    return [
        *fairness(half_s, "p50"),
        *fairness(nearly_all_s, "p99"),
        Claim(
            text="lag beside a big one, in chunks of the big one (two, and its own work): p99",
            ratio=ratios(chunks, of="lag", to="chunk"),
            at_most=4,
        ),
        Claim(
            text="delivery by one worker, times bare calls",
            ratio=ratios(delivery_s, of=ONE, to=BARE),
        ),
        Claim(
            text="CPU time of a delivery by one worker and all it asks, times bare calls",
            ratio=ratios(cpu_s, of=ONE, to=BARE),
            at_most=4,
        ),
        Claim(
            text="delivery by one worker, times two workers",
            ratio=ratios(delivery_s, of=ONE, to=TWO),
        ),
        Claim(
            text="creating a post with many followers, times with few: p50",
            ratio=ratios(created_s, of=MANY, to=FEW),
            at_most=1.2,
        ),
        Claim(
            text="creating a post with many followers, times with few: p99",
            ratio=ratios(found.post_s(0.99), of=MANY, to=FEW),
        ),
    ]


def fairness(lags_s, share):
    return [
        Claim(
            text=f"lag of a small post beside a big one, times alone: {share}",
            ratio=ratios(lags_s, of=BESIDE, to=ALONE),
        ),
        Claim(
            text=f"lag beside a big one, first come first served, times ours: {share}",
            ratio=ratios(lags_s, of=NAIVE_BESIDE, to=BESIDE),
            at_least=10,
        ),
        Claim(
            text=f"lag alone, times first come first served: {share}",
            ratio=ratios(lags_s, of=ALONE, to=NAIVE_ALONE),
        ),
    ]


def lag_section(found):
    sizes, half_s, nearly_all_s = found.sizes, found.lag_s(0.5), found.lag_s(0.99)
    about = (
        f"Posts to {SMALL_FOLLOWERS} followers, every 20 to 60 ms, to one worker: alone, and while"
        f" a post to {sizes.followers:,} is under way (the follower lists are read from the real"
        " follow service).  The lag is from the event written to the last delivery; outbox and"
        " relay come before that.  First come first served is the same worker without its order"
        " of work, as any single queue has it."
    )
    rows = [(name, millis(half_s[name]), millis(nearly_all_s[name])) for name in found.lags_s]
    return Section(
        title="Small posts", about=about, head=("", "lag ms, p50", "lag ms, p99"), rows=rows
    )


def delivery_section(found):
    about = (
        f"One post to {found.sizes.followers:,} timelines that hold less than a hundred posts, by"
        " workers (from the event written to the last delivery) and by a client that sends the"
        " same calls of `feedtwin_deliver`, encoded beforehand, for 1,000 readers each, and waits"
        " for each answer.  The last row's timelines hold 800 posts, so that each delivery takes"
        " one out.  CPU time is of the worker, or the client; of the timeline servers; and of"
        " what else it takes: follow service, its databases, broker.  Rama's Twitter-scale"
        f" Mastodon makes {RAMA_LEAST:,} to {RAMA_MOST:,} deliveries/s on a node of two vCPUs"
        " (r6gd.large; read off the chart in its README), reading its followers included."
    )
    head = (
        "",
        "thousand deliveries/s",
        "share of a node of Rama",
        "µs CPU each: worker",
        "timeline servers",
        "the rest",
        "thousand deliveries/s per core of worker and timeline servers",
        "and of the rest",
    )
    rows = [delivery_row(found, name) for name in found.took]
    return Section(title="Deliveries", about=about, head=head, rows=rows)


def delivery_row(found, name):
    is_ours = name in (ONE, TWO)
    pair = (WORKER if is_ours else "caller", STORE)
    per_s = [1 / time_s for time_s in found.delivery_s()[name]]
    share = f"{median(per_s) / RAMA_MOST:.2g} to {median(per_s) / RAMA_LEAST:.2g}"
    return (
        name,
        span([each / 1e3 for each in per_s]),
        share if is_ours else "",
        *(micros(found.delivery_cpu_s(name, station)) for station in pair),
        micros(found.delivery_cpu_s(name, *REST)) if is_ours else "",
        span([1e-3 / cpu_s for cpu_s in found.delivery_cpu_s(name, *pair)]),
        span([1e-3 / cpu_s for cpu_s in found.delivery_cpu_s(name, *pair, *REST)])
        if is_ours
        else "",
    )


def post_section(found):
    sizes, half_s, nearly_all_s = found.sizes, found.post_s(0.5), found.post_s(0.99)
    about = (
        "Texts created by the post service on its databases, in turns by an author with"
        f" {SMALL_FOLLOWERS} followers and one with {sizes.followers:,}, both pushed; it asks the"
        " follow service for the count, and puts the post into the author's own timeline."
    )
    rows = [(name, millis(half_s[name]), millis(nearly_all_s[name])) for name in (FEW, MANY)]
    return Section(
        title="Posting", about=about, head=("followers", "ms, p50", "ms, p99"), rows=rows
    )


ABOUT = """\
Written by `make bench`: medians of {rounds} rounds (least to most), all phases alternated in each
round in a changing order, once more before to warm up.  Real engines (two servers of each kind)
and real processes, on one machine together.  A row without a bound is told, and asks nothing."""


async def test_fan_out_is_as_fair_and_as_quick_as_was_asked(engines):
    found = await measure(engines.cluster, Sizes())
    claims = claims_of(found)
    sections = [lag_section(found), delivery_section(found), post_section(found)]
    write_feed(ABOUT.format(rounds=found.sizes.rounds), claims, sections)
    for claim in claims:
        assert claim.holds, claim.row()


async def test_works_are_done_in_turns_that_move_on():
    done = []

    async def work(name):
        done.append(name)
        return len(done)

    answers = await in_turns({name: partial(work, name) for name in "ab"}, rounds=3)
    assert done == ["a", "b", "b", "a", "a", "b"]
    assert answers == {"a": [1, 4, 5], "b": [2, 3, 6]}


def test_a_quantile_is_one_of_the_values():
    values = [float(value) for value in range(100, 0, -1)]
    assert [quantile(values, share) for share in (0.5, 0.99, 1.0)] == [50, 99, 100]
