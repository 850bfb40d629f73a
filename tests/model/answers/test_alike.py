"""The latest of legs that nobody has seen is held to those of forks of which all legs are seen."""

import numpy as np
import pandas as pd
import pytest

from model.answers.alike import FORKS_MAX, Alike

FORKS, HERE, OTHERS = 3_000, 12, 36
CHANCES = (np.arange(199) + 0.5) / 199


def spread(kind, luck):
    """How late the legs of each fork are: a row per fork, the larger the later."""
    own = luck.exponential(size=(FORKS, HERE + OTHERS))
    crowd = luck.random((FORKS, 1))
    return {
        "not alike": own,
        "one in ten meets a crowd": own + 3.0 * (crowd < 0.1),
        "each meets a crowd of its own": own + 3.0 * crowd,
    }[kind]


def seen(late):
    """What is seen of `late`: the legs here, by fork, and which share of all is later."""
    order = np.argsort(np.argsort(late, axis=None)).reshape(late.shape)
    later = 1 - (order + 0.5) / late.size
    fork = np.repeat(np.arange(FORKS), HERE)
    columns = {"request": fork, "together": 0, "attempt": 0}
    return pd.DataFrame({**columns, "later": later[:, :HERE].ravel()})


@pytest.mark.parametrize(
    "kind", ["not alike", "one in ten meets a crowd", "each meets a crowd of its own"]
)
def test_the_latest_of_all_is_as_late_as_it_is(kind):
    luck = np.random.default_rng(1)
    late = spread(kind, luck)
    legs = seen(late)
    own, later = legs.request.to_numpy(), legs.later.to_numpy()
    latest = Alike(legs).latest(
        own, later, np.arange(FORKS), np.full(FORKS, OTHERS), luck.random(FORKS)
    )
    found = np.maximum(late[:, :HERE].max(axis=1), np.quantile(late, 1 - latest))
    for q, error in ((0.05, 0.12), (0.25, 0.07), (0.5, 0.07), (0.95, 0.07)):
        assert np.quantile(found, q) == pytest.approx(np.quantile(late.max(axis=1), q), rel=error)


def test_who_has_met_a_crowd_here_has_met_one_elsewhere():
    luck = np.random.default_rng(2)
    legs = seen(spread("one in ten meets a crowd", luck))
    own, later = legs.request.to_numpy(), legs.later.to_numpy()
    found = Alike(legs).latest(
        own, later, np.arange(FORKS), np.full(FORKS, OTHERS), luck.random(FORKS)
    )
    in_crowd = legs.groupby("request").later.median().to_numpy() < 0.1
    assert 0.08 < in_crowd.mean() < 0.12
    assert np.median(found[in_crowd]) < np.median(found[~in_crowd]) / 4


@pytest.mark.parametrize("others", [1, 10, 36])
def test_of_legs_that_are_not_alike_the_latest_is_that_of_so_many(others):
    legs = seen(spread("not alike", np.random.default_rng(3)))
    nothing = np.array([], dtype=np.int64), np.array([])
    found = Alike(legs).latest(
        *nothing, np.arange(len(CHANCES)), np.full(len(CHANCES), others), CHANCES
    )
    expected = 1 - CHANCES ** (1 / others)
    # That they are not is known from three thousand times twelve of them only.
    assert np.log(found[:-9]) == pytest.approx(np.log(expected[:-9]), abs=0.25)


def test_forks_of_one_leg_tell_nothing_of_how_alike_they_are():
    legs = pd.DataFrame({"request": np.arange(500), "together": 0, "attempt": 0}).assign(
        later=lambda rows: (rows.request + 0.5) / 500
    )
    found = Alike(legs).latest(
        np.arange(2), np.array([0.001, 0.999]), np.arange(2), np.full(2, 5), np.full(2, 0.5)
    )
    assert found == pytest.approx(np.full(2, 1 - 0.5 ** (1 / 5)), rel=0.05)


def test_of_very_many_forks_some_are_looked_at():
    luck = np.random.default_rng(4)
    fork = np.repeat(np.arange(FORKS_MAX * 3), 2)
    columns = {"request": fork, "together": 0, "attempt": 0}
    legs = pd.DataFrame({**columns, "later": luck.random(len(fork))})
    found = Alike(legs).latest(
        np.array([0]), np.array([0.5]), np.array([0]), np.array([9]), np.array([0.5])
    )
    assert found == pytest.approx([1 - 0.5 ** (1 / 9)], rel=0.1)


def test_the_later_the_chance_the_later_the_leg():
    legs = seen(spread("one in ten meets a crowd", np.random.default_rng(5)))
    nothing = np.array([], dtype=np.int64), np.array([])
    found = Alike(legs).latest(
        *nothing, np.arange(len(CHANCES)), np.full(len(CHANCES), OTHERS), CHANCES
    )
    assert (np.diff(found) < 0).all()


def test_of_thousands_of_legs_that_go_on_together_no_chance_is_too_small():
    luck = np.random.default_rng(6)
    together = np.repeat(np.arange(40), 5_000)
    legs = pd.DataFrame({"request": together, "together": 0, "attempt": 0})
    legs = legs.assign(later=luck.random(len(legs)))
    forks = np.repeat(np.arange(40), 50)  # of which fifty go on together
    chance = luck.random(len(forks))
    found = Alike(legs).latest(together, legs.later.to_numpy(), forks, np.full(2_000, 30), chance)
    assert np.abs(np.log(found) - np.log(1 - chance ** (1 / 30))).mean() < 0.1


def test_forks_that_go_on_together_are_late_together():
    luck = np.random.default_rng(7)
    legs = seen(spread("one in ten meets a crowd", luck))
    own, later = legs.request.to_numpy(), legs.later.to_numpy()
    forks = np.repeat(np.arange(FORKS), 2)
    found = Alike(legs).latest(
        own, later, forks, np.full(2 * FORKS, OTHERS), luck.random(2 * FORKS)
    )
    one, other = (found[n::2] < np.median(found) / 3 for n in (0, 1))
    assert (one & other).mean() > 1.5 * one.mean() * other.mean()
