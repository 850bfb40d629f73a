"""What had begun and not ended, held to queues whose every time is known."""

from math import inf
from pathlib import Path

import numpy as np
import pytest

from model.answers.expectations import Outcome, checked
from model.answers.longer import longer_than_expected
from model.answers.numbers import numbers_of
from model.answers.readings import Reading, read
from model.answers.statistics import TooShort
from model.answers.unended import Lagged, lagged
from model.engine.network import Network
from model.engine.parts import Queue
from model.engine.simpy_engine import simulate
from model.world.journeys import Emit, Journey, Visit
from model.world.laws import Constant
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
UNTIL_S = 1_000
EACH_SECOND_S = np.arange(UNTIL_S, dtype=float)


def lag_of(*ended_s, under_way_s=()):
    """What one replication shows."""
    return Lagged(ended_s=[np.array(ended_s)], under_way_s=[np.array(under_way_s)])


def run(work_s, *, at_s=EACH_SECOND_S, limit=None):
    """Posts at these instants, with each of which one worker has so much work afterwards."""
    brought = Visit(station="worker", work=Constant(value=work_s))
    network = Network().station("worker", servers=1, queue=Queue(limit=limit))
    network.journey(Journey(name="post", steps=(Emit(journey="fanout"),)))
    network.journey(Journey(name="fanout", steps=(brought,)))
    network.recorded("post", at_s=at_s)
    simulated = simulate(network.build(), seed=1, until_s=UNTIL_S - 0.5)
    return read(simulated, patience_s={"post": 1.0})


@pytest.fixture(scope="module")
def overloaded():
    """Post n is brought at 2 (n + 1) s, those from 500 s on never in this run."""
    return [run(2.0)] * 4


def scenario(*expected):
    runs = ("simulation.warmup=0 s", f"simulation.duration={UNTIL_S} s")
    return load_scenario(LAPTOP, (*runs, f"expect=[{', '.join(expected)}]"))


def outcome(readings, limit):
    asked = scenario(f"{{that='lag.fanout.p99', {limit}}}")
    longer = {"base": longer_than_expected(asked, readings)}
    return checked(asked.expect[0], {"base": numbers_of(asked, readings)}, longer)


def test_half_of_what_twice_as_much_work_begins_has_not_ended(overloaded):
    numbers = numbers_of(scenario(), overloaded)
    assert numbers["lag.fanout.unended"].value == pytest.approx(0.5, abs=0.002)
    assert numbers["lag.fanout.p99"].value == pytest.approx(500, rel=0.02)
    assert numbers["lag.fanout.p99"].low > 480
    assert numbers["lag.fanout.p99"].high == inf


@pytest.mark.parametrize(
    ("limit", "came"),
    [
        ("below='10 min'", Outcome.UNCLEAR),  # none has been under way for so long
        ("above='10 min'", Outcome.UNCLEAR),
        ("below='5 min'", Outcome.NO),
        ("above='5 min'", Outcome.YES),
    ],
)
def test_no_limit_is_kept_by_what_has_not_ended(overloaded, limit, came):
    assert outcome(overloaded, limit).outcome is came


def test_how_many_take_longer_is_told_with_what_is_overdue_and_without(overloaded):
    [share] = outcome(overloaded, "below='10 min'").longer.values()
    # Of those that ended half took longer than 250 s; so has every other of those under way.
    assert share.value == pytest.approx(250 / 750, abs=0.01)
    assert share.low == 0 < share.value < share.high


def test_of_a_steady_run_hardly_anything_is_unended_and_its_quantiles_have_both_ends():
    came_s = [np.sort(np.random.default_rng(n).uniform(0, UNTIL_S, UNTIL_S)) for n in range(4)]
    readings = [run(0.5, at_s=at_s) for at_s in came_s]
    numbers = numbers_of(scenario(), readings)
    assert 0 < numbers["lag.fanout.unended"].value < 0.002
    assert numbers["lag.fanout.p95"].high < 10
    assert outcome(readings, "below='10 s'").outcome is Outcome.YES


def test_where_nothing_ends_all_is_unended_and_nothing_is_known_of_how_long_it_takes():
    numbers = numbers_of(scenario(), [run(2_000.0)] * 4)
    assert numbers["lag.fanout.unended"].value == 1.0
    assert "lag.fanout.p50" not in numbers


def test_where_nothing_begins_nothing_is_said():
    quiet = [run(0.7)] * 2
    assert lagged(quiet, "fanout", UNTIL_S, 2 * UNTIL_S).ended_s[0].tolist() == []
    with pytest.raises(TooShort):
        lagged(quiet, "fanout", UNTIL_S, 2 * UNTIL_S).unended()


def test_what_fails_never_ends():
    numbers = numbers_of(scenario(), [run(2.0, limit=0)] * 2)
    assert numbers["lag.fanout.unended"].value == pytest.approx(0.5, abs=0.002)
    assert numbers["lag.fanout.p99"].high == inf


def test_what_came_in_the_warm_up_is_not_counted(overloaded):
    later = lagged(overloaded, "fanout", 400.0, UNTIL_S)
    assert [len(each_s) for each_s in later.ended_s] == [99] * 4
    assert [len(each_s) for each_s in later.under_way_s] == [501] * 4


def test_overdue_is_what_has_been_under_way_for_longer_than_half_of_what_ended_took():
    lag = lag_of(1.0, 2.0, 9.0, under_way_s=(0.5, 2.0, 2.5, 8.0))
    assert [each_s.tolist() for each_s in lag.overdue_s] == [[2.5, 8.0]]
    assert [each_s.tolist() for each_s in lag_of(under_way_s=(3.0,)).overdue_s] == [[]]


@pytest.mark.parametrize(("overdue", "is_open"), [(9, False), (11, True)])
def test_a_quantile_has_no_end_from_when_on_it_may_lie_among_what_is_overdue(overdue, is_open):
    took_s = np.linspace(1.0, 2.0, 990)
    lag = Lagged(ended_s=[took_s] * 4, under_way_s=[np.full(overdue, 9.0)] * 4)
    assert (lag.quantile(0.99).high == inf) is is_open
    assert lag.quantile(0.5).high < 2.0


def test_what_has_been_under_way_for_longer_than_a_limit_is_certain_to_take_longer():
    lag = Lagged(ended_s=[np.ones(500)] * 4, under_way_s=[np.full(500, 60.0)] * 4)
    assert lag.longer_than(59.0).low > 0.4
    assert lag.longer_than(61.0).low == 0
    assert lag.longer_than(59.0).value == lag.longer_than(61.0).value == 0.5


def test_a_reading_that_does_not_say_what_had_not_ended_has_the_numbers_of_what_did():
    reading = run(0.7)
    silent = Reading(requests=reading.requests, lags=reading.lags, busy={}, busiest={})
    numbers = numbers_of(scenario(), [silent] * 2)
    assert "lag.fanout.p99" in numbers
    assert "lag.fanout.unended" not in numbers
