"""What each kind of step means, on times that can be worked out by hand."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest, chisquare

from model.engine.network import Network
from model.world.attributes import Attribute
from model.world.counts import ConstantCount
from model.world.journeys import AllOf, Delay, Emit, ForEach, Journey, Visit, WithProbability
from model.world.laws import Constant, Exponential


def visit(station, work_s, **more):
    return Visit(station=station, work=Constant(value=work_s), **more)


def pause(time_s):
    return Delay(time=Constant(value=time_s))


def each(count, body, **more):
    return ForEach(count=ConstantCount(count=count), body=body, **more)


def test_steps_come_one_after_another(walk):
    network = Network().station("a").station("b")
    run = walk((visit("a", 1.0), pause(2.0), visit("b", 0.5)), network=network)
    assert run.latencies_s("walk").tolist() == [3.5]
    assert run.visits.arrived_s.tolist() == [0.0, 3.0]


def test_who_comes_second_waits_for_the_first(walk, sojourns):
    run = walk(visit("a", 2.0), at_s=(0.0, 0.5), network=Network().station("a"))
    assert sojourns(run, "a") == [(0.0, 0.0, 2.0), (0.5, 2.0, 4.0)]


def test_two_servers_serve_two_at_a_time(walk, sojourns):
    network = Network().station("a", servers=2)
    run = walk(visit("a", 2.0), at_s=(0.0, 0.5, 1.0), network=network)
    assert sojourns(run, "a") == [(0.0, 0.0, 2.0), (0.5, 0.5, 2.5), (1.0, 2.0, 4.0)]


def test_a_delay_keeps_nobody_else_waiting(walk):
    run = walk(pause(2.0), at_s=(0.0, 0.5))
    assert run.latencies_s("walk").tolist() == [2.0, 2.0]


def test_a_fork_ends_with_its_slowest_branch(walk):
    branches = (pause(1.0), (pause(2.0), pause(3.0)), visit("a", 4.0))
    run = walk((AllOf(branches=branches), pause(1.0)), network=Network().station("a"))
    assert run.latencies_s("walk").tolist() == [6.0]


def test_the_legs_of_a_fork_queue_for_the_same_server(walk):
    run = walk((each(4, visit("a", 1.0)), pause(1.0)), network=Network().station("a"))
    assert run.latencies_s("walk").tolist() == [5.0]


def test_a_fork_of_no_legs_is_passed_at_once(walk):
    run = walk((each(0, pause(5.0)), pause(1.0)))
    assert run.latencies_s("walk").tolist() == [1.0]


@pytest.mark.parametrize(("at_once", "latency_s"), [(0, 1.0), (1, 5.0), (2, 3.0), (9, 1.0)])
def test_a_fork_runs_so_many_legs_at_once(walk, at_once, latency_s):
    run = walk(each(5, pause(1.0), at_once=at_once))
    assert run.latencies_s("walk").tolist() == [latency_s]


def test_forks_stand_inside_forks(walk):
    body = (each(3, visit("a", 1.0)), AllOf(branches=(pause(1.0), pause(2.0))))
    network = Network().station("a", servers=100)
    run = walk(each(2, body), network=network)
    assert run.latencies_s("walk").tolist() == [3.0]
    assert len(set(run.visits.leg.tolist())) == 6


def test_every_leg_and_every_step_has_luck_of_its_own(walk):
    work = Visit(station="a", work=Exponential(mean=1.0))
    body = (work, each(3, work), AllOf(branches=(work, work)))
    run = walk((each(4, body), work), network=Network().station("a", servers=100))
    assert len(np.unique(run.visits.work_s)) == len(run.visits.work_s) == 4 * (1 + 3 + 2) + 1


def test_many_legs_that_take_no_time_end_at_once(walk):
    never = WithProbability(p=0.0, then=pause(1.0))
    run = walk((each(20_000, never, at_once=1), each(20_000, never), pause(1.0)))
    assert run.latencies_s("walk").tolist() == [1.0]


@pytest.mark.parametrize(("p", "latency_s"), [(0.0, 1.0), (1.0, 3.0)])
def test_what_has_a_probability_happens_never_or_always_at_its_ends(walk, p, latency_s):
    run = walk((WithProbability(p=p, then=pause(2.0)), pause(1.0)))
    assert run.latencies_s("walk").tolist() == [latency_s]


def test_what_has_a_probability_happens_so_often(walk):
    run = walk(WithProbability(p=0.3, then=pause(1.0)), at_s=np.arange(5_000) / 100)
    taken = int((run.latencies_s("walk") > 0).sum())
    assert binomtest(taken, 5_000, 0.3).pvalue > 0.001


def test_what_is_emitted_is_not_waited_for(walk):
    network = Network().journey(Journey(name="fanout", steps=pause(10.0)))
    run = walk((pause(1.0), Emit(journey="fanout"), pause(1.0)), network=network)
    assert run.latencies_s("walk").tolist() == [2.0]
    assert run.latencies_s("fanout").tolist() == [10.0]
    assert run.requests.parent.tolist() == [-1, 0]
    assert run.requests.arrived_s.tolist() == [0.0, 1.0]


def test_each_leg_emits_a_request_of_its_own(walk):
    network = Network().journey(Journey(name="fanout", steps=Delay(time=Exponential(mean=1.0))))
    run = walk(each(5, Emit(journey="fanout")), network=network)
    assert len(np.unique(run.requests.uid)) == 6
    assert len(np.unique(run.latencies_s("fanout"))) == 5


def test_attributes_say_how_much_and_how_many_and_go_along_with_what_is_emitted(walk):
    fanout = Journey(name="fanout", steps=each_follower(pause(1.0)))
    network = Network().station("a").journey(fanout)
    steps = (Visit(station="a", work=Attribute(name="work")), Emit(journey="fanout"))
    attributes = {"work": [2.0, 3.0], "followers": [0, 4]}
    run = walk(steps, at_s=(0.0, 10.0), network=network, attributes=attributes)
    assert run.latencies_s("walk").tolist() == [2.0, 3.0]
    assert run.latencies_s("fanout").tolist() == [0.0, 4.0]
    assert run.attribute("followers").tolist() == [0.0, 0.0, 4.0, 4.0]


def each_follower(body):
    return ForEach(count=Attribute(name="followers"), body=body, at_once=1)


def test_a_poisson_stream_draws_whole_rows_of_its_population(simulate):
    population: dict[str, list[float]] = {"followers": [1, 20, 300], "work": [0.1, 0.2, 0.3]}
    steps = (each_follower(pause(0.0)), Delay(time=Attribute(name="work")))
    network = Network().journey(Journey(name="post", steps=steps))
    program = network.arrivals("post", rate_per_s=50, attributes=population).build()
    run = simulate(program, seed=3, until_s=60)
    rows = list(zip(run.attribute("followers"), run.attribute("work"), strict=True))
    counts = [rows.count(row) for row in ((1, 0.1), (20, 0.2), (300, 0.3))]
    assert sum(counts) == len(rows)
    assert chisquare(counts).pvalue > 0.001


def members_of(run, station):
    first = run.program.stations.first_member[run.program.stations.names.index(station)]
    return (run.visits.member[run.visits_of(station)] - first).tolist()


def test_visits_by_the_same_key_of_a_request_meet_the_same_member(walk):
    network = Network().station("cache", members=16).station("db", members=16)
    steps = (visit("cache", 0.0, key="own"), each(3, visit("db", 0.0, key="own")))
    run = walk(steps, at_s=np.arange(50.0), network=network)
    assert members_of(run, "db") == [m for m in members_of(run, "cache") for _ in range(3)]
    assert len(set(members_of(run, "cache"))) > 10


def test_other_keys_of_a_request_meet_other_members(walk):
    network = Network().station("db", members=64)
    steps = (visit("db", 0.0, key="reader"), visit("db", 0.0, key="author"))
    run = walk(steps, at_s=np.arange(200.0), network=network)
    reader, author = members_of(run, "db")[::2], members_of(run, "db")[1::2]
    assert sum(one == other for one, other in zip(reader, author, strict=True)) < 20


def test_visits_by_leg_meet_the_same_member_within_a_leg_only(walk):
    network = Network().station("db", members=64)
    body = (visit("db", 0.0, key="leg"), visit("db", 0.0, key="leg"))
    run = walk(each(100, body, at_once=1), network=network)
    first, second = members_of(run, "db")[::2], members_of(run, "db")[1::2]
    assert first == second
    assert len(set(first)) > 30


@pytest.mark.parametrize("key", ["", "own"])
def test_members_are_equally_likely(walk, key):
    network = Network().station("gateway", members=5)
    run = walk(visit("gateway", 0.0, key=key), at_s=np.arange(5_000) / 10, network=network)
    assert chisquare(np.bincount(members_of(run, "gateway"), minlength=5)).pvalue > 0.001


def test_a_balancer_chooses_anew_for_each_visit(walk):
    network = Network().station("gateway", members=64)
    steps = (visit("gateway", 0.0), visit("gateway", 0.0))
    run = walk(steps, at_s=np.arange(200.0), network=network)
    first, second = members_of(run, "gateway")[::2], members_of(run, "gateway")[1::2]
    assert sum(one == other for one, other in zip(first, second, strict=True)) < 20


def test_what_has_not_ended_has_no_end(walk, sojourns):
    run = walk(
        visit("a", 2.0), at_s=(0.0, 1.0, 2.0, 9.0), network=Network().station("a"), until_s=4.0
    )
    assert np.isnan(run.requests.done_s).tolist() == [False, True, True]
    # What would end or begin at the very end of the run does not any more.
    first, second, third = sojourns(run, "a")
    assert first == (0.0, 0.0, 2.0)
    assert second[:2] == (1.0, 2.0)
    assert math.isnan(second[2])
    assert math.isnan(third[1])


@pytest.mark.parametrize("until_s", [0.0, -1.0, math.inf, math.nan])
def test_a_run_has_a_length(walk, until_s):
    with pytest.raises(ValueError, match="until_s must be positive"):
        walk(pause(1.0), until_s=until_s)


def served_first(simulate, journeys, at_s):
    """The journeys, in the order in which the counter that all reach at one instant serves them."""
    network = Network().station("counter").station("before")
    for name, steps in journeys.items():
        network.journey(Journey(name=name, steps=(*steps, visit("counter", 1.0))))
        network.recorded(name, at_s=[at_s[name]])
    run = simulate(network.build(), seed=1, until_s=10)
    order = np.argsort(run.requests.done_s)
    return [run.program.journeys[journey] for journey in run.requests.journey[order]], run


@pytest.mark.parametrize("order", [("soon", "late"), ("late", "soon")])
def test_who_ties_is_served_by_uid_however_long_ago_that_was_known(simulate, order):
    steps = {"soon": (pause(2.0),), "late": (pause(1.0),)}
    served, run = served_first(
        simulate, {name: steps[name] for name in order}, at_s={"soon": 0.0, "late": 1.0}
    )
    uid_of = dict(zip(run.requests.journey, run.requests.uid, strict=True))
    assert served == sorted(order, key=lambda name: uid_of[run.program.journeys.index(name)])


def test_at_one_instant_services_end_before_delays_and_those_before_arrivals(simulate):
    steps = {"arrival": (), "delay": (pause(2.0),), "service": (visit("before", 2.0),)}
    served, _ = served_first(simulate, steps, at_s={"arrival": 2.0, "delay": 0.0, "service": 0.0})
    assert served == ["service", "delay", "arrival"]
