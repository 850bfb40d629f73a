"""The lists on one server, in memory and on Valkey: what each must do, and what it must refuse."""

import asyncio

import pytest

from model.rules.ids import id_of
from reference_impl.chassis.errors import Full
from reference_impl.timeline.lists import Beginning, Contents, Part, Reading
from reference_impl.timeline.sources import NOWHERE, Source

CREATED_MS = 1_800_000_000_000
CAP = 6  # of the lists of `bench`


@pytest.fixture
def lists(bench):
    return bench.lists


@pytest.fixture
def key(new_id):
    return f"timeline:{{{new_id()}}}"


def posts_at(*offsets_ms):
    """Return ascending post ids made at these milliseconds."""
    return [id_of(CREATED_MS + offset, place, 0) for place, offset in enumerate(offsets_ms)]


def reading(*, before=None, limit=100, idle_s=None):
    return Reading(before=before, limit=limit, idle_s=idle_s)


async def read(lists, key, **asked):
    [source] = await lists.read([key], reading(**asked))
    return Source(ids=list(source.ids), floor=source.floor)


async def build(lists, key, ids=(), *, token="t", floor=0, idle_s=None, **contents):
    assert await lists.begin([key], token) == [Beginning.BEGUN]
    filled = {key: Contents(ids=ids, floor=floor, **contents)}
    assert await lists.finish(filled, token, idle_s=idle_s) == [True]


async def finish(lists, key, token, ids=(), floor=0):
    filled = {key: Contents(ids=ids, floor=floor)}
    [is_done] = await lists.finish(filled, token, idle_s=None)
    return is_done


async def deliver(lists, key, *posts):
    """Deliver these posts; return in how many of the cases the list then had it."""
    return sum([(await lists.deliver([key], post, edge_of=None)).lists for post in posts])


# A list that is not there


async def test_a_list_that_is_not_there_is_nowhere(lists, key):
    assert await read(lists, key) == Source(ids=[], floor=NOWHERE.floor)
    assert await lists.read_timeline(key, reading()) == Part()


async def test_nothing_is_delivered_to_a_list_that_is_not_there(lists, key):
    assert await deliver(lists, key, *posts_at(0)) == 0
    await build(lists, key)
    assert await read(lists, key) == Source(ids=[], floor=0)


# Building


async def test_a_list_that_was_built_is_whole_and_newest_first(lists, key):
    posts = posts_at(0, 1, 2)
    await build(lists, key, [posts[1], posts[2], posts[0]])
    assert await read(lists, key) == Source(ids=posts[::-1], floor=0)


async def test_an_empty_list_that_was_built_is_there(lists, key):
    await build(lists, key)
    [post] = posts_at(0)
    assert await read(lists, key) == Source(ids=[], floor=0)
    assert await deliver(lists, key, post) == 1
    assert await read(lists, key) == Source(ids=[post], floor=0)


async def test_a_list_that_is_being_built_is_nowhere(lists, key):
    await lists.begin([key], "t")
    await deliver(lists, key, *posts_at(0))
    assert (await read(lists, key)).floor == NOWHERE.floor
    assert (await lists.read_timeline(key, reading())).build == ""


async def test_what_is_delivered_while_it_is_built_is_in_it(lists, key):
    posts = posts_at(0, 1, 2)
    await lists.begin([key], "t")
    assert await deliver(lists, key, posts[2], posts[0]) == 2
    assert await finish(lists, key, "t", [posts[1], posts[0]])
    assert await read(lists, key) == Source(ids=posts[::-1], floor=0)


async def test_several_lists_are_begun_and_finished_together(lists, key):
    [post], keys = posts_at(0), [key, f"{key}2", f"{key}3"]
    await build(lists, keys[1])
    begun, built = Beginning.BEGUN, Beginning.BUILT
    assert await lists.begin(keys, "u") == [begun, built, begun]
    contents = {each: Contents(ids=[post], floor=0) for each in keys}
    assert await lists.finish(contents, "u", idle_s=None) == [True, False, True]
    found = await lists.read(keys, reading())
    assert [list(source.ids) for source in found] == [[post], [], [post]]


