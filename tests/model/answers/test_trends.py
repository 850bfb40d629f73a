from pathlib import Path

import pytest

from model.answers.calibrate import expected_demand
from model.answers.calibrations import Calibration
from model.answers.statistics import Interval
from model.answers.trends import LAG, Trend, cells_of, slices_of, trend_of
from model.world.laws import gamma
from model.world.scenario import ScenarioError
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
SERVICES = ("gateway", "user", "follow", "post", "media", "timeline", "fanout", "pipeline")
FLEET = [
    "fleet.placement=dedicated", "traffic.rate=300/s", "simulation.warmup=0.5 s",
    "simulation.duration=4 s", "simulation.replications=3", "simulation.slice=2",
    "fleet.search.shards=4", "fleet.cdn.instances=4",
    *(f"fleet.{service}.instances=4" for service in SERVICES),
    *(f"fleet.{store}.shards=8" for store in ("user_store", "post_store", "timeline_store")),
]  # fmt: skip


def asked(*overrides):
    scenario = load_scenario(LAPTOP, [*FLEET, *overrides])
    works = {pair: gamma(mean=0.001, scv=0.3) for pair in expected_demand(scenario)}
    return scenario, Calibration(
        works=works,
        outside_s={},
        spread={},
        rate_min_per_s=1,
        rate_max_per_s=1_000,
        learnt_on=scenario,
        runs=(),
    )


def interval(value, half):
    return Interval(
        value=value, low=value - half, high=value + half, confidence=0.95, n=3, method="clusters"
    )


def trend(*, differs_s, within_s):
    return Trend(
        what="newsfeed",
        quantile="p50",
        slices=(2, 1),
        seconds=(interval(0.012, 0.001), interval(0.011, 0.001)),
        differs_s=differs_s,
        within_s=within_s,
    )


def test_a_slice_agrees_with_a_finer_one_whether_it_is_half_or_all():
    trends = {(t.what, t.quantile): t for t in trend_of(*asked())}
    newsfeed = trends["newsfeed", "p50"]
    assert newsfeed.slices == [2, 1]
    assert newsfeed.agrees
    # Narrow enough to mean something.
    assert newsfeed.within_s < 0.15 * newsfeed.seconds[-1].value
    assert {what for what, _ in trends} >= {"newsfeed", "post", LAG}


def test_a_slice_is_halved_or_divided_by_its_least_factor():
    assert [slices_of(k) for k in (1, 2, 3, 12, 32)] == [
        [1],
        [2, 1],
        [3, 1],
        [12, 6, 3],
        [32, 16, 8],
    ]


@pytest.mark.parametrize(
    ("differs_s", "within_s", "said"),
    [(0.001, 0.002, "yes"), (-0.003, 0.002, "no"), (0.001, float("inf"), "?")],
)
def test_agreement_is_said_where_intervals_allow_it(differs_s, within_s, said):
    cells = cells_of(trend(differs_s=differs_s, within_s=within_s))
    assert cells["agree"] == said
    assert cells["1/2 ms"] == "12.0 (11.0 to 13.0)"


def test_a_slice_that_divides_no_fleet_is_refused():
    scenario, calibration = asked("simulation.slice=3")
    with pytest.raises(ScenarioError, match="3 does not divide"):
        trend_of(scenario, calibration)
