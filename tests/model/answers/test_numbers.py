"""The numbers of an answer, by name."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.answers.numbers import is_count, is_share, numbers_of, windows_of
from model.answers.readings import Reading, Timed
from model.answers.utilisation_between import Busy
from model.engine.codes import Outcome
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
RUNS = ("simulation.warmup=10 s", "simulation.duration=90 s")
PARTS = ("before", "during", "after")
STOP = "events=[{kind='broker-stop', at='20 s', lasts='30 s'}]"


def scenario(*overrides):
    return load_scenario(LAPTOP, (*RUNS, *overrides))


def reading(**requests):
    return Reading(
        requests={name: Timed(began_s=b, took_s=t) for name, (b, t) in requests.items()},
        lags={"fanout": Timed(began_s=np.arange(100.0), took_s=np.full(100, 3.0))},
        busy={"gateway": 0.25},
        busiest={"gateway": 0.5},
    )


def seconds(took_s):
    return np.linspace(0, 99.999, len(took_s)), np.asarray(took_s)


@pytest.fixture(scope="module")
def readings():
    rng = np.random.default_rng(1)
    return [
        reading(
            newsfeed=seconds(np.where(rng.random(4_000) < 0.1, np.inf, 0.2)),
            post=seconds(np.where(rng.random(4_000) < 0.3, 0.9, 0.2)),
        )
        for _ in range(4)
    ]


def test_what_never_came_has_failed_and_is_late(readings):
    numbers = numbers_of(scenario(), readings)
    assert 0.1 in numbers["newsfeed.failed"]
    assert numbers["newsfeed.late"].value == numbers["newsfeed.failed"].value


def test_what_came_too_late_has_not_failed(readings):
    numbers = numbers_of(scenario(), readings)
    assert 0.3 in numbers["post.late"]
    assert numbers["post.failed"].value == 0


def test_all_requests_together_are_each_judged_by_their_own_target(readings):
    numbers = numbers_of(scenario(), readings)
    assert 0.2 in numbers["all.late"]
    assert 0.05 in numbers["all.failed"]


def test_quantiles_are_those_of_what_was_answered(readings):
    assert numbers_of(scenario(), readings)["newsfeed.p99"].value == pytest.approx(0.2)


def test_stations_and_lags_have_numbers(readings):
    numbers = numbers_of(scenario(), readings)
    assert numbers["busy.gateway"].value == 0.25
    assert numbers["busiest.gateway"].value == 0.5
    assert [numbers[f"lag.fanout.{q}"].value for q in ("p50", "p95", "p99")] == [3.0] * 3


def test_what_had_not_ended_is_a_share():
    assert is_share("lag.fanout.unended.during")
    assert not is_share("lag.fanout.p99")


def test_what_happens_divides_the_run_into_before_during_and_after():
    parts = {w.suffix: (w.since_s, w.until_s) for w in windows_of(scenario(STOP))}
    assert parts == {
        "": (10.0, 100.0),
        ".before": (10.0, 30.0),
        ".during": (30.0, 60.0),
        ".after": (60.0, 100.0),
    }


def test_what_does_not_end_has_no_after():
    endless = scenario("events=[{kind='broker-stop', at='20 s'}]")
    assert [window.suffix for window in windows_of(endless)] == ["", ".before", ".during"]


def test_numbers_of_a_part_are_those_of_what_began_in_it():
    began_s = np.linspace(0, 99.999, 4_000)
    took_s = np.where((began_s >= 30) & (began_s < 60), np.inf, 0.2)
    numbers = numbers_of(scenario(STOP), [reading(newsfeed=(began_s, took_s))] * 2)
    failed = [numbers[f"newsfeed.failed.{part}"].value for part in PARTS]
    assert failed == [0, 1, 0]


def test_stations_are_as_busy_in_a_part_of_the_run_as_they_were_then():
    busy_in = {
        f".{part}": Busy(of_all={"gateway": share}, of_busiest={"gateway": 2 * share})
        for part, share in (("before", 0.1), ("during", 0.4), ("after", 0.2))
    }
    runs = [replace(reading(newsfeed=seconds([0.2] * 10)), busy_in=busy_in)] * 2
    numbers = numbers_of(scenario(STOP), runs)
    assert [numbers[f"busy.gateway.{part}"].value for part in PARTS] == [0.1, 0.4, 0.2]
    assert [numbers[f"busiest.gateway.{part}"].value for part in PARTS] == [0.2, 0.8, 0.4]
    assert numbers["busy.gateway"].value == 0.25


def test_where_visits_were_not_kept_nothing_is_said_of_how_busy_a_part_was(readings):
    assert "busy.gateway.during" not in numbers_of(scenario(STOP), readings)


def attempting(*attempts):
    began_s = np.linspace(10, 99.999, len(attempts))
    took_s, made = np.full(len(attempts), 0.2), np.array(attempts, np.int32)
    timed = Timed(began_s=began_s, took_s=took_s, attempts=made)
    return Reading(requests={"newsfeed": timed}, lags={}, busy={}, busiest={})


def test_attempts_are_counted_on_average_over_all_requests_of_a_part():
    numbers = numbers_of(scenario(STOP), [attempting(1, 3, 5, 1), attempting(1, 5, 5, 1)])
    assert numbers["newsfeed.attempts"].value == pytest.approx((10 / 4 + 12 / 4) / 2)
    assert numbers["newsfeed.attempts.before"].value == 1.0
    assert numbers["newsfeed.attempts.during"].value == pytest.approx(4.0)


def failing(rng, *, slow):
    """4,000 pages, of which a hundred are refused and a hundred lost, in a slow run or a quick."""
    took_s = rng.normal(2.0 if slow else 1.0, 0.1, 4_000)
    ended = np.full(4_000, Outcome.DONE, np.int8)
    took_s[:200], ended[:100], ended[100:200] = np.inf, Outcome.REFUSED, Outcome.LOST
    order = rng.permutation(4_000)
    timed = Timed(began_s=np.linspace(10, 99.999, 4_000), took_s=took_s[order], ended=ended[order])
    return Reading(requests={"newsfeed": timed}, lags={}, busy={}, busiest={})


@pytest.fixture(scope="module")
def runs_that_differ():
    rng = np.random.default_rng(2)
    return [failing(rng, slow=number % 2 == 0) for number in range(4)]


def test_each_way_of_failing_has_its_share_of_all(runs_that_differ):
    numbers = numbers_of(scenario(), runs_that_differ)
    shares = [numbers[f"newsfeed.{how}"].value for how in ("failed", "refused", "lost", "expired")]
    assert shares == [0.05, 0.025, 0.025, 0.0]


def test_where_runs_differ_requests_that_fail_one_way_count_as_few_as_those_that_fail(
    runs_that_differ,
):
    numbers = numbers_of(scenario(), runs_that_differ)
    assert numbers["newsfeed.refused"].n == numbers["newsfeed.failed"].n < 100


@pytest.mark.parametrize("what", ["attempts", "refused", "expired", "lost"])
def test_a_slice_does_not_see_all_calls_nor_how_others_fail_and_says_nothing_of_it(what):
    fleet = load_scenario(LAPTOP.with_name("slices") / "zone-outage.toml")
    assert fleet.simulation.slice > 1
    readings = [attempting(1, 3), attempting(1, 5)]
    assert not [name for name in numbers_of(fleet, readings) if what in name]
    whole = fleet.model_copy(update={"simulation": scenario().simulation})
    assert [name for name in numbers_of(whole, readings) if what in name]


def test_attempts_are_a_count():
    assert is_count("newsfeed.attempts.during")
    assert not is_count("newsfeed.p99.during")


@pytest.mark.parametrize("name", ["busy.user_db", "all.late", "post.failed.during"])
def test_shares_are_told_from_times(name):
    assert is_share(name)
    assert not is_share("newsfeed.p99.during")
