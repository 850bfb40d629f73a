"""Queues and hosts against recursions and a sharing computed in the plainest way."""

from collections import Counter
from heapq import heapreplace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.engine.engines import Engine, simulate_with
from model.engine.network import Network
from model.engine.stations import (
    LEGS_MAX,
    advance,
    end_of_service,
    host_rate,
    index_of,
    lanes_of,
    leg_of,
    member_apart,
    member_of,
    member_of_lane,
    start_of_service,
)
from model.world.attributes import Attribute
from model.world.journeys import Journey, Visit
from model.world.laws import Constant

# Few different values, so that ties are common.
TIMES = st.sampled_from([0.0, 0.25, 0.5, 1.0, 1.5]) | st.floats(0.0, 3.0)
JOBS = st.lists(st.tuples(TIMES, TIMES), min_size=1, max_size=25)  # (gap before, work)


def requests_of(network, until_s):
    """The requests of a run, after both engines have found the same."""
    program = network.build()
    runs = [simulate_with(engine)(program, seed=1, until_s=until_s) for engine in Engine]
    ours, others = (run.requests for run in runs)
    assert ours.done_s.tobytes() == others.done_s.tobytes()
    return ours


def sojourn_s(jobs, network, station="a"):
    """Simulate jobs with recorded arrivals and works; return when each arrived and was done."""
    at_s = np.cumsum([gap_s for gap_s, _ in jobs])
    work = Visit(station=station, work=Attribute(name="work"))
    network.journey(Journey(name="job", steps=work))
    network.recorded("job", at_s=at_s, attributes={"work": [work_s for _, work_s in jobs]})
    return at_s.tolist(), requests_of(network, until_s=1_000).done_s.tolist()


@given(jobs=JOBS, servers=st.integers(1, 4))
def test_a_first_come_queue_follows_the_recursion_of_kiefer_and_wolfowitz(jobs, servers):
    arrived_s, done_s = sojourn_s(jobs, Network().station("a", servers=servers))
    free_s = [0.0] * servers
    for at_s, (_, work_s), end_s in zip(arrived_s, jobs, done_s, strict=True):
        assert end_s == max(at_s, free_s[0]) + work_s
        heapreplace(free_s, end_s)


@given(jobs=JOBS, servers=st.integers(1, 4))
def test_a_host_with_a_core_for_everyone_is_as_good_as_servers_of_its_own(jobs, servers):
    hosted = Network().host("box", cores=servers).station("a", servers=servers, host="box")
    _, done_s = sojourn_s(jobs, hosted)
    _, exact_s = sojourn_s(jobs, Network().station("a", servers=servers))
    assert done_s == pytest.approx(exact_s, abs=1e-12)


def shared_equally(arrivals_s, works_s, cores):
    """When each job ends if all present are served alike, by subtracting from what is left."""
    left_s: dict[int, float] = {}
    done_s: dict[int, float] = {}
    now_s = 0.0
    coming = sorted(range(len(arrivals_s)), key=lambda job: arrivals_s[job])
    while coming or left_s:
        rate = min(1.0, cores / len(left_s)) if left_s else 1.0
        next_end_s = now_s + min(left_s.values()) / rate if left_s else np.inf
        next_s = min(next_end_s, arrivals_s[coming[0]] if coming else np.inf)
        left_s = {job: left - (next_s - now_s) * rate for job, left in left_s.items()}
        now_s = next_s
        ended = [job for job, left in left_s.items() if left <= 1e-12]
        done_s |= dict.fromkeys(ended, now_s)
        left_s = {job: left for job, left in left_s.items() if job not in ended}
        while coming and arrivals_s[coming[0]] <= now_s:
            job = coming.pop(0)
            left_s[job] = works_s[job]
    return [done_s[job] for job in range(len(arrivals_s))]


@given(jobs=JOBS, cores=st.sampled_from([0.5, 1, 2, 3]))
@settings(max_examples=200)
def test_a_host_shares_its_cores_equally_among_the_busy(jobs, cores):
    hosted = Network().host("box", cores=cores).station("a", servers=100, host="box")
    arrived_s, done_s = sojourn_s(jobs, hosted)
    exact_s = shared_equally(arrived_s, [work_s for _, work_s in jobs], cores)
    assert done_s == pytest.approx(exact_s, abs=1e-9)


def done_on_a_host(visits, *, cores=1.0, stations=None):
    """When visits (station, arrival, work) to single-server stations on one host end."""
    network = Network().host("box", cores=cores)
    for name in sorted({station for station, _, _ in visits}):
        network.station(name, host="box")
    for number, (station, at_s, work_s) in enumerate(visits):
        step = Visit(station=station, work=Constant(value=work_s))
        network.journey(Journey(name=str(number), steps=step)).recorded(str(number), at_s=[at_s])
    requests = requests_of(network, until_s=100)
    return requests.done_s[np.argsort(requests.journey)].tolist()


def test_two_processes_on_one_core_slow_each_other_down():
    assert done_on_a_host([("a", 0.0, 1.0), ("b", 0.5, 1.0)]) == [1.5, 2.0]


def test_one_process_serves_its_own_guests_one_by_one():
    assert done_on_a_host([("a", 0.0, 1.0), ("a", 0.0, 1.0)]) in ([1.0, 2.0], [2.0, 1.0])


