"""Timelines and merged posts over several servers, in both layouts, in memory and on Valkey."""

import pytest

from model.rules.sharding import even_table
from model.rules.timelines import halvings_survived
from reference_impl.timeline.lists import Beginning, Contents, Part, Reading
from reference_impl.timeline.memory import memory_timelines
from reference_impl.timeline.memory_lists import MemoryServer
from reference_impl.timeline.placement import Placement
from reference_impl.timeline.sources import NOWHERE, Source
from reference_impl.timeline.timelines import Timeline

CAP = 6  # of the `store` fixture
SERVERS = 2
TABLE = even_table(SERVERS)


def reading(*, before=None, limit=100):
    return Reading(before=before, limit=limit, idle_s=None)


def users_of_one_server(new_id, count):
    users = [new_id() for _ in range(4 * count)]
    return [user for user in users if TABLE.server_of_id(user) == 0][:count]


async def build(store, user, ids=(), *, token="t", floor=0, **contents):
    await store.timelines.begin(user, token, replacing=None)
    filled = Contents(ids=ids, floor=floor, **contents)
    await store.timelines.finish(user, token, filled, idle_s=None)


async def ids_of(store, user, **asked):
    """Return what all parts of the timeline hold."""
    timeline = await store.timelines.read(user, reading(**asked))
    return sorted((post for part in timeline.parts for post in part.source.ids), reverse=True)


async def deliver(store, post, users, *, author=1, is_edge=False):
    return await store.deliver(post, author_id=author, user_ids=users, is_edge=is_edge)


# Layouts


def test_by_user_all_entries_of_a_timeline_are_on_the_users_server(new_id):
    placement = Placement(TABLE, server_count=SERVERS, by="user")
    user = new_id()
    owner = TABLE.server_of_id(user)
    assert {placement.server_of(new_id(), user) for _ in range(20)} == {owner}
    assert placement.servers_of(user) == [owner]
    assert placement.part_cap(801) == 801


def test_by_post_each_entry_is_on_the_posts_server(new_id):
    placement = Placement(TABLE, server_count=SERVERS, by="post")
    for _ in range(20):
        post = new_id()
        assert placement.server_of(post, new_id()) == TABLE.server_of_id(post)
    assert placement.servers_of(new_id()) == [0, 1]
    assert placement.part_cap(801) == 401


def test_there_is_no_third_layout():
    with pytest.raises(ValueError, match="not by 'author'"):
        Placement(TABLE, server_count=SERVERS, by="author")


async def test_a_part_is_on_every_server_that_the_layout_names(store, new_id, by):
    timeline = await store.timelines.read(new_id(), reading())
    assert len(timeline.parts) == (1 if by == "user" else SERVERS)


# Reading and building


async def test_a_timeline_that_is_not_there_is_not_built(store, new_id):
    timeline = await store.timelines.read(new_id(), reading())
    assert not timeline.is_built
    assert all(part == Part() for part in timeline.parts)


async def test_a_built_timeline_holds_each_post_in_its_part(store, new_id):
    user, posts = new_id(), sorted(new_id() for _ in range(3))
    await build(store, user, posts[::-1])
    timeline = await store.timelines.read(user, reading())
    assert timeline.is_built
    assert sorted(post for part in timeline.parts for post in part.source.ids) == posts
    if len(timeline.parts) > 1:
        for number, part in enumerate(timeline.parts):
            assert {TABLE.server_of_id(post) for post in part.source.ids} <= {number}


async def test_the_floor_of_a_build_holds_for_every_part(store, new_id):
    user, posts = new_id(), sorted(new_id() for _ in range(3))
    await build(store, user, posts, floor=posts[0])
    timeline = await store.timelines.read(user, reading())
    assert {part.source.floor for part in timeline.parts} == {posts[0]}
    assert await ids_of(store, user) == posts[:0:-1]


async def test_who_begins_second_waits(store, new_id):
    user = new_id()
    assert set(await store.timelines.begin(user, "t", replacing=None)) == {Beginning.BEGUN}
    assert set(await store.timelines.begin(user, "u", replacing=None)) == {Beginning.BUSY}
    await store.timelines.abandon(user, "t")
    assert set(await store.timelines.begin(user, "u", replacing=None)) == {Beginning.BEGUN}