async def test_nobody_else_may_begin_while_a_build_is_under_way(lists, key):
    await lists.begin([key], "t")
    assert await lists.begin([key], "u") == [Beginning.BUSY]
    assert not await finish(lists, key, "u")
    assert await finish(lists, key, "t")


async def test_a_build_that_takes_too_long_is_taken_over_and_cannot_finish(lists, bench, key):
    posts = posts_at(0, 1, 2)
    await lists.begin([key], "t")
    await deliver(lists, key, posts[0])
    await bench.outlast_the_builder(key)
    assert await lists.begin([key], "u") == [Beginning.BEGUN]
    assert not await finish(lists, key, "t", [posts[1]])
    assert await finish(lists, key, "u", [posts[2]])
    assert await read(lists, key) == Source(ids=[posts[2]], floor=0)


async def test_a_late_build_that_nobody_took_over_still_counts(lists, bench, key):
    await lists.begin([key], "t")
    await bench.outlast_the_builder(key)
    assert await finish(lists, key, "t", posts_at(0))


async def test_a_build_whose_list_was_lost_cannot_finish(lists, bench, key):
    await lists.begin([key], "t")
    await bench.lose(key)
    assert await deliver(lists, key, *posts_at(0)) == 0  # and nobody will ever see it in the list
    assert not await finish(lists, key, "t")
    assert (await read(lists, key)).floor == NOWHERE.floor


async def test_a_build_finishes_once(lists, key):
    await build(lists, key, posts_at(0), token="t")
    assert not await finish(lists, key, "t", posts_at(0, 1))
    assert (await read(lists, key)).ids == posts_at(0)


async def test_what_is_built_is_not_begun_again(lists, key):
    await build(lists, key, posts_at(0))
    assert await lists.begin([key], "u") == [Beginning.BUILT]
    assert (await read(lists, key)).ids == posts_at(0)


async def test_a_build_is_replaced_by_whoever_names_it_once(lists, key):
    await build(lists, key, posts_at(0), token="t")
    assert await lists.begin([key], "u", replacing="s") == [Beginning.BUILT]
    assert await lists.begin([key], "u", replacing="t") == [Beginning.BEGUN]
    assert await lists.begin([key], "v", replacing="t") == [Beginning.BUSY]
    assert (await read(lists, key)).floor == NOWHERE.floor
    assert await finish(lists, key, "u")
    assert await lists.begin([key], "v", replacing="t") == [Beginning.BUILT]
    assert await read(lists, key) == Source(ids=[], floor=0)


async def test_nothing_of_a_replaced_build_is_left(lists, key):
    posts = posts_at(*range(CAP + 1))
    await build(lists, key, posts, token="t", seq=5, halvings=1, pulled=frozenset({7}))
    await lists.begin([key], "u", replacing="t")
    await finish(lists, key, "u")
    part = await lists.read_timeline(key, reading())
    assert (part.seq, part.halvings, part.pulled, part.edges_age_s) == (0, 0, frozenset(), None)
    assert part.source == Source(ids=[], floor=0)


async def test_an_abandoned_build_is_forgotten_at_once(lists, key):
    await lists.begin([key], "t")
    await lists.abandon(key, "u")
    assert await lists.begin([key], "u") == [Beginning.BUSY]
    await lists.abandon(key, "t")
    assert await deliver(lists, key, *posts_at(0)) == 0
    assert await lists.begin([key], "u") == [Beginning.BEGUN]


async def test_what_was_built_cannot_be_abandoned(lists, key):
    await build(lists, key, token="t")
    await lists.abandon(key, "t")
    assert await read(lists, key) == Source(ids=[], floor=0)


# Floors


async def test_trimming_raises_the_floor_to_the_newest_that_is_gone(lists, key):
    posts = posts_at(*range(CAP + 2))
    await build(lists, key, posts[:CAP])
    assert await read(lists, key) == Source(ids=posts[:CAP][::-1], floor=0)
    assert await deliver(lists, key, *posts[CAP:]) == 2
    assert await read(lists, key) == Source(ids=posts[2:][::-1], floor=posts[1])


