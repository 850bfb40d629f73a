from dataclasses import replace

import pytest

from loadtest.protocols.held_out import TooFewValid, compare_held_out
from model.answers.accounting import window_of
from model.answers.compare import compared
from model.answers.predict import predict_run


@pytest.fixture(scope="module")
def comparison(ladder):
    return compare_held_out(ladder, jobs=1, report=lambda *_: None)


def test_the_highest_valid_load_is_compared_and_not_learnt_from(comparison, ladder):
    assert comparison.held_out.folder == ladder[-1].folder
    assert comparison.calibration.runs == (ladder[0].folder.name, ladder[1].folder.name)
    assert comparison.calibration.rate_max_per_s == 40.0


def test_a_known_system_is_predicted_within_its_own_intervals(comparison):
    rows = {(row.endpoint, row.quantile): row for row in comparison.rows}
    for quantile in (0.5, 0.95):
        row = rows["newsfeed", quantile]
        # What was learnt from a thousand requests, and one run of eight hundred: a tenth each.
        assert abs(row.error) < 0.2, row
    assert rows["newsfeed", 0.5].is_expected


def test_too_few_valid_loads_are_said_and_not_used(ladder):
    with pytest.raises(TooFewValid) as refusal:
        compare_held_out(ladder[1:3], jobs=1, report=lambda *_: None)
    assert "60/s: the generator was late" in str(refusal.value)


def test_a_wrong_model_is_told_from_a_right_one(comparison):
    """The comparison has power: works a half dearer than they are do not pass unnoticed."""
    dearer = {pair: law.scaled(1.5) for pair, law in comparison.calibration.works.items()}
    wrong = replace(comparison.calibration, works=dearer)
    seen = comparison.runs[1]

    def median(calibration):
        rows = compared(window_of(seen), predict_run(seen, calibration))
        [row] = [row for row in rows if (row.endpoint, row.quantile) == ("newsfeed", 0.5)]
        return row

    assert median(wrong).error > 0.3
    assert not median(wrong).is_expected
    assert median(comparison.calibration).is_expected
