"""Every scenario that comes with feedtwin is answered in its quick form, and says what came."""

from pathlib import Path

import pytest

from model.answers.calibrations import load_calibration
from model.answers.expectations import Outcome
from model.answers.questions import answer_of
from model.learnt import SHIPPED

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("*.toml"))


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
