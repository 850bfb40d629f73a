"""Limits that are left out of a run, and which run needs them nevertheless."""

from math import nextafter
from pathlib import Path

import numpy as np
import pytest

from model.answers import predict, questions
from model.answers.near_limits import NO_LIMITS, Limits, came_near, limits_left_out
from model.answers.summaries import summary_of_prediction
from model.engine.compiled_engine import simulate
from model.engine.network import Network
from model.world.journeys import Emit, Journey, Visit
from model.world.laws import Constant
from model.world.scenario import Endpoint
from model.world.scenario_files import load_scenario
from model.world.traffic import as_recorded

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
SHORT = ["simulation.warmup=1 s", "simulation.duration=6 s", "simulation.replications=2"]
DEADLINE = "policy.protections.deadline=5001 ms"  # another, that changes next to nothing


def left_out(*overrides):
    return limits_left_out(load_scenario(LAPTOP, overrides))


def test_near_a_limit_is_who_takes_as_long_as_the_strictest_deadline():
    assert left_out().took_s == 3.0  # of a call; that of a request is 5 s


def test_near_a_limit_are_half_as_many_as_the_gateways_of_one_zone_let_in():
    dedicated = ("fleet.placement=dedicated", "fleet.gateway.instances=8")
    assert left_out(*dedicated).under_way == 8 * 512 / 2
    assert left_out(*dedicated, "simulation.slice=2").under_way == 4 * 512 / 2
    assert left_out(*dedicated, "fleet.zones=4").under_way == 2 * 512 / 2
    few = ("fleet.gateway.instances=2", "fleet.zones=4")
    assert left_out(*dedicated, *few).under_way == 512 / 2
    assert left_out(*dedicated, "fleet.gateway.autoscaling={max=9}").under_way == 512 / 2


@pytest.mark.parametrize(
    "override", [DEADLINE, "traffic.retries={times=1}", "events=[{kind='broker-stop'}]"]
)
def test_nothing_is_left_out_where_anything_can_go_wrong(override):
    assert left_out(override) == NO_LIMITS


def run(*at_s, until_s=10.0, after_s=0.0):
    """Requests that are with one of many servers for two seconds, and what they begin then."""
    network = Network().station("servers", servers=9)
    served = Visit(station="servers", work=Constant(value=2.0))
    later = Visit(station="servers", work=Constant(value=after_s))
    network.journey(Journey(name="page", steps=(served, Emit(journey="after"))))
    network.journey(Journey(name="after", steps=later))
    program = network.recorded("page", at_s=np.array(at_s)).build()
    return simulate(program, seed=1, until_s=until_s)


def near(run, *, besides=(), **limits):
    return came_near(run, Limits(**limits), besides=besides)


def test_a_request_is_near_that_takes_as_long():
    assert near(run(1.0), took_s=2.0)
    assert not near(run(1.0), took_s=nextafter(2.0, 3.0))


def test_a_request_is_near_that_has_waited_as_long_when_the_run_ends():
    assert near(run(1.0, until_s=2.5), took_s=1.5)
    assert not near(run(1.0, until_s=2.5), took_s=1.6)


def test_so_many_are_near_as_are_under_way_at_one_instant():
    assert near(run(1.0, 1.5, 2.9), under_way=3)
    assert not near(run(1.0, 1.5, 3.1), under_way=3)
    assert near(run(1.0, 1.5, 2.9, until_s=2.95), under_way=3)


def test_what_goes_on_after_the_answers_and_what_nobody_asked_for_comes_near_nothing():
    assert not near(run(1.0, after_s=9.0), took_s=2.5)
    assert not near(run(1.0), took_s=1.0, under_way=1, besides={"page"})


def test_where_nobody_comes_nobody_is_near():
    assert not near(run(), took_s=1e-9, under_way=1)


@pytest.fixture
def runs(monkeypatch):
    """Count how often replications are simulated; returns the counts."""
    counted = []

    def counting(module):
        simulating = module.replicate

        def replicate(*words, **named):
            counted.append(module)
            return simulating(*words, **named)

        monkeypatch.setattr(module, "replicate", replicate)

    counting(questions)
    counting(predict)
    return counted


