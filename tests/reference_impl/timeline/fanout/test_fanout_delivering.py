"""To whom a post is brought, and in which order, one part at a time."""

import asyncio

import pytest

from model.rules.fanouts import ALL_SHARDS, ShardRange
from model.rules.ids import logical_shard_of
from model.rules.influencers import Delivery
from model.rules.sharding import even_table
from model.rules.timelines import FANOUT_CHUNK_MAX
from reference_impl.chassis.errors import Unavailable
from reference_impl.timeline.fanout.delivering import Post, all_of
from reference_impl.timeline.fanout.jobs import Job, Purge, Reach
from reference_impl.timeline.fanout.purging import Purger


def post_by(author, post, delivery=Delivery.PUSH, *, followers=0):
    return Post(post_id=post, author_id=author, delivery=delivery, followers=followers)


def job_of(author, post, *, shards=ALL_SHARDS, is_edge=False, **changes):
    return Job(
        post_id=post,
        author_id=author,
        is_edge=is_edge,
        followers=5_000,
        ranges=1,
        shards=shards,
        created_s=1.5,
        begun_s=2.5,
        **changes,
    )


@pytest.fixture
def begin(floor, fake_store, make_follows):
    """A function that begins the fan-out of a post to these followers."""

    async def begun(post, followers):
        follows = make_follows({post.author_id: followers})
        return await floor.fanout(fake_store, follows).begin(post)

    return begun


async def test_a_pushed_post_reaches_its_author_and_exactly_the_followers(
    begin, fake_store, crowd, new_id
):
    (author, *others), post = crowd(30), new_id()
    followers = others[:20]
    reach, left = await begin(post_by(author, post, followers=20), followers)
    assert fake_store.readers_of(post) == sorted([author, *followers])
    assert reach == Reach(followers=20, delivered=21, skipped=0, calls=2)
    assert left == []


async def test_a_pushed_post_is_kept_for_nobody(begin, fake_store, crowd, new_id):
    author, follower = crowd(2)
    await begin(post_by(author, new_id(), followers=1), [follower])
    assert not fake_store.merged


async def test_the_author_is_among_the_first_to_have_the_post(begin, fake_store, crowd, new_id):
    author, *followers = crowd(20)
    await begin(post_by(author, new_id(), followers=19), followers)
    assert any(users[0] == author for _, _, users in fake_store.calls)


async def test_an_author_without_followers_has_the_post(begin, fake_store, new_id):
    author, post = new_id(), new_id()
    reach, left = await begin(post_by(author, post), [])
    assert fake_store.readers_of(post) == [author]
    assert (reach, left) == (Reach(delivered=1, calls=1), [])


async def test_who_has_no_timeline_is_counted_as_skipped(begin, fake_store, crowd, new_id):
    author, *followers = crowd(11)
    fake_store.absent = set(followers[:4])
    reach, _ = await begin(post_by(author, new_id(), followers=10), followers)
    assert (reach.delivered, reach.skipped) == (7, 4)


async def test_a_merged_post_is_in_its_authors_timeline_and_kept_for_all(
    begin, fake_store, crowd, new_id
):
    (author, *followers), post = crowd(5), new_id()
    reach, left = await begin(post_by(author, post, Delivery.MERGE, followers=50_000), followers)
    kinds = [kind for kind, _, _ in fake_store.calls]
    assert kinds == ["deliver", "keep", "merge"]
    assert fake_store.merged == {author: [post]}
    assert reach == Reach(delivered=1, calls=2)
    assert left == []


async def test_nobody_asks_who_follows_the_author_of_a_merged_post(
    floor, fake_store, make_follows, new_id
):
    author, follows = new_id(), make_follows({})
    post = post_by(author, new_id(), Delivery.MERGE)
    await floor.fanout(fake_store, follows).begin(post)
    assert follows.pages == []


async def test_an_edge_post_is_kept_before_it_is_brought_to_those_who_do_not_gather_it(
    begin, fake_store, crowd, new_id
):
    (author, *followers), post = crowd(9), new_id()
    await begin(post_by(author, post, Delivery.EDGE, followers=8), followers)
    kinds = [kind for kind, _, _ in fake_store.calls]
    assert kinds[:2] == ["deliver", "keep"]
    assert set(kinds[2:]) == {"edge"}
    assert fake_store.calls[0] == ("deliver", post, (author,))
    assert fake_store.readers_of(post) == sorted([author, *followers])


