"""Strategies side by side."""

import numpy as np
import pytest

from model.answers.push_pull import Costs, Edges, compared, plans


def test_every_strategy_has_its_cost_over_the_cheapest_plan(drawn):
    edges, costs = drawn(6, users=40, edges=200), Costs(push=2.0)
    rows = {each.strategy: each for each in compared(edges, costs, 1_000)}
    assert list(rows) == [
        "push all", "pull all", "push active", "hybrid 1,000", "per author", "per edge",
    ]  # fmt: skip
    assert rows["per edge"].over_optimum == pytest.approx(1)
    assert rows["push active"].over_push_active == 1
    assert min(each.over_optimum for each in rows.values()) >= 1 - 1e-12
    assert rows["pull all"].cost_per_day == pytest.approx(edges.reading.sum())
    assert (rows["push all"].pushed_share, rows["pull all"].pushed_share) == (1, 0)
    assert rows["per edge"].pushed_share == plans.per_edge(edges, costs).mean()


def test_where_nothing_costs_anything_no_strategy_can_be_set_against_another():
    silent = Edges(
        authors=np.array([0]),
        readers=np.array([1]),
        posts_per_day=np.zeros(2),
        reads_per_day=np.ones(2),
    )
    with pytest.raises(ValueError, match="nobody who posts is followed by anybody who reads"):
        compared(silent, Costs(), 10)
