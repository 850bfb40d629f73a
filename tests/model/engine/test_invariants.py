"""What holds at every station of any network, whatever it is."""

from dataclasses import replace

import numpy as np
import pytest

from model.engine.codes import Outcome
from model.engine.engines import Engine, simulate_with
from model.engine.invariants import BrokenInvariant, check
from model.engine.network import Network
from model.engine.parts import Batching, Queue
from model.world.counts import poisson, zipf
from model.world.failures import Again, Crash, HostSlowDown, Once, Resize, SlowDown
from model.world.journeys import (
    AllOf,
    Backoff,
    Breaker,
    Budget,
    Cached,
    Call,
    Delay,
    Emit,
    ForEach,
    Hold,
    Journey,
    Link,
    Visit,
    WithProbability,
    Write,
)
from model.world.laws import Constant, Exponential, Lognormal, hyperexponential

UNTIL_S = 200.0
READS_PER_S, WRITES_PER_S = 60.0, 20.0
# Mean visits per read, and per write (fan-out included), by the journeys below.
VISITS = {
    "gateway": (1.0, 1.0), "service": (1.0, 0.0), "timeline": (1.0, 3.0), "posts": (4.0, 1.0),
    "cache": (0.3, 0.0),
}  # fmt: skip
WORK_S = {"gateway": 0.004, "service": 0.006, "timeline": 0.005, "posts": 0.004, "cache": 0.01}
SERVERS = {"gateway": 2, "service": 2, "timeline": 2, "posts": 4, "cache": 3}


@pytest.fixture(scope="module", params=Engine)
def simulate(request):
    return simulate_with(request.param)


@pytest.fixture(scope="module")
def run(simulate):
    """A platform in small: forks, keys, chances, events, and processes that share a host."""
    network = Network().host("box", cores=3)
    network.station("gateway", members=2, host="box").station("service", servers=2, host="box")
    network.station("timeline", members=2).station("posts", members=4).station("cache", servers=3)
    gateway = Visit(station="gateway", work=Exponential(mean=WORK_S["gateway"]))
    timeline = Visit(station="timeline", work=Lognormal(mean=WORK_S["timeline"], scv=2), key="own")
    posts = Visit(station="posts", work=hyperexponential(mean=WORK_S["posts"], scv=3), key="leg")
    cache = Visit(station="cache", work=Constant(value=WORK_S["cache"]))
    service = Visit(station="service", work=Exponential(mean=WORK_S["service"]))
    pages = AllOf(branches=((service, timeline), WithProbability(p=0.3, then=cache)))
    posts_of_page = ForEach(count=poisson(mean=4), body=posts)
    network.journey(Journey(name="read", steps=(gateway, pages, posts_of_page)))
    write = (gateway, posts, Emit(journey="fanout"), Delay(time=Exponential(mean=0.02)))
    network.journey(Journey(name="write", steps=write))
    chunks = ForEach(count=poisson(mean=3), body=timeline, at_once=1)
    network.journey(Journey(name="fanout", steps=chunks))
    network.arrivals("read", rate_per_s=READS_PER_S)
    network.arrivals("write", rate_per_s=WRITES_PER_S, start_s=1.0)
    return simulate(network.build(), seed=11, until_s=UNTIL_S)


def test_at_every_member_who_arrived_is_done_or_present(run):
    members = run.members
    assert members.arrived.tolist() == (members.done + members.present).tolist()
    assert members.arrived.tolist() == np.bincount(run.visits.member).tolist()
    undone = run.visits.member[np.isnan(run.visits.done_s)]
    assert members.present.tolist() == np.bincount(undone, minlength=len(members.present)).tolist()


def test_all_requests_are_done_or_have_a_visit_or_a_delay_before_them(run):
    undone = np.flatnonzero(np.isnan(run.requests.done_s))
    assert len(undone) < 100
    visiting = set(run.visits.request[np.isnan(run.visits.done_s)].tolist())
    delayed = set(undone.tolist()) - visiting
    names = {run.program.journeys[run.requests.journey[request]] for request in delayed}
    assert names <= {"write"}
    assert visiting <= set(undone.tolist())