async def test_a_big_edge_post_is_kept_before_any_follower_is_left_to_the_ranges(
    begin, fake_store, new_id
):
    author, post = new_id(), new_id()
    _, left = await begin(post_by(author, post, Delivery.EDGE, followers=5_000), [])
    assert [kind for kind, _, _ in fake_store.calls] == ["deliver", "keep"]
    assert left


@pytest.mark.parametrize("followers", [FANOUT_CHUNK_MAX, FANOUT_CHUNK_MAX - 1, 500])
async def test_as_many_as_a_chunk_holds_are_reached_at_once(
    begin, fake_store, crowd, new_id, followers
):
    author, *others = crowd(followers + 1)
    reach, left = await begin(post_by(author, new_id(), followers=followers), others)
    assert (reach.followers, left) == (followers, [])


@pytest.mark.parametrize(
    ("followers", "pages"), [(FANOUT_CHUNK_MAX, 2), (FANOUT_CHUNK_MAX - 1, 1), (0, 1)]
)
async def test_only_a_full_page_of_followers_is_asked_for_more(
    floor, fake_store, make_follows, crowd, new_id, followers, pages
):
    author, *others = crowd(followers + 1)
    follows = make_follows({author: others})
    await floor.fanout(fake_store, follows).begin(post_by(author, new_id(), followers=followers))
    assert len(follows.pages) == pages


async def test_more_are_left_to_ranges_and_the_author_has_the_post_at_once(
    begin, fake_store, new_id
):
    author, post = new_id(), new_id()
    reach, left = await begin(post_by(author, post, followers=3_500), [])
    assert fake_store.calls == [("deliver", post, (author,))]
    assert reach == Reach(delivered=1, calls=1)
    assert [str(part) for part in left] == ["0-1023", "1024-2047", "2048-3071", "3072-4095"]


async def test_more_followers_than_were_counted_are_left_to_ranges_too(
    begin, fake_store, crowd, new_id
):
    author, *followers = crowd(FANOUT_CHUNK_MAX + 2)
    _, left = await begin(post_by(author, new_id(), followers=900), followers)
    assert len(left) == 2


async def test_a_chunk_reaches_the_next_followers_of_its_range(
    floor, fake_store, make_follows, crowd, new_id
):
    author, *followers = crowd(3_001)
    fanout = floor.fanout(fake_store, make_follows({author: followers}))
    shards = ShardRange(0, 2_047)
    inside = sorted(
        (user for user in followers if logical_shard_of(user) <= 2_047),
        key=lambda user: (logical_shard_of(user), user),
    )
    job = job_of(author, new_id(), shards=shards)
    reach, last = await fanout.chunk(job)
    assert fake_store.calls == [("deliver", job.post_id, tuple(inside[:FANOUT_CHUNK_MAX]))]
    assert last == inside[FANOUT_CHUNK_MAX - 1]
    assert reach == Reach(followers=1_000, delivered=1_000, calls=1)


async def test_a_range_ends_with_a_page_that_is_not_full(
    floor, fake_store, make_follows, crowd, new_id
):
    author, *followers = crowd(10)
    fanout = floor.fanout(fake_store, make_follows({author: followers}))
    reach, last = await fanout.chunk(job_of(author, new_id()))
    assert (reach.followers, last) == (9, None)


async def test_a_range_without_followers_costs_no_call(floor, fake_store, make_follows, new_id):
    reach, last = await floor.fanout(fake_store, make_follows({})).chunk(job_of(1, new_id()))
    assert (reach, last) == (Reach(), None)


async def test_a_chunk_of_an_edge_post_leaves_out_those_who_gather_it(
    floor, fake_store, make_follows, crowd, new_id
):
    author, follower = crowd(2)
    fanout = floor.fanout(fake_store, make_follows({author: [follower]}))
    await fanout.chunk(job_of(author, new_id(), is_edge=True))
    assert [kind for kind, _, _ in fake_store.calls] == ["edge"]