async def test_a_full_list_takes_in_nothing_older_than_it_holds(lists, key):
    posts = posts_at(*range(CAP + 2))
    await build(lists, key, posts[2:])
    assert await deliver(lists, key, posts[1]) == 0  # put in, and trimmed
    assert await deliver(lists, key, posts[0], posts[1]) == 0  # at or below the floor
    assert await read(lists, key) == Source(ids=posts[2:][::-1], floor=posts[1])


async def test_a_build_of_more_than_fits_keeps_the_newest(lists, key):
    posts = posts_at(*range(CAP + 3))
    await build(lists, key, posts)
    assert await read(lists, key) == Source(ids=posts[3:][::-1], floor=posts[2])


async def test_a_build_keeps_nothing_at_or_below_its_floor(lists, key):
    posts = posts_at(0, 1, 2)
    await build(lists, key, posts, floor=posts[1])
    assert await read(lists, key) == Source(ids=[posts[2]], floor=posts[1])
    assert await deliver(lists, key, posts[0], posts[1]) == 0


async def test_what_was_delivered_below_the_floor_of_the_build_is_not_read(lists, key):
    posts = posts_at(0, 1, 2)
    await lists.begin([key], "t")
    await deliver(lists, key, posts[0])
    await finish(lists, key, "t", [posts[2]], floor=posts[1])
    assert await read(lists, key) == Source(ids=[posts[2]], floor=posts[1])


async def test_trimming_while_it_is_built_raises_the_floor_of_the_build(lists, key):
    posts = posts_at(*range(CAP + 3))
    await lists.begin([key], "t")
    await deliver(lists, key, *posts[2:])
    await finish(lists, key, "t", posts[:2], floor=0)
    assert await read(lists, key) == Source(ids=posts[3:][::-1], floor=posts[2])


# Delivering


async def test_delivering_twice_is_delivering_once(lists, key):
    posts = posts_at(0, 1)
    await build(lists, key)
    assert await deliver(lists, key, *posts, *posts) == 4
    assert (await read(lists, key)).ids == posts[::-1]


async def test_one_call_delivers_to_every_list_that_is_there(lists, key):
    [post], keys = posts_at(0), [key, f"{key}2", f"{key}3"]
    await build(lists, keys[0])
    await lists.begin([keys[2]], "t")
    reached = await lists.deliver(keys, post, edge_of=None)
    assert (reached.lists, list(reached.halved)) == (2, [])


async def test_an_edge_post_is_not_for_who_gathers_that_author(lists, key):
    [post], other = posts_at(0), f"{key}2"
    await build(lists, key, pulled=frozenset({7, 8}))
    await build(lists, other, pulled=frozenset({70}))
    assert (await lists.deliver([key, other], post, edge_of=7)).lists == 1
    assert (await read(lists, key)).ids == []
    assert (await read(lists, other)).ids == [post]
    assert (await lists.deliver([key], post, edge_of=None)).lists == 1


async def test_halved_lists_are_told_and_get_their_share(lists, key):
    [post], keys = posts_at(0), [key, f"{key}2", f"{key}3"]
    await build(lists, keys[0])
    await build(lists, keys[1], halvings=2)
    await build(lists, keys[2], halvings=3)
    reached = await lists.deliver(keys, post, edge_of=None)
    assert (reached.lists, list(reached.halved)) == (1, [1, 2])
    assert await lists.deliver_shares(keys[1:], post, edge_of=None, survived=[2, 2]) == 1
    found = await lists.read(keys, reading())
    assert [list(source.ids) for source in found] == [[post], [post], []]


async def test_a_share_has_no_edge_posts_that_the_reader_gathers(lists, key):
    await build(lists, key, halvings=1, pulled=frozenset({7}))
    assert await lists.deliver_shares([key], posts_at(0)[0], edge_of=7, survived=[32]) == 0


