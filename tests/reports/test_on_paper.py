"""What a report says of a scenario on paper."""

from pathlib import Path

import pytest

from model.answers.availability import availability_of
from model.answers.calibrations import load_calibration
from model.answers.sizing import sizing_of
from model.learnt import SHIPPED
from model.world.scenario.traffic import Recorded
from model.world.scenario_files import load_scenario
from reports.on_paper import CAUSES, FIGURES, on_paper

LAPTOP = Path(__file__).parents[2] / "scenarios" / "laptop.toml"
SHORT = ("availability.years=20",)


@pytest.fixture(scope="module")
def shipped():
    return load_calibration(SHIPPED)


def laptop(*overrides):
    return load_scenario(LAPTOP, (*SHORT, *overrides))


def test_each_figure_is_the_one_of_sizing_with_its_arithmetic(shipped):
    scenario = laptop()
    sizing, text = sizing_of(scenario, shipped), on_paper(scenario, shipped)
    for name in FIGURES:
        figure = sizing.figure(name)
        assert f"| {name} | {figure.said} | {figure.formula} |" in text


def test_roles_with_too_few_members_are_named_and_no_others(shipped):
    crowd = laptop("traffic.rate=5000/s")
    short = {role.name for role in sizing_of(crowd, shipped).roles if role.is_enough is False}
    [said] = [s for s in on_paper(crowd, shipped).splitlines() if s.startswith("Too few")]
    assert short == {part.split()[-1] for part in said.split(" (")[:-1]}
    assert "Too few" not in on_paper(laptop("traffic.rate=1/s"), shipped)


def test_the_costliest_causes_of_lost_answers_come_first(shipped):
    text, found = on_paper(laptop(), shipped), availability_of(laptop())
    rows = text.split("| what costs most |")[1].splitlines()[2:]
    assert [row.split(" | ")[0] for row in rows if row] == [
        f"| {cost.cause}" for cost in found.costs[:CAUSES]
    ]


def test_what_is_not_available_enough_is_a_miss(shipped):
    assert ": miss." in on_paper(laptop("targets.available=99.99999 %"), shipped)
    assert ": pass." in on_paper(laptop("targets.available=50 %"), shipped)


def test_recorded_traffic_has_no_sizes_and_says_why(shipped):
    recorded = Recorded(file="requests.csv")
    scenario = laptop()
    traffic = scenario.traffic.model_copy(update={"rate": None, "recorded": recorded, "mix": {}})
    text = on_paper(scenario.model_copy(update={"traffic": traffic}), shipped)
    assert "Not sized: traffic.recorded" in text
    assert "Availability cannot be said: traffic.mix" in text