async def test_a_post_done_twice_is_done_once(begin, fake_store, crowd, new_id):
    author, *followers = crowd(9)
    post = post_by(author, new_id(), followers=8)
    assert await begin(post, followers) == await begin(post, followers)
    assert fake_store.readers_of(post.post_id) == sorted([author, *followers])


async def test_what_goes_wrong_at_one_server_is_raised_when_the_others_have_answered(
    begin, fake_store, crowd, new_id
):
    author, *followers = crowd(20)
    fake_store.failures = [Unavailable("timeline_store did not answer in time")]
    with pytest.raises(Unavailable):
        await begin(post_by(author, new_id(), followers=19), followers)
    assert len(fake_store.calls) == 1


async def test_all_of_waits_for_every_call_before_it_raises():
    ended = []

    async def fail():
        raise ZeroDivisionError

    async def work():
        await asyncio.sleep(0.001)
        ended.append(1)

    with pytest.raises(ZeroDivisionError):
        await all_of([fail(), work()])
    assert ended == [1]


@pytest.mark.parametrize(
    ("delivery", "kinds"),
    [
        (Delivery.PUSH, {"remove"}),
        (Delivery.MERGE, {"remove", "remove merged"}),
        (Delivery.EDGE, {"remove", "remove merged"}),
    ],
)
async def test_a_deleted_post_is_taken_out_of_where_it_was_put(
    fake_store, make_follows, crowd, new_id, delivery, kinds
):
    (author, *followers), post = crowd(9), new_id()
    purger = Purger(
        store=fake_store, follows=make_follows({author: followers}), owners=even_table(2).owners
    )
    left = await purger.chunk(Purge(post_id=post, author_id=author, delivery=delivery))
    assert left is None
    assert {kind for kind, _, _ in fake_store.calls} == kinds
    removed = {u for kind, _, users in fake_store.calls if kind == "remove" for u in users}
    assert removed == ({author} if delivery is Delivery.MERGE else {author, *followers})


async def test_a_purge_goes_on_after_the_last_reader_of_a_full_page(
    fake_store, make_follows, crowd, new_id
):
    author, *followers = crowd(FANOUT_CHUNK_MAX + 51)
    purger = Purger(
        store=fake_store, follows=make_follows({author: followers}), owners=even_table(2).owners
    )
    purge = Purge(post_id=new_id(), author_id=author, delivery=Delivery.PUSH)
    rest = await purger.chunk(purge)
    assert rest is not None
    fake_store.calls.clear()
    assert await purger.chunk(rest) is None
    assert sum(len(users) for _, _, users in fake_store.calls) == 50


def test_a_job_is_read_as_it_was_written():
    job = job_of(2**62 + 1, 2**62 + 3, shards=ShardRange(5, 6), is_edge=True, after=2**62 + 5)
    job = job.continued(2**62 + 7, Reach(followers=1, delivered=2, skipped=3, calls=4, cpu_ns=5))
    fields = {name.encode(): text.encode() for name, text in job.to_fields().items()}
    assert Job.from_fields(fields) == job


def test_a_purge_is_read_as_it_was_written():
    purge = Purge(post_id=2**62 + 1, author_id=2**62 + 3, delivery=Delivery.EDGE, after=2**62 + 5)
    fields = {name.encode(): text.encode() for name, text in purge.to_fields().items()}
    assert Purge.from_fields(fields) == purge


def test_reaches_add_up_field_by_field():
    one = Reach(followers=1, delivered=2, skipped=3, calls=4, cpu_ns=5)
    assert one + one == Reach(followers=2, delivered=4, skipped=6, calls=8, cpu_ns=10)


@pytest.mark.parametrize(
    ("missing", "error"),
    [("post_id", KeyError), ("user_id", KeyError), ("delivery", KeyError)],
)
def test_an_event_that_misses_a_field_is_refused(make_event, missing, error):
    event = make_event("post.created", 1, 2)
    body = {name: value for name, value in event.body.items() if name != missing}
    with pytest.raises(error):
        Post.of(type(event)(event_id="1", kind=event.kind, at_s=0.0, body=body))