def test_every_write_starts_one_fan_out_of_its_own(run):
    write, fanout = (run.program.journeys.index(name) for name in ("write", "fanout"))
    parents = run.requests.parent[run.requests.journey == fanout]
    assert len(np.unique(parents)) == len(parents)
    assert set(run.requests.journey[parents]) == {write}
    assert len(parents) >= len(run.latencies_s("write")) > 3_000


@pytest.mark.parametrize("station", VISITS)
def test_littles_law_holds_at_every_station(run, station):
    mask = run.visits_of(station)
    stays_s = (run.visits.done_s - run.visits.arrived_s)[mask]
    members = run.program.stations.of_member == run.program.stations.names.index(station)
    present = run.members.present_s[members].sum() / UNTIL_S
    assert present == pytest.approx(mask.sum() / UNTIL_S * np.nanmean(stays_s), rel=0.01)


@pytest.mark.parametrize("station", VISITS)
def test_every_station_is_visited_as_often_as_its_journeys_say(run, station):
    reads, writes = (len(run.latencies_s(name)) for name in ("read", "write"))
    per_read, per_write = VISITS[station]
    expected = reads * per_read + writes * per_write
    # Counts are Poisson or rarer, so their variance is the mean squared number of visits each.
    deviation = np.sqrt(reads * per_read * (1 + per_read) + writes * per_write * (1 + per_write))
    assert abs(run.visits_of(station).sum() - expected) < 4 * deviation


@pytest.mark.parametrize("station", VISITS)
def test_servers_are_busy_for_arrivals_times_work(run, station):
    members = run.program.stations.of_member == run.program.stations.names.index(station)
    busy = run.members.worked_s[members].sum() / UNTIL_S / SERVERS[station]
    arrivals_per_s = run.members.arrived[members].sum() / UNTIL_S
    assert busy == pytest.approx(arrivals_per_s * WORK_S[station] / SERVERS[station], rel=0.05)
    done = run.visits_of(station) & ~np.isnan(run.visits.done_s)
    assert run.members.worked_s[members].sum() == pytest.approx(run.visits.work_s[done].sum())


def test_nobody_is_served_before_arriving_nor_faster_than_the_work_takes(run):
    visits = run.visits
    done = ~np.isnan(visits.done_s)
    assert (visits.started_s[done] >= visits.arrived_s[done]).all()
    served_s = visits.done_s[done] - visits.started_s[done]
    assert (served_s >= visits.work_s[done] - 1e-9).all()


def test_each_member_serves_first_come_first(run):
    for member in np.unique(run.visits.member):
        started_s = run.visits.started_s[run.visits.member == member]
        assert (np.diff(started_s[~np.isnan(started_s)]) >= 0).all()


def test_totals_are_the_same_whether_or_not_visits_are_kept(simulate, run):
    lean = simulate(run.program, seed=11, until_s=UNTIL_S, keep_visits=False)
    assert lean.visits is None
    assert lean.members.present_s.tolist() == run.members.present_s.tolist()
    assert lean.requests.done_s.tobytes() == run.requests.done_s.tobytes()
    with pytest.raises(ValueError, match="kept no visits"):
        lean.visits_of("cache")


def every(mean_s):
    return Exponential(mean=mean_s)