async def test_a_timeline_is_replaced_as_it_was_read_and_once(store, new_id):
    user = new_id()
    await build(store, user)
    seen = await store.timelines.read(user, reading())
    assert set(await store.timelines.begin(user, "u", replacing=None)) == {Beginning.BUILT}
    assert set(await store.timelines.begin(user, "u", replacing=seen)) == {Beginning.BEGUN}
    await store.timelines.finish(user, "u", Contents(ids=[], floor=0), idle_s=None)
    assert set(await store.timelines.begin(user, "v", replacing=seen)) == {Beginning.BUILT}


async def test_covering_is_of_the_build_that_was_read(store, new_id):
    user, posts = new_id(), sorted(new_id() for _ in range(3))
    await build(store, user, posts[1:], seq=1)
    seen = await store.timelines.read(user, reading())
    await store.timelines.cover(user, seen, Contents(ids=posts[:1], floor=0, seq=2))
    assert await ids_of(store, user) == posts[::-1]
    assert (await store.timelines.read(user, reading())).seq == 2
    await store.timelines.begin(user, "u", replacing=seen)
    await store.timelines.finish(user, "u", Contents(ids=[], floor=0, seq=1), idle_s=None)
    await store.timelines.cover(user, seen, Contents(ids=posts, floor=0, seq=3))
    assert await ids_of(store, user) == []
    assert (await store.timelines.read(user, reading())).seq == 1


def part_of(**known):
    return Part(source=Source(ids=(), floor=0), **known)


def test_a_timeline_in_parts_covers_what_every_part_covers():
    timeline = Timeline(
        parts=[
            part_of(build="t", seq=5, halvings=0, pulled=frozenset({1}), edges_age_s=3.0),
            part_of(build="u", seq=4, halvings=2, pulled=frozenset({2}), edges_age_s=9.0),
        ]
    )
    assert timeline.is_built
    assert (timeline.seq, timeline.halvings) == (4, 2)
    assert timeline.pulled == {1, 2}
    assert timeline.edges_age_s == 9.0


def test_a_timeline_of_which_a_part_is_missing_is_not_built():
    timeline = Timeline(parts=[part_of(build="t", edges_age_s=3.0), Part()])
    assert not timeline.is_built
    assert timeline.edges_age_s is None


def test_who_has_read_for_a_minute_is_not_taken_for_an_addict():
    assert Part().reads_per_day == 1.0
    assert Part(reads=1, read_for_s=60.0).reads_per_day < 2.1
    assert Part(reads=100, read_for_s=9 * 86_400.0).reads_per_day == pytest.approx(10.1)


def test_the_part_that_knows_a_reader_longest_says_how_often_they_read():
    parts = [part_of(reads=5, read_for_s=1.0), part_of(reads=9, read_for_s=4 * 86_400.0)]
    assert Timeline(parts=parts).reads_per_day == pytest.approx(2.0)


# Deliveries


async def test_one_call_reaches_everybody_named_who_has_a_timeline(store, new_id):
    users, post = users_of_one_server(new_id, 6), new_id()
    for user in users[:4]:
        await build(store, user)
    assert await deliver(store, post, users[1:]) == 3
    found = [await ids_of(store, user) for user in users]
    assert found == [[], [post], [post], [post], [], []]


async def test_a_chunk_is_of_the_server_that_the_store_names(store, new_id, by):
    user, post = new_id(), new_id()
    owner = user if by == "user" else post
    assert store.server_of(post, user) == TABLE.server_of_id(owner)


async def test_an_edge_post_is_left_to_those_who_gather_it(store, new_id):
    author, post = new_id(), new_id()
    pullers = users_of_one_server(new_id, 3)
    await build(store, pullers[0], pulled=frozenset({author}))
    await build(store, pullers[1], pulled=frozenset({author + 1}))
    await build(store, pullers[2])
    assert await deliver(store, post, pullers, author=author, is_edge=True) == 2
    assert [await ids_of(store, user) for user in pullers] == [[], [post], [post]]
    assert await deliver(store, post, pullers, author=author) == 3


async def test_a_halved_reader_gets_their_share_of_others_posts_and_all_their_own(store, new_id):
    [user] = users_of_one_server(new_id, 1)
    await build(store, user, halvings=1)
    posts = sorted(new_id() for _ in range(40))
    lucky = [post for post in posts if halvings_survived(post, user) >= 1]
    assert 0 < len(lucky) < len(posts)
    delivered = {post: await deliver(store, post, [user]) for post in posts}
    assert [post for post in posts if delivered[post]] == lucky
    newer = range(posts[-1] + 1, posts[-1] + 100)
    unlucky = next(post for post in newer if halvings_survived(post, user) < 1)
    assert await deliver(store, unlucky, [user], author=user) == 1
    assert unlucky in await ids_of(store, user)


