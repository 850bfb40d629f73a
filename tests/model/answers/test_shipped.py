"""What comes with feedtwin answers every scenario that comes with it."""

from pathlib import Path

import pytest

from model.answers.calibrations import load_calibration
from model.answers.twin import twin_journeys
from model.learnt import SHIPPED
from model.world.scenario_files import load_scenario

SCENARIOS = sorted((Path(__file__).parents[3] / "scenarios").glob("*.toml"))


@pytest.fixture(scope="module")
def shipped():
    return load_calibration(SHIPPED)


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_the_shipped_calibration_knows_the_work_of_every_visit(shipped, file):
    scenario = load_scenario(file)
    asked = {endpoint.value for endpoint in scenario.traffic.mix}
    assert {journey.name for journey in twin_journeys(scenario, shipped)} >= asked
