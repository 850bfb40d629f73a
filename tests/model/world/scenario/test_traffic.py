"""What people ask for: what contradicts itself is refused with its field and value."""

from pathlib import Path

import pytest

from model.world.scenario import ScenarioError
from model.world.scenario_files import load_scenario, resolved_toml

LAPTOP = Path(__file__).parents[4] / "scenarios" / "laptop.toml"


def test_a_curve_of_the_day_says_its_own_peak():
    said = "traffic: peak_to_mean: the curve of day says it, got 1.9: leave one out"
    with pytest.raises(ScenarioError, match=said):
        load_scenario(LAPTOP, ["traffic.day={}", "traffic.peak_to_mean=1.9"])
    assert load_scenario(LAPTOP, ["traffic.peak_to_mean=1.9"]).traffic.peak_to_mean == 1.9


def test_a_resolved_scenario_with_a_day_reads_back_as_itself(tmp_path):
    scenario = load_scenario(LAPTOP, ["traffic.day={}"])
    path = tmp_path / "resolved.toml"
    path.write_text(resolved_toml(scenario), encoding="utf-8")
    assert load_scenario(path) == scenario
