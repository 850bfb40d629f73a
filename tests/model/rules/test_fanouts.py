"""How a fan-out is cut, and whose turn it is."""

import doctest
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.rules import fanouts
from model.rules.fanouts import (
    ALL_SHARDS,
    BULK_STREAMS,
    CLASSES,
    NEW,
    RANGES_MAX,
    SHARE,
    Rota,
    ShardRange,
    class_of,
    shard_ranges,
)
from model.rules.sharding import LOGICAL_SHARD_COUNT, even_table

# What waits, step by step: for each chunk to be done, which classes have one.
WAITING = st.lists(st.sets(st.sampled_from(CLASSES), min_size=1), min_size=1, max_size=200)


def served_of(steps):
    """Return which class is served in each step, by one worker."""
    rota, served = Rota(), []
    for waiting in steps:
        which = next(candidate for candidate in rota.order() if candidate in waiting)
        rota = rota.after(which)
        served.append(which)
    return served


def test_the_examples_in_the_rules_are_true():
    assert doctest.testmod(fanouts).failed == 0


@pytest.mark.parametrize(
    ("followers", "expected"),
    [(0, 1), (10_000, 1), (10_001, 2), (100_000, 2), (100_001, 3), (10**6, 3), (10**6 + 1, 4)],
)
def test_the_more_followers_the_higher_the_class(followers, expected):
    assert class_of(followers) == expected


def test_every_class_but_that_of_new_events_has_a_bulk_stream():
    assert len(BULK_STREAMS) == len(CLASSES) - 1


@given(servers=st.integers(1, 40), followers=st.integers(0, 10**7))
def test_ranges_cover_every_shard_once_in_order(servers, followers):
    parts = shard_ranges(even_table(servers).owners, followers=followers)
    shards = [shard for part in parts for shard in range(part.first, part.last + 1)]
    assert shards == list(range(LOGICAL_SHARD_COUNT))


@given(servers=st.integers(1, 40), followers=st.integers(0, 10**7))
def test_there_are_at_most_eight_ranges(servers, followers):
    assert len(shard_ranges(even_table(servers).owners, followers=followers)) <= RANGES_MAX


@given(servers=st.integers(1, RANGES_MAX), followers=st.integers(0, 10**7))
def test_a_range_lies_on_one_server_while_there_are_as_many_ranges(servers, followers):
    owners = even_table(servers).owners
    for part in shard_ranges(owners, followers=followers):
        assert owners[part.first] == owners[part.last]


@pytest.mark.parametrize(
    ("followers", "ranges"), [(1_001, 2), (2_500, 2), (3_500, 4), (8_000, 8), (10**7, 8)]
)
def test_few_followers_are_cut_into_few_ranges(followers, ranges):
    assert len(shard_ranges(even_table(2).owners, followers=followers)) == ranges


def test_shards_that_have_moved_to_another_server_are_a_range_of_their_own():
    owners = [0] * 1_000 + [1] * 96 + [0] * 3_000
    assert shard_ranges(owners, followers=2_000) == [
        ShardRange(0, 999),
        ShardRange(1_000, 1_095),
        ShardRange(1_096, 4_095),
    ]


def test_a_range_is_read_as_it_was_written():
    assert ShardRange.read(str(ShardRange(7, 4_095))) == ShardRange(7, 4_095)


def test_all_shards_are_named_in_full():
    assert str(ALL_SHARDS) == "0-4095"


@pytest.mark.parametrize("text", ["", "1", "a-b", "5-4", "0-4096", "-1-5", "1-2-3"])
def test_a_range_of_shards_that_there_are_not_is_refused(text):
    with pytest.raises(ValueError, match=r"shards must|invalid literal|unpack"):
        ShardRange.read(text)


@given(WAITING)
def test_a_new_event_waits_for_one_chunk_at_most(steps):
    served = served_of(steps)
    passed_over = [
        NEW in waiting and which != NEW for waiting, which in zip(steps, served, strict=True)
    ]
    assert not any(one and two for one, two in pairwise(passed_over))


@given(WAITING)
def test_a_new_event_waits_only_if_the_last_seven_were_new_events_too(steps):
    served = served_of(steps)
    for at, (waiting, which) in enumerate(zip(steps, served, strict=True)):
        if NEW in waiting and which != NEW:
            assert served[at - SHARE + 1 : at] == [NEW] * (SHARE - 1)


@given(WAITING)
def test_of_eight_chunks_one_at_most_goes_before_a_smaller_class(steps):
    served = served_of(steps)
    before = [which > min(waiting) for waiting, which in zip(steps, served, strict=True)]
    for at in range(len(before)):
        assert sum(before[at : at + SHARE]) <= 1


@given(st.sets(st.sampled_from(CLASSES), min_size=1))
def test_nobody_starves_however_much_the_others_have_to_do(always):
    served = served_of([always] * 200)
    for which in always:
        turns = [at for at, one in enumerate(served) if one == which]
        gaps = [later - sooner for sooner, later in zip([-1, *turns], [*turns, 200], strict=True)]
        assert max(gaps) <= SHARE * (len(always) - 1) + 1


def test_events_without_end_leave_one_chunk_of_eight_to_the_bulk():
    assert served_of([{NEW, 4}] * 24) == ([NEW] * 7 + [4]) * 3


def test_what_two_small_classes_do_in_turns_does_not_starve_a_big_one():
    steps = [{NEW, 4} if step % 2 else {1, 4} for step in range(80)]
    assert served_of(steps).count(4) >= 80 // SHARE - 1
