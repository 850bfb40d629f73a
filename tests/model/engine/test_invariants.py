"""What holds at every station of any network, whatever it is."""

import numpy as np
import pytest

from model.engine.network import Network
from model.engine.simpy_engine import simulate
from model.world.counts import poisson
from model.world.journeys import (
    AllOf,
    Delay,
    Emit,
    ForEach,
    Journey,
    Visit,
    WithProbability,
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


@pytest.fixture(scope="module")
def run():
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


def test_totals_are_the_same_whether_or_not_visits_are_kept(run):
    lean = simulate(run.program, seed=11, until_s=UNTIL_S, keep_visits=False)
    assert lean.visits is None
    assert lean.members.present_s.tolist() == run.members.present_s.tolist()
    assert lean.requests.done_s.tobytes() == run.requests.done_s.tobytes()
    with pytest.raises(ValueError, match="kept no visits"):
        lean.visits_of("cache")