async def test_what_is_removed_is_gone_from_the_timelines_named(store, new_id):
    users, post = users_of_one_server(new_id, 3), new_id()
    for user in users[:2]:
        await build(store, user, [post])
    await store.remove(post, user_ids=users[1:])
    assert [await ids_of(store, user) for user in users[:2]] == [[post], []]


async def test_a_dropped_timeline_is_gone_with_every_part(store, new_id):
    user, posts = new_id(), [new_id() for _ in range(3)]
    await build(store, user, posts)
    await store.drop(user)
    timeline = await store.timelines.read(user, reading())
    assert [part.build for part in timeline.parts] == [""] * len(timeline.parts)
    assert await ids_of(store, user) == []


async def test_with_the_timeline_goes_what_of_the_user_is_merged(store, new_id):
    user, other = new_id(), new_id()
    await build_merged(store, {user: [new_id()], other: [new_id()]})
    await store.drop(user)
    found = await store.merged.read([user, other], reading())
    assert [found[each] == NOWHERE for each in (user, other)] == [True, False]


async def test_functions_can_be_loaded_again_and_again(store):
    await store.load_functions()
    await store.load_functions()


# Posts kept for merging


async def build_merged(store, lists):
    await store.merged.begin(lists, "t")
    contents = {author: Contents(ids=ids, floor=0) for author, ids in lists.items()}
    await store.merged.finish(contents, "t", idle_s=None)


async def test_posts_are_kept_once_per_author_where_the_list_is_there(store, new_id):
    authors, posts = [new_id() for _ in range(8)], sorted(new_id() for _ in range(8))
    await build_merged(store, {author: [] for author in authors[:6]})
    for author, post in [*zip(authors, posts, strict=True), (authors[0], posts[0])]:
        await store.keep_for_merging(post, author_id=author)
    found = await store.merged.read(authors, reading())
    assert {author: list(source.ids) for author, source in found.items()} == {
        author: [post] if author in authors[:6] else []
        for author, post in zip(authors, posts, strict=True)
    }
    assert [author for author in authors if found[author] == NOWHERE] == authors[6:]


async def test_merged_lists_hold_as_many_posts_in_every_layout(store, new_id):
    author, posts = new_id(), sorted(new_id() for _ in range(CAP + 1))
    await build_merged(store, {author: []})
    for post in posts:
        await store.keep_for_merging(post, author_id=author)
    found = await store.merged.read([author], reading(before=posts[3], limit=2))
    assert (list(found[author].ids), found[author].floor) == ([posts[2], posts[1]], posts[0])


async def test_merged_lists_of_every_server_are_begun_and_abandoned(store, new_id):
    authors = [new_id() for _ in range(8)]
    assert len({TABLE.server_of_id(author) for author in authors}) == SERVERS
    begun = await store.merged.begin(authors, "t")
    assert begun == dict.fromkeys(authors, Beginning.BEGUN)
    assert set((await store.merged.begin(authors, "u")).values()) == {Beginning.BUSY}
    await store.merged.abandon(authors, "t")
    assert set((await store.merged.begin(authors, "u")).values()) == {Beginning.BEGUN}


async def test_nobody_to_merge_costs_nothing(store):
    assert await store.merged.read([], reading()) == {}


async def test_more_lists_than_one_call_takes_are_read_in_several():
    store = memory_timelines(cap=CAP, servers=[MemoryServer()])
    authors = list(range(1, 2_502))
    await build_merged(store, {author: [author] for author in authors})
    found = await store.merged.read(authors, reading())
    assert {author: list(source.ids) for author, source in found.items()} == {
        author: [author] for author in authors
    }


async def test_what_is_removed_is_not_merged_any_more(store, new_id):
    author, posts = new_id(), sorted(new_id() for _ in range(2))
    await build_merged(store, {author: posts})
    await store.remove_merged(posts[1], author_id=author)
    assert list((await store.merged.read([author], reading()))[author].ids) == posts[:1]


async def test_an_author_is_known_who_is_to_be_merged_and_not_for_a_post_that_is_kept(
    store, new_id
):
    authors = [new_id(), new_id()]
    await store.have_merged(authors[0])
    await store.keep_for_merging(new_id(), author_id=authors[1])
    known = (await store.authors.known()).authors
    assert known is not None
    assert known & {*authors} == {authors[0]}
