"""The numbers of an answer, by name."""

from pathlib import Path

import numpy as np
import pytest

from model.answers.numbers import is_share, numbers_of, windows_of
from model.answers.readings import Reading, Timed
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
RUNS = ("simulation.warmup=10 s", "simulation.duration=90 s")
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
    failed = [numbers[f"newsfeed.failed.{part}"].value for part in ("before", "during", "after")]
    assert failed == [0, 1, 0]


@pytest.mark.parametrize("name", ["busy.user_db", "all.late", "post.failed.during"])
def test_shares_are_told_from_times(name):
    assert is_share(name)
    assert not is_share("newsfeed.p99.during")
