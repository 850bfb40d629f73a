import pytest

from model.answers.outer_forks import makespan_s


@pytest.mark.parametrize(
    ("at_once", "expected_s"), [(0, 3.0), (1, 7.0), (2, 4.0), (3, 3.0), (4, 3.0), (9, 3.0)]
)
def test_legs_in_turns_end_when_the_last_turn_does(at_once, expected_s):
    assert makespan_s([3.0, 1.0, 1.0, 2.0], at_once) == expected_s


@pytest.mark.parametrize(("at_once", "expected_s"), [(1, 7.0), (2, 5.0), (3, 3.0), (9, 3.0)])
def test_legs_in_lanes_end_when_the_longest_lane_does(at_once, expected_s):
    assert makespan_s([1.0, 3.0, 1.0, 2.0], at_once, in_lanes=True) == expected_s


def test_no_legs_end_at_once():
    assert makespan_s([], 4) == 0.0