# Full servers


async def test_a_full_server_forgets_where_it_cannot_put_a_post(lists, bench, key, full):
    posts, other, kept = posts_at(0, 1), f"{key}2", f"{key}3"
    for each in (key, other, kept):
        await build(lists, each, posts[:1], pulled=frozenset({7}))
    async with full(bench):
        reached = await lists.deliver([key, other], posts[1], edge_of=None)
        assert (reached.lists, list(reached.halved)) == (0, [])
        assert [await lists.read_timeline(each, reading()) for each in (key, other)] == [Part()] * 2
        assert (await read(lists, kept)).ids == posts[:1]
    assert await deliver(lists, key, posts[1]) == 0


async def test_a_full_server_forgets_halved_lists_likewise(lists, bench, key, full):
    posts = posts_at(0, 1)
    await build(lists, key, posts[:1], halvings=1)
    async with full(bench):
        assert await lists.deliver_shares([key], posts[1], edge_of=None, survived=[9]) == 0
    assert await lists.read_timeline(key, reading()) == Part()


async def test_a_full_server_forgets_a_list_that_it_cannot_cover(lists, bench, key, full):
    posts = posts_at(0, 1)
    await build(lists, key, posts[:1])
    async with full(bench):
        with pytest.raises(Full):
            await lists.cover(key, "t", Contents(ids=posts[1:], floor=0))
    assert await lists.read_timeline(key, reading()) == Part()


async def test_a_full_server_builds_nothing(lists, bench, key, full):
    await lists.begin([key], "t")
    async with full(bench):
        for refused in (
            lists.begin([f"{key}2"], "t"),
            lists.finish({key: Contents(ids=posts_at(0), floor=0)}, "t", idle_s=None),
        ):
            with pytest.raises(Full):
                await refused
        await lists.abandon(key, "t")
    assert await lists.begin([key, f"{key}2"], "u") == [Beginning.BEGUN] * 2


# Covering


async def test_covering_adds_by_time_and_never_evicts_newer_posts(lists, key):
    posts = posts_at(*range(CAP + 2))
    await build(lists, key, posts[3:], token="t")
    assert await lists.cover(key, "t", Contents(ids=posts[:3], floor=0, seq=2))
    part = await lists.read_timeline(key, reading())
    assert part.source == Source(ids=posts[2:][::-1], floor=posts[1])
    assert part.seq == 2


async def test_covering_raises_what_it_says_and_lowers_nothing(lists, key):
    posts = posts_at(0, 1, 2, 3)
    await build(lists, key, posts, token="t", floor=posts[1], seq=5, halvings=2)
    for floor in (0, posts[0]):
        lower = Contents(ids=posts[:1], floor=floor, seq=4, halvings=1)
        assert await lists.cover(key, "t", lower)
        part = await lists.read_timeline(key, reading())
        assert (part.source.floor, part.seq, part.halvings) == (posts[1], 5, 2)
        assert list(part.source.ids) == [posts[3], posts[2]]
    assert await lists.cover(key, "t", Contents(ids=[], floor=posts[2], seq=6, halvings=3))
    part = await lists.read_timeline(key, reading())
    assert (part.source.floor, part.seq, part.halvings) == (posts[2], 6, 3)
    assert list(part.source.ids) == [posts[3]]


async def test_another_build_is_not_covered(lists, bench, key):
    contents = Contents(ids=posts_at(0), floor=0, seq=9)
    assert not await lists.cover(key, "t", contents)
    await lists.begin([key], "t")
    assert not await lists.cover(key, "t", contents)
    await bench.lose(key)
    await build(lists, key, token="u", seq=1)
    assert not await lists.cover(key, "t", contents)
    part = await lists.read_timeline(key, reading())
    assert (list(part.source.ids), part.seq) == ([], 1)


async def test_an_empty_list_can_be_covered(lists, key):
    await build(lists, key, token="t")
    assert await lists.cover(key, "t", Contents(ids=posts_at(0), floor=0))
    assert (await read(lists, key)).ids == posts_at(0)


