"""Legs that go in turns: a slice has its part of them, and the background has the rest."""

import pytest

from model.world.counts import ConstantCount, CountTable
from model.world.journeys import ForEach, Visit
from model.world.laws import Constant
from model.world.turns import part_elsewhere, part_here

BODY = Visit(station="timeline_store", work=Constant(value=0.001))


def turns(count, at_once=8):
    return ForEach(count=count, body=BODY, at_once=at_once)


def parts(count, slice_of):
    fork = turns(ConstantCount(count=count))
    return part_here(fork, slice_of).count.mean, part_elsewhere(fork, slice_of).count.mean


@pytest.mark.parametrize("slice_of", [2, 4, 8])
@pytest.mark.parametrize("count", [1, 3, 8, 9, 2_001])
def test_no_leg_is_missing_and_none_is_there_twice(count, slice_of):
    here, elsewhere = parts(count, slice_of)
    assert here + elsewhere == count
    assert here == count // slice_of


def test_turns_at_once_are_parted_likewise():
    fork = turns(ConstantCount(count=80))
    assert (part_here(fork, 4).at_once, part_elsewhere(fork, 4).at_once) == (2, 6)


def test_counts_that_become_equal_are_as_likely_as_all_of_them():
    law = CountTable(counts=(8, 9, 10, 16), cumulated=(0.1, 0.3, 0.6, 1.0))
    here = part_here(turns(law), 8).count
    assert (here.counts, here.cumulated) == ((1, 2), (0.6, 1.0))
    elsewhere = part_elsewhere(turns(law), 8).count
    assert (elsewhere.counts, elsewhere.cumulated) == ((7, 8, 9, 14), law.cumulated)
