"""Poisson processes in pieces: against their own law."""

import numpy as np
import pytest
from scipy.stats import kstest

from model.world.traffic.instants import Luck, mean_count, poisson_instants_s

LUCK = Luck(seed=5, stream=2, source=0)
SINCE_S, PER_S = np.array([0.0, 10.0, 25.0, 30.0]), np.array([50.0, 0.0, 400.0, 20.0])


def instants(since_s, per_s, until_s, luck=LUCK):
    return poisson_instants_s(np.array(since_s), np.array(per_s), until_s=until_s, luck=luck)


def test_each_piece_has_as_many_as_its_rate_says():
    at_s = instants(SINCE_S, PER_S, 60.0)
    counts = np.histogram(at_s, [0, 10, 25, 30, 60])[0]
    for count, expected in zip(counts, [500, 0, 2000, 600], strict=True):
        assert abs(count - expected) <= 5 * expected**0.5
    assert mean_count(SINCE_S, PER_S, 60.0) == 3_100


def test_the_cumulated_rate_turns_the_process_into_one_of_rate_1():
    at_s = instants(SINCE_S, PER_S, 60.0)
    cumulated = np.interp(at_s, [0, 10, 25, 30, 60], [0, 500, 500, 2500, 3100])
    assert kstest(np.diff(cumulated), "expon").pvalue > 1e-3


def test_pieces_of_one_rate_are_the_process_of_that_rate():
    pieces = instants([0.0, 1.0, 2.5, 7.0], [80.0] * 4, 30.0)
    assert pieces == pytest.approx(instants([0.0], [80.0], 30.0), abs=1e-9)


@pytest.mark.parametrize(("since_s", "per_s"), [([0.0], [40.0]), (SINCE_S, PER_S)])
def test_a_longer_time_only_adds(since_s, per_s):
    short, long = (instants(since_s, per_s, until_s) for until_s in (28.0, 59.0))
    assert long[: len(short)].tolist() == short.tolist()
    assert (long[len(short) :] >= 28.0).all()


def test_nothing_comes_before_the_first_piece_nor_without_a_rate():
    assert instants([40.0], [10.0], 30.0).tolist() == []
    assert instants([0.0], [0.0], 30.0).tolist() == []
    assert instants([20.0], [100.0], 30.0).min() >= 20.0


def test_sources_and_streams_have_other_luck():
    lucks = [LUCK, Luck(seed=5, stream=2, source=1), Luck(seed=5, stream=3, source=0)]
    firsts = {instants([0.0], [10.0], 5.0, luck)[0] for luck in lucks}
    assert len(firsts) == 3
