"""Slices are held against whole worlds small enough to be simulated."""

from dataclasses import replace

import numpy as np
import pytest

from model.answers.alike import Alike
from model.answers.completing import completed, with_tries_elsewhere
from model.answers.statistics import over_replications, quantile_of_clusters
from model.answers.utilisation import in_world, of_stations
from model.engine.codes import Outcome
from model.engine.compiled_engine import simulate
from model.engine.network import Network
from model.world.attributes import Attribute
from model.world.counts import ConstantCount, CountTable
from model.world.failures import Crash, Once, SlowDown
from model.world.hot_shards import Hot
from model.world.journeys import (
    AllOf,
    Breaker,
    Call,
    Delay,
    Emit,
    ForEach,
    Journey,
    Visit,
    WithProbability,
)
from model.world.keys import LANE, LEG
from model.world.laws import Constant, Exponential
from model.world.parts import Parts
from model.world.slices import CLOCK, OfWhom
from model.world.slicing import sliced

SHARDS = 64
REPLICATIONS = 6
WARM_UP_S = 5.0
WORK = Constant(value=0.001)
ASK = Visit(station="shard", key=LEG, work=Exponential(mean=0.01))


def fork(count=SHARDS, body=ASK, **how):
    return ForEach(count=ConstantCount(count=count), body=body, name="merge", **how)


def is_of_one(background):
    return background.of_whom is OfWhom.SINGLE


