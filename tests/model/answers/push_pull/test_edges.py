"""Edges: of a scenario's people, and columns that do not fit together."""

import numpy as np
import pytest

from model.answers.push_pull import Edges, edges_of
from model.answers.push_pull import edges as module
from model.world.population import population_of

COLUMNS = {
    "authors": np.array([0, 0, 1]),
    "readers": np.array([1, 2, 2]),
    "posts_per_day": np.array([1.0, 2.0, 0.0]),
    "reads_per_day": np.array([0.0, 5.0, 7.0]),
}


def test_each_edge_knows_how_often_its_author_posts_and_its_reader_reads():
    edges = Edges(**COLUMNS)
    assert edges.posting.tolist() == [1, 1, 2]
    assert edges.reading.tolist() == [5, 7, 7]
    assert edges.follower_counts.tolist() == [2, 1, 0]


def test_edges_of_a_scenario_are_its_follows(asked):
    edges, people = edges_of(asked()), population_of(asked())
    assert np.array_equal(edges.follower_counts, people.follower_counts)
    assert np.array_equal(edges.readers, people.followers)


def test_people_post_and_read_a_day_what_the_traffic_says(asked):
    scenario = asked()
    edges, people = edges_of(scenario), population_of(scenario)
    assert edges.posts_per_day.sum() == pytest.approx(10 * 86_400)
    active = people.active.mean() / scenario.people.daily_active  # by chance, not all that are said
    assert edges.reads_per_day.sum() == pytest.approx(90 * 86_400 * active)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("authors", [0, 1], "authors and readers must be as many, got 2 and 3"),
        ("reads_per_day", [1.0], "posts_per_day and reads_per_day must be as many, got 3 and 1"),
        ("authors", [0, 3, 1], r"authors must be in 0\.\.2, got 3"),
        ("readers", [0, -1, 1], r"readers must be in 0\.\.2, got -1"),
        ("posts_per_day", [1.0, -2.0, 0.0], "posts_per_day must be 0 or more and finite, got -2"),
        ("reads_per_day", [1.0, np.nan, 0.0], "reads_per_day must be 0 or more and finite, got"),
    ],
)
def test_columns_that_do_not_fit_are_refused(column, value, said):
    with pytest.raises(ValueError, match=said):
        Edges(**COLUMNS | {column: np.array(value)})


def test_too_many_edges_are_refused(monkeypatch):
    monkeypatch.setattr(module, "EDGES_MAX", 2)
    with pytest.raises(ValueError, match="authors: at most 2 edges, got 3"):
        Edges(**COLUMNS)