# Reading


@pytest.mark.parametrize("offsets_ms", [(0, 1, 2, 3, 4), (0, 0, 0, 0, 0), (0, 1, 1, 1, 2)])
async def test_pages_below_a_post_meet_without_gap_or_overlap(lists, key, offsets_ms):
    posts = posts_at(*offsets_ms)
    await build(lists, key, [posts[place] for place in (3, 0, 4, 1, 2)])
    for at, post in enumerate(posts):
        below = await read(lists, key, before=post, limit=2)
        assert below.ids == posts[max(0, at - 2) : at][::-1]
    assert (await read(lists, key, limit=5)).ids == posts[::-1]
    assert (await read(lists, key, limit=3)).ids == posts[:1:-1]


async def test_below_a_post_that_is_not_in_it_the_page_begins_at_the_next(lists, key):
    posts = posts_at(0, 1, 1, 1, 2)
    await build(lists, key, [posts[0], posts[1], posts[3], posts[4]])
    assert (await read(lists, key, before=posts[2])).ids == [posts[1], posts[0]]


async def test_nothing_lies_below_the_oldest(lists, key):
    posts = posts_at(1, 2)
    await build(lists, key, posts)
    assert await read(lists, key, before=posts[0]) == Source(ids=[], floor=0)
    assert await read(lists, key, before=posts_at(0)[0]) == Source(ids=[], floor=0)


async def test_below_the_floor_nothing_is_read(lists, key):
    posts = posts_at(0, 1, 1, 2)
    await build(lists, key, [posts[3]], floor=posts[2])
    for before in posts[:3]:
        assert await read(lists, key, before=before) == Source(ids=[], floor=posts[2])
    assert (await read(lists, key, before=posts[3])).ids == []


async def test_a_timeline_tells_what_it_knows_about_itself(lists, key):
    await build(lists, key, token="t", seq=7, halvings=2, pulled=frozenset({3, 4}))
    part = await lists.read_timeline(key, reading())
    assert (part.build, part.seq, part.halvings) == ("t", 7, 2)
    assert part.pulled == {3, 4}
    assert part.edges_age_s is not None
    assert 0 <= part.edges_age_s < 5


async def test_that_nobody_is_gathered_is_a_choice_too(lists, key):
    await build(lists, key, pulled=frozenset())
    part = await lists.read_timeline(key, reading())
    assert part.edges_age_s is not None
    assert part.pulled == frozenset()


async def test_without_a_choice_of_authors_its_age_is_unknown(lists, key):
    await build(lists, key)
    assert (await lists.read_timeline(key, reading())).edges_age_s is None


async def test_a_timeline_is_as_old_as_the_beginning_of_its_build(lists, bench, key):
    await lists.begin([key], "t")
    await bench.let_pass(key, 90.0)
    assert await finish(lists, key, "t")
    assert await lists.cover(key, "t", Contents(ids=posts_at(0), floor=0))
    assert 90 <= (await lists.read_timeline(key, reading())).age_s < 95
    await lists.begin([key], "u", replacing="t")
    await finish(lists, key, "u")
    assert 0 <= (await lists.read_timeline(key, reading())).age_s < 5


async def test_reads_are_counted_over_rebuilds(lists, key):
    await build(lists, key, token="t")
    for _ in range(3):
        part = await lists.read_timeline(key, reading())
    await lists.begin([key], "u", replacing=part.build)
    assert (await lists.read_timeline(key, reading())).reads == 3  # of none that served
    await finish(lists, key, "u")
    part = await lists.read_timeline(key, reading())
    assert part.reads == 4
    assert 0 < part.read_for_s < 5


# Forgetting


async def test_a_post_that_is_removed_is_gone(lists, key):
    posts, other = posts_at(0, 1), f"{key}2"
    await build(lists, key, posts)
    await build(lists, other, posts[:1])
    await lists.remove([key, other, f"{key}3"], posts[0])
    found = await lists.read([key, other], reading())
    assert [list(source.ids) for source in found] == [[posts[1]], []]
    assert [source.floor for source in found] == [0, 0]