def test_a_process_with_a_long_queue_gets_no_more_of_the_core_than_one_with_none():
    visits = [("a", 0.0, 1.0), ("a", 0.1, 1.0), ("a", 0.1, 1.0), ("b", 0.0, 1.0)]
    assert sorted(done_on_a_host(visits)) == [2.0, 2.0, 3.0, 4.0]


def test_three_processes_on_two_cores_get_two_thirds_each():
    visits = [("a", 0.0, 2.0), ("b", 0.0, 2.0), ("c", 0.0, 2.0)]
    assert done_on_a_host(visits, cores=2.0) == pytest.approx([3.0, 3.0, 3.0])


def test_a_process_alone_gets_one_core_at_most():
    assert done_on_a_host([("a", 1.0, 2.0)], cores=8.0) == [3.0]


def test_half_a_core_takes_twice_as_long():
    assert done_on_a_host([("a", 1.0, 2.0)], cores=0.5) == [5.0]


def test_work_that_takes_no_time_ends_at_once_on_a_busy_host():
    assert done_on_a_host([("a", 0.0, 1.0), ("b", 0.25, 0.0)]) == [1.0, 0.25]


def test_a_host_does_not_slow_what_is_elsewhere():
    network = Network().host("box", cores=1).station("a", host="box").station("b")
    for station in ("a", "b"):
        step = Visit(station=station, work=Constant(value=1.0))
        network.journey(Journey(name=station, steps=step)).recorded(station, at_s=[0.0])
    assert requests_of(network, until_s=9).done_s.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(("cores", "busy", "rate"), [(2, 1, 1.0), (2, 2, 1.0), (2, 8, 0.25)])
def test_the_rate_of_a_host_is_a_core_or_an_equal_share(cores, busy, rate):
    assert host_rate(cores, busy) == rate


def test_work_advances_by_rate_and_ends_when_none_is_left():
    assert advance(1.0, 4.0, 0.25) == 2.0
    assert end_of_service(10.0, 0.5, 0.25) == 12.0
    assert end_of_service(10.0, -1e-18, 0.25) == 10.0


def test_a_service_begins_when_both_guest_and_server_are_there():
    assert (start_of_service(1.0, 2.0), start_of_service(2.0, 1.0)) == (2.0, 2.0)


@given(st.integers(1, 10_000))
def test_the_largest_chance_still_chooses_a_member_that_exists(members):
    assert member_of(1 - 2**-53, members) == members - 1
    assert member_of(2**-53, members) == 0


@given(st.lists(st.integers(0, LEGS_MAX - 1), min_size=1, max_size=3, unique=True))
def test_legs_of_forks_in_one_another_have_numbers_of_their_own(indices):
    numbers, leg = {0}, 0
    for index in indices:
        leg = leg_of(leg, index)
        numbers.add(leg)
    assert len(numbers) == len(indices) + 1
    assert max(numbers) < 2**63


@given(outer=st.integers(0, 2**40), index=st.integers(0, LEGS_MAX - 1))
def test_a_leg_tells_which_of_its_fork_it_is(outer, index):
    assert index_of(leg_of(outer, index)) == index


@pytest.mark.parametrize(("legs", "at_once", "lanes"), [(9, 4, 4), (4, 4, 4), (3, 4, 3), (0, 4, 0)])
def test_there_are_no_more_lanes_than_legs(legs, at_once, lanes):
    assert lanes_of(legs, at_once) == lanes


@given(members=st.integers(1, 500), lanes=st.integers(1, 500), data=st.data())
def test_of_lanes_that_are_apart_no_two_have_a_member_while_there_are_enough(members, lanes, data):
    first = data.draw(st.integers(0, members - 1))
    reached = [
        {member_apart(u, lane, lanes, first, members) for u in (LEAST, 0.5, MOST)}
        for lane in range(lanes)
    ]
    often = Counter(member for of_lane in reached for member in of_lane)
    assert max(often.values()) <= -(-lanes // members)
    if members == lanes:
        assert reached == [{(first + lane) % members} for lane in range(lanes)]


@given(lane=st.integers(0, 4), lanes=st.just(5), members=st.integers(1, 40))
def test_each_member_is_some_lanes_that_are_apart(lane, lanes, members):
    chances = (np.arange(members) + 0.5) / members
    reached = {member_apart(u, lane, lanes, 0, members) for lane in range(lanes) for u in chances}
    assert reached == set(range(members))


LEAST, MOST = 2.0**-53, 1 - 2.0**-20  # so far from 1 that a sum with a lane is not rounded up


@given(members=st.integers(1, 5_000), lanes=st.integers(1, 5_000), data=st.data())
def test_lanes_have_all_members_in_order_and_as_much_of_each(members, lanes, data):
    lane = data.draw(st.integers(0, lanes - 1))
    first, last = (member_of_lane(u, lane, lanes, members) for u in (LEAST, MOST))
    assert first == lane * members // lanes
    assert last == ((lane + 1) * members - 1) // lanes
    halfway = member_of_lane(0.5, lane, lanes, members)
    assert halfway == (2 * lane + 1) * members // (2 * lanes)


@pytest.mark.parametrize("lanes", [1, 3, 4])
def test_the_last_chance_of_the_last_lane_leads_to_the_last_member(lanes):
    assert member_of_lane(1 - 2.0**-53, lanes - 1, lanes, 4) == 3


@given(u=st.floats(LEAST, MOST), members=st.integers(1, 5_000))
def test_a_single_lane_has_all_members_alike(u, members):
    assert member_of_lane(u, 0, 1, members) == member_of(u, members)