def troubled():
    """Everything that makes visits end badly or oddly, at stations that are often too slow."""
    network = Network().zones(2).host("box", cores=2).keys("keys", law=zipf(size=50, exponent=1.0))
    network.station("gate", servers=3, host="box", queue=Queue(order="lifo", lifo_above=3))
    network.station("slots", servers=8, host="box", queue=Queue(limit=10), on_crash="lost")
    network.station("db", members=2, replicas=2, queue=Queue(limit=20), on_crash="restart")
    network.station("ranked", queue=Queue(order="preemptive", drop_expired=True))
    network.station("spread", members=3, balancing="power_of_two", on_crash="resume")
    network.consumers("stream", count=1, batching=Batching(limit=5, poll_s=0.05), partitions=2)
    network.link("wire", rtt=0.004, loss=0.02)
    network.cache("near", keys="keys", capacity=10, ttl_s=5.0, single_flight=True)
    read = Call(
        name="read",
        steps=Visit(station="db", work=every(0.02), key="keys", replica="nearest"),
        deadline=every(0.1),
        retries=2,
        backoff=Backoff(base_s=0.01, jitter=True),
        budget=Budget(ratio=0.2),
        hedge_after=every(0.05),
        breaker=Breaker(failures=5, open_s=0.2),
    )
    ranked = AllOf(
        branches=tuple(
            Visit(station="ranked", work=every(0.01), priority=priority) for priority in (0, 5)
        )
    )
    tried = Call(name="tried", steps=ranked, deadline=every(0.1), cancels=True)
    spread = Visit(station="spread", work=every(0.03))
    inside = Hold(station="slots", steps=(Link(link="wire"), Cached(cache="near", miss=read)))
    steps = (Visit(station="gate", work=every(0.01)), Call(steps=inside, deadline=every(0.5)))
    network.journey(Journey(name="page", steps=(*steps, tried, Emit(journey="event"), spread)))
    event = Visit(station="stream", work=every(0.002), key="own")
    write = Write(station="db", work=every(0.01), acks=1, key="own")
    network.journey(Journey(name="event", steps=(event, write)))
    network.arrivals("page", rate_per_s=60).closed("page", users=5, think=every(0.1))
    often = Again(every=every(5.0), lasting=every(0.5))
    for station in ("slots", "db", "spread", "stream"):
        network.failure(Crash(station=station, when=often))
    network.failure(SlowDown(station="ranked", factor=3.0, when=often))
    network.failure(HostSlowDown(host="box", factor=0.0, when=Once(at_s=10.0, for_s=1.0)))
    return network.failure(Resize(station="gate", servers=1, at_s=30.0)).build()


@pytest.fixture(scope="module")
def troubled_run(simulate):
    return simulate(troubled(), seed=5, until_s=60.0)


def test_the_check_accepts_calm_and_troubled_runs(run, troubled_run):
    check(run)
    check(troubled_run)
    members, outcomes = troubled_run.members, np.bincount(troubled_run.requests.outcome)
    for name in ("done", "refused", "dropped", "lost", "present"):
        assert getattr(members, name).sum() > 0, f"nobody was {name}: the check shows nothing"
    assert (outcomes[[Outcome.DONE, Outcome.REFUSED, Outcome.EXPIRED, Outcome.LOST]] > 0).all()


def test_the_check_accepts_a_run_in_which_nothing_arrives(simulate):
    network = (
        Network()
        .station("a")
        .journey(Journey(name="nothing", steps=Visit(station="a", work=every(1.0))))
    )
    check(simulate(network.recorded("nothing", at_s=[]).build(), seed=1, until_s=1.0))


def doctored(run, table, column, row, change):
    """Return the run with one number changed."""
    values = getattr(getattr(run, table), column).copy()
    values[row] = change(values[row])
    return replace(run, **{table: replace(getattr(run, table), **{column: values})})


@pytest.mark.parametrize("column", ["arrived", "done", "refused", "dropped", "lost", "present"])
@pytest.mark.parametrize("by", [-1, 1])
def test_nobody_may_vanish_or_appear(troubled_run, column, by):
    of_station = np.flatnonzero(
        troubled_run.program.stations.of_member
        == troubled_run.program.stations.names.index("spread")
    )
    other = doctored(troubled_run, "members", column, of_station[1], lambda count: count + by)
    before = troubled_run.members.arrived[of_station[1]]
    known = rf"station spread, member 1: .*({before}|{before + by}| -1 and 0)"
    with pytest.raises(BrokenInvariant, match=known):
        check(other)


