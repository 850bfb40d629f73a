"""How a run went, stretch by stretch, against counting by hand."""

from pathlib import Path

import numpy as np
import pytest

from model.answers.courses import late_over_time
from model.answers.readings import Reading, Timed
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
SHORT = ("simulation.warmup=2 s", "simulation.duration=8 s")
QUICK_S, LATE_S, FAILED_S = 0.010, 0.700, np.inf  # newsfeeds may take 1 s, all others 0.5 s


@pytest.fixture
def scenario():
    return load_scenario(LAPTOP, SHORT)


def reading(**requests):
    timed = {
        name: Timed(began_s=np.array([at for at, _ in each]), took_s=np.array([t for _, t in each]))
        for name, each in requests.items()
    }
    return Reading(requests=timed, lags={}, busy={}, busiest={})


def shares(course):
    return {(each.since_s, each.until_s): each.late.value for each in course}


def test_each_stretch_counts_who_came_in_it_after_the_warm_up(scenario):
    one = reading(search=[(0.5, FAILED_S), (2.0, QUICK_S), (3.9, LATE_S), (4.0, FAILED_S)])
    other = reading(search=[(2.1, QUICK_S), (2.2, QUICK_S), (9.99, QUICK_S), (10.0, FAILED_S)])
    assert shares(late_over_time(scenario, [one, other], stretches=4)) == {
        (0.0, 2.0): 1 / 4,
        (2.0, 4.0): 1.0,
        (6.0, 8.0): 0.0,
    }


def test_each_request_is_late_by_its_own_target(scenario):
    seen = reading(newsfeed=[(3.0, LATE_S)], search=[(3.5, LATE_S)])
    [stretch] = late_over_time(scenario, [seen], stretches=1)
    assert stretch.late.value == 1 / 2


def test_the_interval_of_a_stretch_is_that_of_its_own_few_requests(scenario):
    few = reading(search=[(2.5, QUICK_S)])
    many = reading(search=[(2 + n / 1000, QUICK_S) for n in range(1000)])
    [of_few] = late_over_time(scenario, [few], stretches=1)
    [of_many] = late_over_time(scenario, [many], stretches=1)
    assert of_many.late.high < 0.01
    assert of_few.late.high > 0.5
