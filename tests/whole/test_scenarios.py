"""Every scenario that comes with feedtwin is answered in its quick form, and says what came."""

from pathlib import Path

import pytest

from model.answers.calibrations import load_calibration
from model.answers.expectations import Outcome
from model.answers.questions import answer_of
from model.learnt import SHIPPED

ROOT = Path(__file__).parents[2]
SCENARIOS = sorted((ROOT / "scenarios").glob("*.toml"))


@pytest.fixture(scope="module")
def shipped():
    return load_calibration(SHIPPED)


@pytest.mark.verify
@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_a_scenario_answers_and_says_why_if_it_came_otherwise(shipped, file):
    answer = answer_of(file, shipped, quick=True)
    outcomes = {check.expected: check.outcome for check in answer.checks}
    assert Outcome.UNKNOWN not in outcomes.values(), outcomes
    if Outcome.NO in outcomes.values():
        assert answer.question.found, outcomes
    for expected, reported in reported_in(ROOT / "reports" / f"{file.stem}.md").items():
        assert {outcomes[expected], reported} != {Outcome.YES, Outcome.NO}, expected


def reported_in(file):
    """What the committed report, of the full form, says of each expectation, if there is one."""
    if not file.exists():
        return {}
    _, _, section = file.read_text(encoding="utf-8").partition("## What was expected\n")
    lines = [line for line in section.split("\n## ")[0].splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines[2:]]
    return {expected: Outcome(came_so) for expected, _found, came_so in cells}