def test_no_count_is_negative_even_if_the_sum_is_right(run):
    other = doctored(run, "members", "lost", 0, lambda _: -2)
    other = doctored(other, "members", "done", 0, lambda count: count + 2)
    with pytest.raises(BrokenInvariant, match="gateway, member 0: lost, at least: -2 and 0"):
        check(other)


@pytest.mark.parametrize("column", ["present_s", "stay_s", "waited_s", "worked_s", "busy_s"])
def test_no_time_is_negative(run, column):
    with pytest.raises(BrokenInvariant, match=f"gateway, member 1: {column}, at least: -1.0 and 0"):
        check(doctored(run, "members", column, 1, lambda _: -1.0))


@pytest.mark.parametrize("column", ["present_s", "stay_s"])
@pytest.mark.parametrize("by", [-1e-5, 1e-5])
def test_littles_law_holds_closely(troubled_run, column, by):
    other = doctored(troubled_run, "members", column, 0, lambda time_s: time_s * (1 + by))
    with pytest.raises(BrokenInvariant, match="gate, member 0: present_s and stay_s"):
        check(other)


def test_nobody_waits_longer_than_it_stays(run):
    longer_s = run.members.stay_s[0] + 1
    with pytest.raises(BrokenInvariant, match="gateway, member 0: waited_s, at most stay_s"):
        check(doctored(run, "members", "waited_s", 0, lambda _: longer_s))


def test_servers_do_no_more_than_they_can(run):
    posts = int(run.program.stations.first_member[run.program.stations.names.index("posts")])
    with pytest.raises(BrokenInvariant, match="posts, member 2: worked_s, at most the capacity"):
        check(doctored(run, "members", "worked_s", posts + 2, lambda _: 1.01 * UNTIL_S))


def test_servers_are_not_busy_for_longer_than_they_are_there(run):
    with pytest.raises(BrokenInvariant, match="gateway, member 0: busy_s, at most the capacity"):
        check(doctored(run, "members", "busy_s", 0, lambda _: 1e6))


def test_a_host_does_no_more_than_its_cores_can():
    """Four servers may each be within their capacity, but not all four on three cores."""
    network = Network().host("box", cores=3).station("a", servers=4, host="box")
    network.journey(Journey(name="walk", steps=Visit(station="a", work=every(0.1))))
    run = simulate_with(Engine.COMPILED)(
        network.arrivals("walk", rate_per_s=1).build(), seed=1, until_s=100.0
    )
    with pytest.raises(BrokenInvariant, match=r"host box: worked_s 310\.0, at most 300\.0"):
        check(doctored(run, "members", "worked_s", 0, lambda _: 310.0))


def test_of_what_was_faster_or_larger_for_a_while_no_capacity_is_known(troubled_run):
    names = troubled_run.program.stations.names
    for name in ("gate", "ranked"):
        member = int(troubled_run.program.stations.first_member[names.index(name)])
        check(doctored(troubled_run, "members", "worked_s", member, lambda _: 1e6))


@pytest.mark.parametrize(
    ("column", "value", "complaint"),
    [
        ("outcome", 5, "outcome, below"),
        ("outcome", -1, "outcome, below"),
        ("outcome", Outcome.UNDER_WAY, "ended or under way"),
        ("done_s", float("nan"), "ended or under way"),
        ("done_s", -1.0, "not before arrived_s"),
        ("attempts", -1, "attempts, at least"),
    ],
)
def test_each_request_ends_once_and_after_it_came(run, column, value, complaint):
    ended = int(np.flatnonzero(run.requests.outcome == Outcome.DONE)[7])
    journey = run.program.journeys[run.requests.journey[ended]]
    with pytest.raises(BrokenInvariant, match=f"request {ended}, {journey}: .*{complaint}"):
        check(doctored(run, "requests", column, ended, lambda _: value))


def test_a_request_under_way_has_not_ended(run):
    under_way = int(np.flatnonzero(run.requests.outcome == Outcome.UNDER_WAY)[0])
    with pytest.raises(BrokenInvariant, match=f"request {under_way}, .*ended or under way"):
        check(doctored(run, "requests", "outcome", under_way, lambda _: Outcome.LOST))
