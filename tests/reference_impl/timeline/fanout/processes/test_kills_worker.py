"""A worker killed without warning, in the midst of its work: nothing is lost, nothing doubled."""

import asyncio
import random
from dataclasses import replace

import pytest

from reference_impl.timeline.fanout.worker import ABANDONED_S

PATIENCE_S = 30.0
BIG = 1_400
DELIVERY = b"FCALL\r\n$16\r\nfeedtwin_deliver\r\n"  # as it goes over the wire


@pytest.fixture
async def scene(plant, crowd, new_id, follow_service):
    """A big author and a small one, whose followers all have timelines."""
    big, small, *others = crowd(BIG + 42)
    followers_of = {big: others[:BIG], small: others[BIG:]}
    await plant.build([big, small, *others])
    url = await follow_service(followers_of)
    plant.settings = replace(plant.settings, follow_urls=(url,), addresses="")
    return big, small, followers_of


def event_by(make_event, author, followers_of, post):
    return make_event("post.created", post, author, followers=len(followers_of[author]))


async def has_exactly(plant, followers_of, posts_of):
    """Say whether each follower, and author, has each post of the author, and once."""
    expected: dict[int, set[int]] = {}
    for author, posts in posts_of.items():
        for user in [author, *followers_of[author]]:
            expected.setdefault(user, set()).update(posts)
    found = await plant.timelines(expected)
    return found == {user: sorted(posts) for user, posts in expected.items()}


@pytest.mark.parametrize("before", [True, False], ids=["before the server has it", "after"])
@pytest.mark.parametrize("which", ["big", "small"])
async def test_a_worker_killed_in_mid_chunk_is_finished_by_the_next_of_its_name(
    plant, scene, gate, make_event, new_id, before, which
):
    big, small, followers_of = scene
    author = big if which == "big" else small
    post = new_id()
    first, second = plant.settings.timeline_stores
    async with gate(second) as held, asyncio.timeout(PATIENCE_S):
        held.hold(DELIVERY, before=before)
        doomed = await plant.start(timeline_stores=(first, held.url))
        await plant.publish(event_by(make_event, author, followers_of, post))
        await held.reached.wait()
        doomed.kill()
        await doomed.wait()
        assert await plant.left() > 0
        held.open()
        await plant.start(timeline_stores=(first, held.url))
        await plant.drained(posts=1)
    assert await has_exactly(plant, followers_of, {author: [post]})
    assert await plant.records() == {post: 1}


@pytest.mark.verify
async def test_what_nobody_of_that_name_comes_back_for_is_taken_over(
    plant, scene, gate, make_event, new_id
):
    big, _, followers_of = scene
    post = new_id()
    first, second = plant.settings.timeline_stores
    async with gate(second) as held, asyncio.timeout(PATIENCE_S + ABANDONED_S):
        held.hold(DELIVERY, before=True)
        doomed = await plant.start("fanout-1", timeline_stores=(first, held.url))
        await plant.publish(event_by(make_event, big, followers_of, post))
        await held.reached.wait()
        doomed.kill()
        await doomed.wait()
        assert await plant.left() > 0
        await plant.start("fanout-2")
        await plant.drained(posts=1)
    assert await has_exactly(plant, followers_of, {big: [post]})
    assert await plant.records() == {post: 1}


@pytest.mark.verify
async def test_a_worker_killed_at_twenty_random_calls_loses_and_doubles_nothing(
    plant, scene, gate, make_event, new_id
):
    big, small, followers_of = scene
    luck = random.Random(20)
    posts_of: dict[int, list[int]] = {big: [], small: []}
    first, second = plant.settings.timeline_stores
    async with asyncio.timeout(240.0):
        for _ in range(20):
            for author in (big, small, small, big, small):
                posts_of[author].append(post := new_id())
                await plant.publish(event_by(make_event, author, followers_of, post))
            async with gate(second) as held:
                held.hold(DELIVERY, before=luck.random() < 0.5, after=luck.randrange(5))
                worker = await plant.start(timeline_stores=(first, held.url))
                await held.reached.wait()
                worker.kill()
                await worker.wait()
            assert await plant.left() > 0
        await plant.start()
        await plant.drained(posts=100)
    assert await has_exactly(plant, followers_of, posts_of)
    assert await plant.records() == dict.fromkeys([*posts_of[big], *posts_of[small]], 1)
