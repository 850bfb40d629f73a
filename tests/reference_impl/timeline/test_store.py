import asyncio

import pytest
from redis.exceptions import ResponseError

from model.rules.ids import created_ms_of, id_of
from model.rules.sharding import even_table
from reference_impl.timeline.merge_authors import MergeAuthors
from reference_impl.timeline.store import ValkeyTimelineStore, merged_key, timeline_key

CREATED_MS = 1_800_000_000_000
CAP = 6  # of the `store` fixture


def posts_at(*created_ms):
    """Return ascending post ids made at these milliseconds."""
    return [id_of(CREATED_MS + offset_ms, place, 0) for place, offset_ms in enumerate(created_ms)]


async def deliver(store, posts, *user_ids):
    for post in posts:
        await store.deliver(post, user_ids=list(user_ids))


async def test_nothing_was_delivered_to_a_stranger(store, new_id):
    assert await store.timeline(new_id(), before=None, limit=5) == []


async def test_a_timeline_is_newest_first_whatever_the_order_of_arrival(store, new_id):
    user, posts = new_id(), posts_at(0, 1, 2)
    await deliver(store, [posts[1], posts[2], posts[0]], user)
    assert await store.timeline(user, before=None, limit=5) == posts[::-1]


async def test_posts_of_one_millisecond_are_ordered_by_id(store, new_id):
    user, posts = new_id(), posts_at(0, 0, 0, 0)
    await deliver(store, [posts[2], posts[0], posts[3], posts[1]], user)
    assert await store.timeline(user, before=None, limit=5) == posts[::-1]


@pytest.mark.parametrize("offsets_ms", [(0, 1, 2, 3, 4), (0, 0, 0, 0, 0), (0, 1, 1, 1, 2)])
async def test_pages_below_a_post_meet_without_gap_or_overlap(store, new_id, offsets_ms):
    user, posts = new_id(), posts_at(*offsets_ms)
    await deliver(store, posts, user)
    for at, post in enumerate(posts):
        below = await store.timeline(user, before=post, limit=2)
        assert below == posts[max(0, at - 2) : at][::-1]


async def test_below_a_post_that_is_gone_the_page_begins_at_the_next(store, new_id):
    user, posts = new_id(), posts_at(0, 1, 2, 3)
    await deliver(store, [posts[0], posts[1], posts[3]], user)
    assert await store.timeline(user, before=posts[2], limit=5) == [posts[1], posts[0]]


async def test_delivering_twice_is_delivering_once(store, new_id):
    user, posts = new_id(), posts_at(0, 1)
    await deliver(store, [*posts, *posts], user)
    assert await store.timeline(user, before=None, limit=5) == posts[::-1]


async def test_a_timeline_keeps_the_newest(store, new_id):
    user, posts = new_id(), posts_at(*range(CAP + 2))
    await deliver(store, [*posts[1:], posts[0]], user)
    assert await store.timeline(user, before=None, limit=100) == posts[: -CAP - 1 : -1]


async def test_one_call_reaches_everybody_named_and_nobody_else(store, new_id):
    post = new_id()
    users = sorted((new_id() for _ in range(60)), key=even_table(2).server_of_id)
    readers, others = users[:10], users[10:20]  # of one server
    await store.deliver(post, user_ids=readers)
    for reader in readers:
        assert await store.timeline(reader, before=None, limit=5) == [post]
    for other in others:
        assert await store.timeline(other, before=None, limit=5) == []


async def test_merged_posts_are_kept_once_per_author(store, new_id):
    authors = [new_id() for _ in range(5)]
    posts = {author: sorted(new_id() for _ in range(3)) for author in authors}
    for author in authors:
        for post in [*posts[author], posts[author][0]]:
            await store.keep_for_merging(post, author_id=author)
    found = await store.merged_posts([*authors[:4], new_id()], before=None, limit=2)
    wanted = [posts[author][:0:-1] for author in authors[:4]]
    assert sorted(filter(None, found)) == sorted(wanted)


async def test_merged_posts_below_a_post(store, new_id):
    author, posts = new_id(), posts_at(0, 1, 1, 2)
    for post in posts:
        await store.keep_for_merging(post, author_id=author)
    found = await store.merged_posts([author], before=posts[2], limit=5)
    assert found == [[posts[1], posts[0]]]


async def test_nobody_to_merge_costs_nothing(store):
    assert await store.merged_posts([], before=None, limit=5) == []


async def test_an_author_with_merged_posts_is_known(store, new_id):
    author = new_id()
    await store.keep_for_merging(new_id(), author_id=author)
    assert author in await store.merge_authors()


async def test_keys_and_members_are_as_written_down(servers, new_id):
    store, post, user, author = ValkeyTimelineStore(servers, cap=CAP), new_id(), new_id(), new_id()
    await store.deliver(post, user_ids=[user])
    await store.keep_for_merging(post, author_id=author)
    entry = [[post.to_bytes(8, "big"), float(created_ms_of(post))]]
    timeline = f"timeline:{{{user}}}"
    assert timeline_key(user) == timeline
    assert await servers.of_id(user).zrange(timeline, 0, -1, withscores=True) == entry
    merged = f"merged:{{{author}}}"
    assert merged_key(author) == merged
    assert await servers.of_id(author).zrange(merged, 0, -1, withscores=True) == entry
    assert await servers.servers[0].sismember("merge_authors", str(author))


async def test_a_server_that_lost_the_function_gets_it_again(servers, new_id):
    store, post, user = ValkeyTimelineStore(servers, cap=CAP), new_id(), new_id()
    await store.load_function()
    await servers.of_id(user).function_flush()
    await store.deliver(post, user_ids=[user])
    assert await store.timeline(user, before=None, limit=5) == [post]


async def test_what_a_server_refuses_for_another_reason_is_an_error(servers, new_id):
    store, user = ValkeyTimelineStore(servers, cap=CAP), new_id()
    await servers.of_id(user).set(timeline_key(user), "no sorted set")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await store.deliver(new_id(), user_ids=[user])


class CountingServer:
    """Counts how often the set is read."""

    def __init__(self):
        self.reads = 0

    async def smembers(self, key):
        self.reads += 1
        await asyncio.sleep(0)
        return {b"7"}


async def test_the_authors_are_read_once_however_many_ask():
    server = CountingServer()
    authors = MergeAuthors(server)  # type: ignore[arg-type]  # as much of a server as it needs
    assert await asyncio.gather(*(authors.read() for _ in range(9))) == [frozenset({7})] * 9
    assert server.reads == 1


async def test_the_authors_are_read_again_when_a_second_has_passed(monkeypatch):
    server = CountingServer()
    authors = MergeAuthors(server)  # type: ignore[arg-type]  # as much of a server as it needs
    monkeypatch.setattr("reference_impl.timeline.merge_authors.FRESH_S", 0.0)
    await authors.read()
    await authors.read()
    assert server.reads == 2
