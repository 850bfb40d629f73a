"""Follows: the posts there are come in on the next page, and no later one is missed."""

import asyncio

import pytest

from model.rules.policy import FeedPolicy
from reference_impl.timeline.lists import Contents, Reading
from reference_impl.timeline.readers import Need, Reader
from reference_impl.timeline.scan import FeedSource


async def sources_of(network, user, count):
    return [(await network.page(user)).source.value for _ in range(count)]


async def test_a_follow_brings_the_posts_there_are_in_their_place(ann_follows_bob):
    network = ann_follows_bob
    for author in [network.BOB, network.CAT] * 4:
        await network.post(author)
    await network.newest(network.ANN)
    network.follows.follow(network.ANN, network.CAT)
    assert await network.newest(network.ANN) == network.oracle(network.ANN)
    assert network.posts.pulls[1:] == [({network.CAT}, None)]


async def test_a_follow_that_fan_out_does_not_know_yet_misses_nothing(ann_follows_bob):
    network = ann_follows_bob
    await network.newest(network.ANN)
    network.follows.follow(network.ANN, network.CAT, is_mirrored=False)
    await network.post(network.CAT)  # fan-out finds no follower

    async def cat_posts():
        await network.post(network.CAT)

    network.meanwhile(cat_posts)
    await network.newest(network.ANN)
    assert await network.newest(network.ANN) == network.oracle(network.ANN)
    assert len(network.oracle(network.ANN)) == 2


@pytest.mark.parametrize("limit", [1, 3, 20])
async def test_a_follow_never_evicts_newer_posts(network_of, by, limit):
    network = network_of(cap=6, by=by)
    network.follows.follow(network.ANN, network.BOB)
    await network.newest(network.ANN)
    for author in [network.CAT] * 9 + [network.BOB] * 5:
        await network.post(author)
    network.follows.follow(network.ANN, network.CAT)
    wanted = network.oracle(network.ANN)
    page = await network.page(network.ANN, limit=2)
    assert page.source is FeedSource.BUILT
    assert [int(post["post_id"]) for post in page.posts] == wanted[:2]
    assert await network.whole_feed(network.ANN, limit=limit) == wanted


async def test_a_follow_of_who_posts_more_than_a_timeline_keeps_leaves_no_gap(network_of, by):
    network = network_of(cap=4, by=by)
    network.follows.follow(network.ANN, network.BOB)
    await network.newest(network.ANN)
    for author in [network.BOB, network.CAT] * 9:
        await network.post(author)
    network.follows.follow(network.ANN, network.CAT)
    assert await network.whole_feed(network.ANN, limit=2) == network.oracle(network.ANN)


@pytest.mark.parametrize("reads_between", [True, False])
async def test_who_is_followed_again_is_there_with_all_posts(ann_follows_bob, reads_between):
    network = ann_follows_bob
    await network.post(network.BOB)
    await network.newest(network.ANN)
    network.follows.unfollow(network.ANN, network.BOB)
    await network.post(network.BOB)  # brought to nobody
    if reads_between:
        assert await network.newest(network.ANN) == []
    network.follows.follow(network.ANN, network.BOB)
    await network.post(network.BOB)
    assert len(network.oracle(network.ANN)) == 3
    assert await network.newest(network.ANN) == network.oracle(network.ANN)


async def test_a_follow_is_covered_once_however_many_read(ann_follows_bob):
    network = ann_follows_bob
    await network.newest(network.ANN)
    await network.post(network.CAT)
    network.follows.follow(network.ANN, network.CAT)
    pages = await asyncio.gather(*(network.newest(network.ANN) for _ in range(50)))
    assert pages == [network.oracle(network.ANN)] * 50
    assert len(network.posts.pulls) == len(network.follows.mirrors) == 2
    assert await sources_of(network, network.ANN, 2) == ["timeline", "timeline"]


async def test_who_comes_when_a_follow_is_covered_does_not_cover_it_again(ann_follows_bob):
    network = ann_follows_bob
    await network.newest(network.ANN)
    network.follows.follow(network.ANN, network.CAT)
    followees = await network.follows.followees(network.ANN)
    reader = Reader(user_id=network.ANN, followees=followees, policy=FeedPolicy())
    stale = await network.store.timelines.read(
        network.ANN, Reading(before=None, limit=1, idle_s=None)
    )
    assert reader.need_of(stale) is Need.COVER
    builds = network.service._shelves.builds
    for _ in range(3):
        await builds.meet(Need.COVER, reader, stale)
    assert network.follows.mirrors == [(network.ANN, 0), (network.ANN, 1)]


async def test_a_build_by_older_follows_is_not_taken_for_covered(ann_follows_bob):
    """One covers what it read; meanwhile the timeline is lost, and built by an older state."""
    network = ann_follows_bob
    await network.newest(network.ANN)
    for author in (network.CAT, network.DAN):
        await network.post(author)
    network.follows.follow(network.ANN, network.CAT)
    await network.newest(network.ANN)
    network.follows.follow(network.ANN, network.DAN)

    async def lose_and_build_anew():
        network.wipe()
        timelines = network.store.timelines
        await timelines.begin(network.ANN, "older", replacing=None)
        await timelines.finish(network.ANN, "older", Contents(ids=[], floor=0, seq=1), idle_s=None)

    network.meanwhile(lose_and_build_anew)
    assert await network.newest(network.ANN) == network.oracle(network.ANN)
    assert await network.newest(network.ANN) == network.oracle(network.ANN)
    assert len(network.oracle(network.ANN)) == 2


async def test_follows_that_change_on_and_on_leave_pages_whole(ann_follows_bob):
    network = ann_follows_bob
    await network.newest(network.ANN)
    for author in (network.CAT, network.DAN, network.EVE):
        await network.post(author)
    network.follows.follow(network.ANN, network.CAT)
    others = [network.DAN, network.EVE]

    async def ann_follows_another():
        if others:
            network.follows.follow(network.ANN, others.pop())

    network.posts.after_answer = ann_follows_another
    for _ in range(3):
        wanted = network.oracle(network.ANN)  # as of the beginning of the read
        assert await network.newest(network.ANN) == wanted
