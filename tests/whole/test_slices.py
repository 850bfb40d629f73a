"""Six questions to slices of large fleets, in their quick forms: k, k/2 and k/4 say the same."""

from math import isfinite
from pathlib import Path

import numpy as np
import pytest

from model.answers.calibrations import load_calibration
from model.answers.trends import by_chance_max, differing, trends_of
from model.learnt import SHIPPED
from model.world.scenario import ScenarioError
from model.world.scenario_files import load_scenario

SLICES = Path(__file__).parents[2] / "scenarios" / "slices"
FILES = sorted(SLICES.glob("*.toml"))
WITHIN_MAX = 0.1  # of a median: an interval that is wider proves nothing


@pytest.fixture(scope="module")
def shipped():
    return load_calibration(SHIPPED)


@pytest.mark.verify
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_slices_answer_alike(shipped, file):
    scenario = load_scenario(file, load_scenario(file).quick)
    trends = trends_of(scenario, shipped)
    assert not differing(trends)
    rare = [trend.number for trend in trends if trend.chance < 0.05]
    assert len(rare) <= by_chance_max(trends), rare
    medians = [trend.found for trend in trends if trend.number == "newsfeed.p50.before"]
    medians = medians or [trend.found for trend in trends if trend.number == "newsfeed.p50"]
    widths = [found.half_width / found.value for found in medians[0]]
    assert np.max(widths) < WITHIN_MAX, "too noisy to prove anything"
    assert sum(isfinite(trend.chance) for trend in trends) > len(trends) / 3


@pytest.mark.verify
def test_a_slice_without_what_belongs_elsewhere_answers_otherwise(shipped, monkeypatch):
    monkeypatch.setattr("model.answers.twin.background_in", lambda *_: set())
    file = SLICES / "hot-shard.toml"
    trends = trends_of(load_scenario(file, load_scenario(file).quick), shipped)
    assert "busy.timeline_store" in {trend.number for trend in differing(trends)}


@pytest.mark.parametrize(
    ("name", "override", "reason"),
    [
        ("celebrity-post", "simulation.slice=16", "16 does not divide"),
        ("zone-outage", "simulation.slice=32", "32 does not divide gateway: 48"),
        ("hot-shard", "simulation.slice=3", "3 does not divide"),
        ("baseline", "simulation.slice=128", "128 does not divide search: 64"),
        ("as-written", "fleet.placement=shared", "one shared host cannot be sliced"),
        ("as-written", "traffic.arrivals=sessions", "must be 1 where requests come in sessions"),
    ],
)
def test_a_slice_that_cannot_hold_the_question_is_refused(shipped, name, override, reason):
    file = SLICES / f"{name}.toml"
    with pytest.raises(ScenarioError, match=reason):
        trends_of(load_scenario(file, (*load_scenario(file).quick, override)), shipped)