def world(*journeys, k, rates_per_s, failures=(), hot=None, once_at_s=(), rows=None):
    """The program of 1/k of a world, and what is in it; `hot` more visits a second at shard 0.

    All that arrives has one of the `rows` of attributes.
    """
    members = {"shard": SHARDS // k + bool(hot and k > 1), "front": SHARDS // k}
    which = Hot(station="shard", shards=SHARDS, copies=1, share=0.5) if hot else None
    cut = sliced(
        journeys,
        Parts(members=members, of=k, hot=which),
        single=("once",) if len(once_at_s) else (),
    )
    network = Network()
    for station, count in members.items():
        network.station(station, members=count)
    if k > 1:
        network.station(CLOCK)
    for journey in (*cut.journeys, *(background.journey for background in cut.backgrounds)):
        network.journey(journey)
    for name, rate_per_s in rates_per_s.items():
        network.arrivals(name, rate_per_s=rate_per_s / k, attributes=rows)
    if len(once_at_s):
        for name in ("once", *(b.journey.name for b in cut.backgrounds if is_of_one(b))):
            network.recorded(name, at_s=np.asarray(once_at_s))
    for background in cut.backgrounds:
        if is_of_one(background):
            continue
        rate_per_s = cut.background_per_s(background, rates_per_s)
        network.arrivals(background.journey.name, rate_per_s=rate_per_s, attributes=rows)
    if hot:
        at_hot = replace(ASK, key=Attribute(name="shard"))
        network.journey(Journey(name="hot", steps=at_hot))
        network.arrivals("hot", rate_per_s=hot, attributes={"shard": [0]})
    for failure in failures:
        network.failure(failure)
    return network.build(), cut


def runs_of(*journeys, k, rates_per_s, until_s=60.0, complete=True, **how):
    program, cut = world(*journeys, k=k, rates_per_s=rates_per_s, **how)
    for replication in range(REPLICATIONS):
        run = simulate(program, seed=5, replication=replication, until_s=until_s)
        yield completed(run, cut) if complete else run


def latencies_s(name, *journeys, **how):
    return [run.latencies_s(name, since_s=WARM_UP_S) for run in runs_of(*journeys, **how)]


def agree(whole, part, q, *, error):
    """Whether two sets of replications agree on a quantile, within their intervals.

    `error` is the share of the value by which completing may be wrong beyond them.
    """
    one, other = quantile_of_clusters(whole, q), quantile_of_clusters(part, q)
    within = np.hypot(one.half_width, other.half_width) + error * one.value
    assert within < 0.3 * one.value, "too noisy to prove anything"
    return abs(one.value - other.value) <= within


PAGE = Journey(name="page", steps=(Visit(station="front", work=WORK), fork()))
HALF_BUSY = {"page": 50.0}


@pytest.fixture(scope="module")
def whole():
    """All 64 shards, each asked once per page on average, and busy half of the time."""
    return latencies_s("page", PAGE, k=1, rates_per_s=HALF_BUSY)


@pytest.mark.parametrize("k", [2, pytest.param(4, marks=pytest.mark.verify), 8])
def test_a_page_that_asks_all_shards_is_as_late_in_a_slice_as_in_the_world(whole, k):
    part = latencies_s("page", PAGE, k=k, rates_per_s=HALF_BUSY, until_s=25.0 * k)
    assert agree(whole, part, 0.5, error=0.02)
    assert agree(whole, part, 0.95, error=0.02)


@pytest.mark.verify
@pytest.mark.parametrize("k", [2, 4, 8])
def test_so_are_its_latest_pages(k):
    whole, part = (
        latencies_s("page", PAGE, k=n, rates_per_s=HALF_BUSY, until_s=100.0 * n) for n in (1, k)
    )
    assert agree(whole, part, 0.99, error=0.05)


@pytest.mark.verify
@pytest.mark.parametrize("k", [2, 8])
def test_where_shards_are_busy_a_slice_is_right_to_a_twentieth(k):
    how = {"rates_per_s": {"page": 80.0}}
    whole, part = (latencies_s("page", PAGE, k=n, until_s=200.0 * n, **how) for n in (1, k))
    assert agree(whole, part, 0.5, error=0.05)
    assert agree(whole, part, 0.9, error=0.05)


def test_without_the_legs_elsewhere_a_slice_is_far_too_fast(whole):
    bare = latencies_s("page", PAGE, k=8, rates_per_s=HALF_BUSY, until_s=200.0, complete=False)
    assert not agree(whole, bare, 0.5, error=0.02)


def test_with_legs_that_are_not_alike_a_slice_is_too_slow(whole, monkeypatch):
    def mixed(legs):
        return Alike(legs.assign(later=np.random.default_rng(1).permutation(legs.later)))

    monkeypatch.setattr("model.answers.joins.Alike", mixed)
    part = latencies_s("page", PAGE, k=8, rates_per_s=HALF_BUSY, until_s=200.0)
    assert not agree(whole, part, 0.5, error=0.02)


@pytest.mark.parametrize("k", [pytest.param(2, marks=pytest.mark.verify), 8])
def test_a_page_that_asks_some_shards_is_as_late_in_a_slice_as_in_the_world(k):
    some = Journey(name="page", steps=fork(12))
    rates_per_s = {"page": 250.0}
    whole = latencies_s("page", some, k=1, rates_per_s=rates_per_s, until_s=40.0)
    part = latencies_s("page", some, k=k, rates_per_s=rates_per_s, until_s=20.0 * k)
    assert agree(whole, part, 0.5, error=0.02)
    assert agree(whole, part, 0.99, error=0.05)


@pytest.mark.parametrize("count", [32, SHARDS])
def test_legs_that_meet_no_two_are_as_late_in_a_slice_as_in_the_world(count):
    each_its_own = Journey(name="page", steps=fork(count, body=replace(ASK, key=LANE)))
    how = {"rates_per_s": {"page": 1200.0 / count}}
    whole, part = (latencies_s("page", each_its_own, k=k, until_s=40.0 * k, **how) for k in (1, 8))
    assert agree(whole, part, 0.5, error=0.02)
    assert agree(whole, part, 0.95, error=0.02)


def shard_totals(run, column):
    first = run.program.stations.first_member[run.program.stations.names.index("shard")]
    return getattr(run.members, column)[first:][: run.program.stations.members[0]]


@pytest.mark.parametrize("column", ["worked_s", "stay_s"])
def test_shards_are_as_busy_and_as_crowded_in_a_slice_as_in_the_world(column):
    """As crowded only if legs come together as they do in the world."""
    busy = [
        over_replications(
            [
                shard_totals(run, column).mean()
                for run in runs_of(PAGE, k=k, rates_per_s=HALF_BUSY, complete=False)
            ]
        )
        for k in (1, 8)
    ]
    within = np.hypot(busy[0].half_width, busy[1].half_width)
    assert within < 0.15 * busy[0].value
    assert abs(busy[0].value - busy[1].value) <= within


def test_without_those_from_elsewhere_shards_are_idle():
    program, cut = world(PAGE, k=8, rates_per_s={"page": 50.0})
    alone = replace(program, streams=program.streams[:1])
    run = simulate(alone, seed=1, until_s=20.0)
    assert cut.backgrounds
    assert shard_totals(run, "worked_s").mean() / 20 < 0.2


def test_while_a_breaker_is_open_those_of_elsewhere_ask_no_more_than_in_the_world():
    """Each page asks all shards, of which an eighth is down: it fails, and the breaker opens.

    Of half of them, too; of an eighth a third of all pages would know of no failure.
    """
    page = Journey(name="page", steps=Call(steps=fork(), breaker=Breaker(failures=5, open_s=1.0)))
    worked_s = {}
    for k in (1, 2):
        down = Crash(station="shard", when=Once(at_s=0.0), members=tuple(range(8 // k)))
        runs = runs_of(
            page, k=k, rates_per_s=HALF_BUSY, until_s=20.0, complete=False, failures=(down,)
        )
        worked_s[k] = np.mean([shard_totals(run, "worked_s").mean() for run in runs])
    open_to_all = 50.0 * 20.0 * ASK.work.mean
    assert worked_s[1] < 0.05 * open_to_all
    # Who belongs elsewhere tries its own breaker, as often as who belongs here: twice in all.
    assert worked_s[2] < 3 * worked_s[1]


CHUNKS = ForEach(
    count=CountTable(counts=(1, 12), cumulated=(0.8, 1.0)),
    body=(Visit(station="front", work=Exponential(mean=0.002)), fork(24)),
    at_once=4,
    name="chunks",
)
POST = Journey(name="post", steps=(Visit(station="front", work=WORK), Emit(journey="fanout")))


@pytest.mark.parametrize(
    ("at_once", "error"),
    [
        pytest.param(0, 0.05, marks=pytest.mark.verify),
        (1, 0.05),
        (4, 0.05),
    ],
)
def test_a_fan_out_in_chunks_lags_as_much_in_a_slice_as_in_the_world(at_once, error):
    fanout = Journey(name="fanout", steps=replace(CHUNKS, at_once=at_once))
    how = {"rates_per_s": {"post": 40.0}}
    whole = latencies_s("fanout", POST, fanout, k=1, until_s=40.0, **how)
    part = latencies_s("fanout", POST, fanout, k=8, until_s=140.0, **how)
    assert agree(whole, part, 0.5, error=error)
    assert agree(whole, part, 0.9, error=error)
    bare = latencies_s("fanout", POST, fanout, k=8, until_s=140.0, complete=False, **how)
    assert not agree(whole, bare, 0.5, error=error)


def test_a_fan_out_in_lanes_lags_as_much_in_a_slice_as_in_the_world():
    writes = fork(4, body=replace(ASK, key=LANE))
    chunks = replace(CHUNKS, body=(Visit(station="front", work=WORK), writes), in_lanes=True)
    fanout = Journey(name="fanout", steps=chunks)
    how = {"rates_per_s": {"post": 100.0}}
    whole = latencies_s("fanout", POST, fanout, k=1, until_s=40.0, **how)
    part = latencies_s("fanout", POST, fanout, k=8, until_s=140.0, **how)
    assert agree(whole, part, 0.5, error=0.05)
    assert agree(whole, part, 0.9, error=0.05)


@pytest.mark.parametrize("count", [16, 32])
def test_legs_that_wait_for_one_another_alike_are_completed_so(count):
    """Work that is always the same, asked for twice: who meets a crowd meets it in every leg."""
    work, rest = (Visit(station="shard", key=LANE, work=Constant(value=s)) for s in (0.004, 0.006))
    page = Journey(name="page", steps=fork(count, body=(work, rest)))
    how = {"rates_per_s": {"page": 0.4 * SHARDS / (0.01 * count)}}
    whole, part = (latencies_s("page", page, k=k, until_s=20.0 * k, **how) for k in (1, 8))
    assert agree(whole, part, 0.5, error=0.03)
    assert agree(whole, part, 0.95, error=0.03)


def test_legs_of_several_steps_are_completed_alike():
    body = (Delay(time=Constant(value=0.004)), ASK, Visit(station="front", work=WORK))
    page = Journey(name="page", steps=fork(32, body=body))
    how = {"rates_per_s": {"page": 80.0}}
    whole, part = (latencies_s("page", page, k=k, until_s=40.0 + 10 * k, **how) for k in (1, 4))
    assert agree(whole, part, 0.5, error=0.03)
    assert agree(whole, part, 0.95, error=0.03)


def test_a_slow_time_is_as_slow_in_a_slice_and_only_then():
    slow = SlowDown(station="shard", factor=0.7, when=Once(at_s=20.0, for_s=20.0))
    parts = {}
    for k in (1, 4):
        runs = list(
            runs_of(PAGE, k=k, rates_per_s={"page": 40.0}, until_s=40.0 + k, failures=(slow,))
        )
        took = [(run.requests.arrived_s, run.requests.done_s, run.requests.journey) for run in runs]
        for name, low, high in (("before", 5.0, 20.0), ("during", 25.0, 39.0)):
            parts[k, name] = [
                (done - at)[(journey == 0) & (at > low) & (at < high) & ~np.isnan(done)]
                for at, done, journey in took
            ]
    for name in ("before", "during"):
        assert agree(parts[1, name], parts[4, name], 0.5, error=0.05), name
    assert np.median(parts[4, "during"][0]) > 1.5 * np.median(parts[4, "before"][0])


def test_a_hot_shard_delays_as_many_pages_in_a_slice_as_in_the_world():
    few = Journey(name="page", steps=fork(8))
    how = {"rates_per_s": {"page": 200.0}, "until_s": 40.0, "hot": 65.0}
    whole, part = (latencies_s("page", few, k=k, **how) for k in (1, 8))

    def late_share(clusters):
        # Pages that took longer than a shard of 25 % utilisation makes one in a thousand.
        return over_replications([(cluster > 0.12).mean() for cluster in clusters])

    one, other = late_share(whole), late_share(part)
    assert one.low > 0.01
    assert abs(one.value - other.value) <= np.hypot(one.half_width, other.half_width)


def test_a_page_fails_as_often_in_a_slice_as_in_the_world():
    """One shard in eight is down: of pages that ask 8 of them, 1 - (7/8)**8 fail."""
    page = Journey(name="page", steps=fork(8))
    shares = {}
    for k in (1, 2, 8):
        down = Crash(station="shard", when=Once(at_s=0.0), members=tuple(range(8 // k)))
        runs = runs_of(page, k=k, rates_per_s={"page": 200.0}, until_s=20.0, failures=(down,))
        outcomes = [run.requests.outcome[run.requests.journey == 0] for run in runs]
        shares[k] = over_replications(
            [(o[o != Outcome.UNDER_WAY] != Outcome.DONE).mean() for o in outcomes]
        )
    for interval in shares.values():
        assert interval.half_width < 0.03
        assert abs(interval.value - (1 - (7 / 8) ** 8)) < 0.01 + interval.half_width


def test_a_join_that_takes_longer_than_its_call_waits_has_failed():
    within = Call(steps=fork(), deadline=Constant(value=0.1))
    page = Journey(name="page", steps=within)
    whole, part = (
        over_replications(
            [
                (run.requests.outcome[run.requests.journey == 0] == Outcome.EXPIRED).mean()
                for run in runs_of(page, k=k, rates_per_s=HALF_BUSY, until_s=60.0)
            ]
        )
        for k in (1, 4)
    )
    assert 0.3 < whole.value < 0.8
    assert abs(whole.value - part.value) <= 0.04 + np.hypot(whole.half_width, part.half_width)


def test_who_does_something_else_when_a_fork_has_failed_here_does_not_wait_for_the_rest_of_it():
    page = Journey(name="page", steps=Call(steps=fork(), otherwise=Delay(time=Constant(value=2.0))))
    down = Crash(station="shard", when=Once(at_s=0.0), members=tuple(range(SHARDS // 4)))
    run = next(runs_of(page, k=4, rates_per_s={"page": 4.0}, until_s=20.0, failures=(down,)))
    ended = run.requests.outcome != Outcome.UNDER_WAY
    assert (run.requests.outcome[ended] == Outcome.DONE).all()
    latencies_s = run.requests.done_s[ended] - run.requests.arrived_s[ended]
    assert latencies_s == pytest.approx(np.full(ended.sum(), 2.0))


def test_who_belongs_elsewhere_is_not_among_the_answers():
    program, cut = world(PAGE, k=8, rates_per_s=HALF_BUSY)
    run = simulate(program, seed=1, until_s=10.0)
    left = completed(run, cut)
    assert set(left.requests.journey.tolist()) == {0}
    assert left.requests.uid[left.visits.request].tolist() == (
        run.requests.uid[run.visits.request][run.requests.journey[run.visits.request] == 0].tolist()
    )
    assert (left.members.worked_s == run.members.worked_s).all()


def test_what_would_end_after_the_run_has_not_ended():
    program, cut = world(PAGE, k=8, rates_per_s={"page": 80.0})
    left = completed(simulate(program, seed=1, until_s=10.0), cut)
    under_way = left.requests.outcome == Outcome.UNDER_WAY
    assert under_way.any()
    assert np.isnan(left.requests.done_s[under_way]).all()
    assert np.nanmax(left.requests.done_s) < 10.0


def test_the_same_run_is_completed_in_the_same_way():
    program, cut = world(PAGE, k=8, rates_per_s=HALF_BUSY)
    one, other = (
        completed(simulate(program, seed=1, until_s=5.0), cut).latencies_s("page") for _ in range(2)
    )
    assert (one == other).all()


def test_a_run_without_visits_cannot_be_completed():
    program, cut = world(PAGE, k=8, rates_per_s=HALF_BUSY)
    run = simulate(program, seed=1, until_s=1.0, keep_visits=False)
    with pytest.raises(ValueError, match="kept no visits"):
        completed(run, cut)


def test_a_whole_world_is_complete():
    program, cut = world(PAGE, k=1, rates_per_s=HALF_BUSY)
    run = simulate(program, seed=1, until_s=1.0)
    assert completed(run, cut) is run


FAR = WithProbability(p=1.0, then=(Delay(time=Attribute(name="far_s")), ASK), name="away")
SOME = ForEach(count=CountTable(counts=(0, 1, 8), cumulated=(0.4, 0.6, 1.0)), body=FAR, name="ask")


@pytest.mark.parametrize("k", [2, 8])
def test_who_is_far_from_all_shards_is_as_late_in_a_slice_as_in_the_world(k):
    """Even who asks only one, which is elsewhere; who asks none has no way."""
    page = Journey(name="page", steps=SOME)
    how = {"rates_per_s": {"page": 100.0}, "rows": {"far_s": [0.0, 0.2, 0.4]}}
    whole, part = (latencies_s("page", page, k=of, until_s=20.0 * of, **how) for of in (1, k))
    for upto_s in (0.001, 0.2, 0.4, 0.45):
        shares = [
            over_replications([(cluster < upto_s).mean() for cluster in clusters])
            for clusters in (whole, part)
        ]
        within = np.hypot(shares[0].half_width, shares[1].half_width)
        assert within < 0.06
        assert abs(shares[0].value - shares[1].value) <= within


def far(steps, k):
    """Latencies of who is far from the shards, and the share of those that failed."""
    how = {"rates_per_s": {"page": 50.0}, "rows": {"far_s": [0.0, 0.2, 0.4]}}
    page = Journey(name="page", steps=steps)
    runs = list(runs_of(page, k=k, until_s=40.0 * k, **how))
    outcomes = [run.requests.outcome[run.requests.journey == 0] for run in runs]
    failed = [(o[o != Outcome.UNDER_WAY] != Outcome.DONE).mean() for o in outcomes]
    return [run.latencies_s("page") for run in runs], over_replications(failed)


@pytest.mark.parametrize(
    "steps",
    [
        Call(steps=SOME, deadline=Constant(value=0.23)),
        Call(steps=fork(8, body=FAR), deadline=Constant(value=0.22)),
    ],
    ids=["some have no leg", "all have legs"],
)
def test_a_deadline_counts_the_way_to_the_shards(steps):
    whole, part = far(steps, k=1), far(steps, k=8)
    within = np.hypot(whole[1].half_width, part[1].half_width)
    assert within < 0.03
    assert 0.1 < whole[1].value < 0.9
    assert abs(whole[1].value - part[1].value) <= 0.01 + within
    assert max(map(np.max, part[0])) <= steps.deadline.value


def test_who_asks_no_shard_waits_for_what_is_beside_it():
    beside = AllOf(branches=(Visit(station="front", work=Constant(value=0.1)), SOME))
    whole, part = (far(beside, k)[0] for k in (1, 8))
    assert min(map(np.min, part)) >= 0.1 - 1e-9
    assert agree(whole, part, 0.5, error=0.02)


BESIDE = Journey(
    name="page",
    steps=AllOf(branches=(Visit(station="front", work=Exponential(mean=0.1)), fork())),
)


def test_a_join_beside_a_longer_branch_ends_with_the_later_of_both(monkeypatch):
    how = {"rates_per_s": HALF_BUSY}
    whole, part = (latencies_s("page", BESIDE, k=k, until_s=60.0 + 20 * k, **how) for k in (1, 8))
    assert agree(whole, part, 0.5, error=0.05)
    assert agree(whole, part, 0.95, error=0.05)
    monkeypatch.setattr("model.answers.joins.beside_s", lambda *of: np.zeros(len(of[-1])))
    as_if_last = latencies_s("page", BESIDE, k=8, until_s=220.0, **how)
    assert not agree(whole, as_if_last, 0.5, error=0.05)


CHUNK = (Delay(time=Constant(value=0.02)), fork(8, body=replace(ASK, work=Exponential(mean=0.002))))
ONCE = Journey(
    name="once", steps=ForEach(count=ConstantCount(count=800), body=CHUNK, at_once=8, name="row")
)


@pytest.mark.parametrize("k", [2, pytest.param(4, marks=pytest.mark.verify), 8])
def test_what_is_done_once_in_turns_takes_as_long_in_a_slice_as_in_the_world(k):
    few = Journey(name="page", steps=fork(8))
    how = {"rates_per_s": {"page": 100.0}, "once_at_s": (5.0,), "until_s": 12.0}
    whole, part = (
        over_replications(
            [float(run.latencies_s("once")[0]) for run in runs_of(few, ONCE, k=of, **how)]
        )
        for of in (1, k)
    )
    within = np.hypot(whole.half_width, part.half_width) + 0.02 * whole.value
    assert within < 0.15 * whole.value
    assert abs(whole.value - part.value) <= within


IN_LANES = fork(8, body=Visit(station="shard", key=LANE, work=Exponential(mean=0.002)))
IN_CHAINS = ForEach(
    count=ConstantCount(count=800),
    body=(Delay(time=Constant(value=0.02)), IN_LANES),
    at_once=8,
    in_lanes=True,
    name="row",
)


@pytest.mark.parametrize("k", [2, pytest.param(4, marks=pytest.mark.verify), 8])
def test_lanes_of_what_is_done_once_take_as_long_in_a_slice_as_in_the_world(k):
    whole, part = lasting_once(IN_CHAINS, k=1), lasting_once(IN_CHAINS, k=k)
    within = np.hypot(whole.half_width, part.half_width) + 0.02 * whole.value
    assert within < 0.15 * whole.value
    assert abs(whole.value - part.value) <= within


def lasting_once(row, *, k):
    few = Journey(name="page", steps=fork(8))
    how = {"rates_per_s": {"page": 20.0}, "once_at_s": (5.0,), "until_s": 16.0}
    runs = runs_of(few, Journey(name="once", steps=row), k=k, **how)
    return over_replications([float(run.latencies_s("once")[0]) for run in runs])


def test_turns_that_are_their_own_crowd_are_as_dense_in_a_slice_as_in_the_world(monkeypatch):
    write = fork(1, body=replace(ASK, work=Constant(value=0.02)))
    turn = (Delay(time=Constant(value=0.01)), write)
    row = ForEach(count=ConstantCount(count=3200), body=turn, at_once=32, name="row")
    whole, part = lasting_once(row, k=1), lasting_once(row, k=4)
    assert abs(whole.value - part.value) < np.hypot(whole.half_width, part.half_width)
    monkeypatch.setattr("model.world.cutting.Cut.is_in_turn", lambda *_: False)
    part = lasting_once(row, k=4)
    assert part.value - whole.value > np.hypot(whole.half_width, part.half_width)


def test_a_store_with_a_hot_shard_is_as_busy_as_all_its_shards_together():
    busy = {}
    for k in (1, 8):
        program, cut = world(PAGE, k=k, rates_per_s={"page": 20.0}, hot=60.0)
        run = simulate(program, seed=1, until_s=60.0)
        busy[k] = in_world(of_stations(run, run.until_s), run, cut)["shard"]
    # 20 pages with 64 legs of 10 ms on 64 shards, and 60 visits of 10 ms to one of these.
    assert busy[1] == pytest.approx(0.2 + 0.6 / 64, rel=0.03)
    assert busy[8] == pytest.approx(0.2 + 0.6 / 64, rel=0.03)


def test_work_that_only_a_leg_elsewhere_failed_has_ended_and_no_other():
    program, _ = world(Journey(name="page", steps=ASK), k=4, rates_per_s={"page": 40.0})
    run = simulate(program, seed=1, until_s=5.0)

    def with_outcomes(*first):
        outcome = run.requests.outcome.copy()
        outcome[: len(first)] = first
        return replace(run, requests=replace(run.requests, outcome=outcome))

    here = with_outcomes(Outcome.DONE, Outcome.EXPIRED, Outcome.DONE, Outcome.UNDER_WAY)
    whole = with_outcomes(Outcome.EXPIRED, Outcome.EXPIRED, Outcome.DONE, Outcome.UNDER_WAY)
    found = with_tries_elsewhere(whole, here).requests.outcome[:4]
    assert found.tolist() == [Outcome.DONE, Outcome.EXPIRED, Outcome.DONE, Outcome.UNDER_WAY]
