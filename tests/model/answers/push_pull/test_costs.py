"""Costs of one push and one pull."""

import numpy as np
import pytest

from model.answers.push_pull import Costs


def test_a_list_that_many_ask_for_is_pulled_at_the_shared_cost_from_the_first_count_on():
    costs = Costs(pull=3.0, shared_pull=0.5, shared_from=100)
    assert costs.pull_of(np.array([99, 100, 101])).tolist() == [3.0, 0.5, 0.5]


def test_without_a_shared_cost_every_list_is_pulled_at_the_same():
    assert Costs(pull=3.0, shared_from=100).pull_of(np.array([99, 100])).tolist() == [3.0, 3.0]


@pytest.mark.parametrize("name", ["push", "pull", "shared_pull"])
@pytest.mark.parametrize("cost", [0.0, -1.0, float("inf"), float("nan")])
def test_what_is_no_cost_is_refused(name, cost):
    with pytest.raises(ValueError, match=f"{name} must be above 0 and finite, got {cost}"):
        Costs(**{name: cost})


def test_a_list_is_shared_by_somebody():
    with pytest.raises(ValueError, match="shared_from must be at least 1, got 0"):
        Costs(shared_from=0)