@pytest.fixture
def recorded(tmp_path):
    """A file of pages and posts, 200 a second."""
    file = tmp_path / "requests.csv"
    rows = (f"{n / 200},{'post' if n % 10 == 0 else 'newsfeed'}\n" for n in range(1, 1_600))
    file.write_text(f"at_s,endpoint\n{''.join(rows)}")
    return f"traffic.recorded={{file='{file}'}}"


# More than timeline processes can do, of which there are 2 in the world and 1 in the slice.
SLICE = [
    "fleet.placement=dedicated", "simulation.slice=2", "simulation.duration=6 s",
    "traffic.rate=2000/s", "traffic.mix={newsfeed='100 %'}", "fleet.timeline.instances=2",
    *(f"fleet.{service}.instances=8" for service in ("gateway", "user", "follow", "post", "cdn")),
    "fleet.search.shards=2", "fleet.media.instances=2", "fleet.pipeline.instances=16",
    "fleet.fanout.instances=16",
]  # fmt: skip
OVERLOADED = [["traffic.rate=200/s"], ["traffic.rate=200/s", "traffic.arrivals=sessions"], SLICE]


def both(scenario, protected, learnt):
    return [questions.simulated(each, learnt).numbers for each in (scenario, protected)]


def assert_alike(one, other):
    told = ("newsfeed.failed", "newsfeed.expired", "all.late", "busy.gateway")
    for name in (name for name in told if name in other):  # a slice does not say who expired
        apart = abs(one[name].value - other[name].value)
        assert apart <= one[name].half_width + other[name].half_width, name
    assert one["newsfeed.failed"].low > 0.1, "some waited for longer than they may"


@pytest.mark.parametrize("overrides", OVERLOADED)
def test_who_is_overloaded_has_the_usual_deadlines_though_nothing_happens(
    overrides, learnt_on, runs
):
    asked = [*SHORT, *overrides]
    scenario, protected = load_scenario(LAPTOP, asked), load_scenario(LAPTOP, [*asked, DEADLINE])
    assert_alike(*both(scenario, protected, learnt_on(scenario)))
    assert len(runs) == 2 + 1


def test_so_has_an_overload_that_was_recorded(learnt_on, recorded, runs):
    asked = [*SHORT, recorded, "traffic.rate=200/s"]
    scenario, protected = (
        as_recorded(load_scenario(LAPTOP, each)) for each in (asked, [*asked, DEADLINE])
    )
    assert_alike(*both(scenario, protected, learnt_on(scenario)))
    assert len(runs) == 2 + 1


def test_a_calm_system_is_simulated_once(learnt_on, runs):
    scenario = load_scenario(LAPTOP, SHORT)
    learnt = learnt_on(scenario)
    numbers = questions.simulated(scenario, learnt).numbers
    predict.predict(scenario, learnt)
    assert runs == [questions, predict]
    assert "newsfeed.attempts" not in numbers, "nothing was there that counts them"


def test_a_prediction_of_overload_has_the_deadlines_too_and_counts_who_meets_them(learnt_on, runs):
    asked = [*SHORT, "traffic.rate=200/s", "simulation.duration=15 s"]
    scenario = load_scenario(LAPTOP, asked)
    prediction = predict.predict(scenario, learnt_on(scenario))
    [newsfeed] = [
        each for each in summary_of_prediction(prediction) if each.endpoint is Endpoint.NEWSFEED
    ]
    assert runs == [predict, predict]
    assert newsfeed.p99_s.value < 5.1
    sent = len(prediction.recording.requests.query("endpoint == 'newsfeed' and intended_s >= 1"))
    known = newsfeed.n + newsfeed.failed  # in both runs, each of which is as this one
    assert known == pytest.approx(2 * sent, rel=0.2), "but for those who may still be in time"
    assert newsfeed.failed > 0.3 * known


def test_each_replication_counts_for_itself():
    calm, busy = run(1.0), run(1.0, 1.1)
    limits = Limits(under_way=2)
    assert [came_near(each, limits, besides=()) for each in (calm, busy)] == [False, True]
    assert not came_near(busy, NO_LIMITS, besides=())