async def test_a_list_whose_last_post_was_removed_takes_in_the_next(lists, key):
    posts = posts_at(0, 1)
    await build(lists, key, posts[:1])
    await lists.remove([key], posts[0])
    assert await deliver(lists, key, posts[1]) == 1
    assert await read(lists, key) == Source(ids=[posts[1]], floor=0)


async def test_a_list_that_is_dropped_is_not_there(lists, key):
    await build(lists, key, posts_at(0), pulled=frozenset({7}))
    await lists.drop(key)
    assert await deliver(lists, key, *posts_at(1)) == 0
    assert await lists.read_timeline(key, reading()) == Part()


IDLE_S = 0.3


async def test_a_list_that_nobody_reads_is_forgotten_however_much_is_delivered(lists, key):
    posts = posts_at(0, 1, 2)
    await build(lists, key, posts[:1], idle_s=IDLE_S)
    await asyncio.sleep(IDLE_S / 2)
    assert await deliver(lists, key, posts[1]) == 1
    await asyncio.sleep(IDLE_S / 2 + 0.05)
    assert await deliver(lists, key, posts[2]) == 0
    assert (await read(lists, key)).floor == NOWHERE.floor


async def test_a_list_that_is_read_stays(lists, key):
    await build(lists, key, posts_at(0), idle_s=IDLE_S)
    for _ in range(3):
        await asyncio.sleep(IDLE_S / 2)
        assert (await read(lists, key, idle_s=IDLE_S)).ids == posts_at(0)
    for _ in range(3):
        await asyncio.sleep(IDLE_S / 2)
        part = await lists.read_timeline(key, reading(idle_s=IDLE_S))
        assert list(part.source.ids) == posts_at(0)


async def test_a_list_that_is_read_for_good_stays_for_good(lists, key):
    await build(lists, key, posts_at(0), idle_s=IDLE_S)
    await read(lists, key, idle_s=None)
    await asyncio.sleep(IDLE_S + 0.05)
    assert (await read(lists, key)).ids == posts_at(0)


async def test_posts_that_come_into_an_empty_list_are_forgotten_with_it(lists, key):
    await build(lists, key, idle_s=IDLE_S)
    await deliver(lists, key, *posts_at(0))
    await asyncio.sleep(IDLE_S + 0.05)
    await lists.begin([key], "u")
    await finish(lists, key, "u")
    assert await read(lists, key) == Source(ids=[], floor=0)


async def test_a_list_kept_for_good_is_forgotten_once_a_delivery_says_so(lists, key):
    posts = posts_at(0, 1, 2)
    await build(lists, key, posts[:1])
    assert (await lists.deliver([key], posts[1], edge_of=None, idle_s=IDLE_S)).lists == 1
    await asyncio.sleep(IDLE_S + 0.05)
    assert await deliver(lists, key, posts[2]) == 0


async def test_no_delivery_moves_the_end_of_a_list_that_has_one(lists, key):
    posts = posts_at(0, 1, 2)
    await build(lists, key, posts[:1], idle_s=IDLE_S)
    for post in posts[1:]:
        await lists.deliver([key], post, edge_of=None, idle_s=100 * IDLE_S)
    await asyncio.sleep(IDLE_S + 0.05)
    assert await deliver(lists, key, posts[2]) == 0


async def test_a_delivery_leaves_a_build_its_time(lists, key):
    await lists.begin([key], "t")
    await lists.deliver([key], posts_at(0)[0], edge_of=None, idle_s=0.001)
    await asyncio.sleep(0.01)
    assert await finish(lists, key, "t")


async def test_who_reads_for_good_again_keeps_the_list_for_good(lists, key):
    posts = posts_at(0, 1)
    await build(lists, key, posts[:1])
    await lists.deliver([key], posts[1], edge_of=None, idle_s=IDLE_S)
    await read(lists, key)
    await asyncio.sleep(IDLE_S + 0.05)
    assert (await read(lists, key)).ids == posts[::-1]
