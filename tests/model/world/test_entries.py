"""What writes of several entries work: a base that was learnt, and each entry on top."""

import numpy as np
import pytest

from model.world.counts import ConstantCount, CountTable
from model.world.entries import ENTRY_S, work_of_entries
from model.world.laws import QuantileTable, gamma

LEARNT = gamma(mean=200e-6, scv=0.7, points=64)


def work(count, *, learnt_of=7.0, learnt=LEARNT):
    return work_of_entries(learnt, entries=ConstantCount(count=count), entries_learnt=learnt_of)


def test_writes_of_as_many_entries_as_were_learnt_of_work_as_much():
    assert work(7).mean == pytest.approx(LEARNT.mean)
    varied = CountTable.of_samples([1, 1, 1, 1, 31])
    assert work_of_entries(LEARNT, entries=varied, entries_learnt=7.0).mean == pytest.approx(
        LEARNT.mean
    )


@pytest.mark.parametrize("count", [0, 1, 1_000])
def test_each_entry_more_or_less_makes_a_write_longer_by_as_much(count):
    assert work(count).mean == pytest.approx(LEARNT.mean + (count - 7) * ENTRY_S)


def test_of_a_write_learnt_without_entries_all_is_the_base():
    assert work(0, learnt_of=0.0).mean == pytest.approx(LEARNT.mean)


def test_a_machine_too_fast_for_such_entries_has_faster_ones_and_no_base():
    fast = LEARNT.scaled(0.1)
    assert work(7, learnt=fast).mean == pytest.approx(fast.mean)
    assert work(70, learnt=fast).mean == pytest.approx(10 * fast.mean)


def test_what_works_nothing_is_told_by_its_entries():
    nothing = QuantileTable(probabilities=(0.0, 1.0), values=(0.0, 0.0))
    assert work(10, learnt=nothing).mean == 0.0
    assert work(10, learnt=nothing, learnt_of=0.0).mean == pytest.approx(10 * ENTRY_S)


def test_the_base_varies_as_was_learnt_and_entries_as_there_are():
    entries = CountTable.of_samples([1, 5, 200])
    luck = np.random.default_rng(1).random((2, 20_000))
    base_share = 1 - 7 * ENTRY_S / LEARNT.mean
    drawn = [
        base_share * LEARNT.quantile(one) + ENTRY_S * entries.quantile(other)
        for one, other in luck.T
    ]
    law = work_of_entries(LEARNT, entries=entries, entries_learnt=7.0)
    error = np.std(drawn) / np.sqrt(len(drawn))
    assert law.mean == pytest.approx(np.mean(drawn), abs=4 * error)
    assert law.scv == pytest.approx(np.var(drawn) / np.mean(drawn) ** 2, rel=0.03)
    assert law.quantile(0.5) == pytest.approx(np.quantile(drawn, 0.5), rel=0.03)
