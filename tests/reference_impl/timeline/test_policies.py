"""What the policy changes about timelines: edges that readers gather themselves, halved shares."""

import asyncio
from collections import Counter

import pytest

from model.rules.influencers import Delivery
from model.rules.policy import FeedPolicy, Strategy
from model.rules.timelines import halvings_survived
from reference_impl.timeline.lists import Reading
from reference_impl.timeline.merged import merged_key
from reference_impl.timeline.scan import FeedSource

PER_EDGE = FeedPolicy(strategy=Strategy.PER_EDGE, push_cost_over_pull_cost=1.0)
GLANCE = Reading(before=None, limit=9, idle_s=None)


async def timeline_of(network, user):
    return await network.store.timelines.read(user, GLANCE)


async def held(network, user):
    """Return what the user's own timeline holds, without what is merged."""
    timeline = await timeline_of(network, user)
    return {post for part in timeline.parts for post in part.source.ids}


# Per edge


@pytest.fixture
def edges(network):
    """Bob posts more than Ann reads; Cat posts less."""
    network.policies.policy = PER_EDGE
    network.follows.follow(network.ANN, network.BOB, network.CAT)
    network.posts.rate_of = {network.BOB: 50.0, network.CAT: 0.1}
    return network


async def post_from_both(network):
    for _ in range(3):
        for author in (network.BOB, network.CAT):
            await network.post(author, delivery=Delivery.EDGE)


async def test_authors_who_post_more_than_the_reader_reads_are_gathered(edges):
    await edges.newest(edges.ANN)
    assert (await timeline_of(edges, edges.ANN)).pulled == {edges.BOB}
    await post_from_both(edges)
    authors = {edges.posts.author_of[post] for post in await held(edges, edges.ANN)}
    assert authors == {edges.CAT}
    assert await edges.newest(edges.ANN) == edges.oracle(edges.ANN)


async def test_an_author_without_a_known_rate_is_pushed(edges):
    edges.follows.follow(edges.ANN, edges.DAN)
    await edges.newest(edges.ANN)
    assert (await timeline_of(edges, edges.ANN)).pulled == {edges.BOB}


async def test_what_pushing_costs_beside_pulling_moves_edges(edges):
    edges.policies.policy = FeedPolicy(strategy=Strategy.PER_EDGE, push_cost_over_pull_cost=1e-3)
    await edges.newest(edges.ANN)
    assert (await timeline_of(edges, edges.ANN)).pulled == frozenset()
    await post_from_both(edges)
    assert await held(edges, edges.ANN) == set(edges.oracle(edges.ANN))


async def test_who_follows_nobody_chooses_from_nobody(edges):
    await edges.newest(edges.DAN)
    timeline = await timeline_of(edges, edges.DAN)
    assert timeline.pulled == frozenset()
    assert timeline.edges_age_s is not None


async def test_an_edge_post_in_mid_build_is_not_missed(edges):
    async def bob_posts():
        await edges.post(edges.BOB, delivery=Delivery.EDGE)

    edges.posts.after_answer = bob_posts
    await edges.newest(edges.ANN)
    edges.posts.after_answer = None
    assert await edges.newest(edges.ANN) == edges.oracle(edges.ANN)


async def test_a_timeline_without_a_choice_of_edges_is_built_anew(edges):
    edges.policies.policy = FeedPolicy()
    await edges.newest(edges.ANN)
    edges.policies.policy = PER_EDGE
    await post_from_both(edges)
    page = await edges.page(edges.ANN)
    assert page.source is FeedSource.BUILT
    assert (await timeline_of(edges, edges.ANN)).pulled == {edges.BOB}
    assert [int(post["post_id"]) for post in page.posts] == edges.oracle(edges.ANN)
    assert (await edges.page(edges.ANN)).source is FeedSource.TIMELINE


async def test_a_choice_of_edges_is_made_anew_when_it_is_old_and_once(edges):
    await edges.newest(edges.ANN)
    edges.posts.rate_of[edges.CAT] = 60.0
    await edges.newest(edges.ANN)
    assert (await timeline_of(edges, edges.ANN)).pulled == {edges.BOB}
    for server in edges.servers:
        for each in server.lists.values():
            if each.edges_at_s is not None:
                each.edges_at_s -= PER_EDGE.edges_fresh_s + 1
    pulls = len(edges.posts.pulls)
    await asyncio.gather(*(edges.newest(edges.ANN) for _ in range(50)))
    assert len(edges.posts.pulls) == pulls + 1
    assert (await timeline_of(edges, edges.ANN)).pulled == {edges.BOB, edges.CAT}


async def test_who_reads_more_is_pushed_more(edges):
    await edges.newest(edges.ANN)
    for server in edges.servers:
        for each in server.lists.values():
            each.reads, each.since_s = 1_000, each.since_s - 9 * 86_400.0
            each.edges_at_s = 0.0
    await edges.newest(edges.ANN)
    assert (await timeline_of(edges, edges.ANN)).pulled == frozenset()


async def test_a_choice_that_is_always_too_old_costs_builds_and_no_page(edges):
    edges.policies.policy = FeedPolicy(strategy=Strategy.PER_EDGE, edges_fresh_s=1e-9)
    await post_from_both(edges)
    for _ in range(3):
        page = await edges.page(edges.ANN)
        assert [int(post["post_id"]) for post in page.posts] == edges.oracle(edges.ANN)
        assert page.source is FeedSource.BUILT


async def test_gathered_authors_are_merged_after_the_strategy_has_changed(edges):
    await edges.newest(edges.ANN)
    await post_from_both(edges)
    edges.policies.policy = FeedPolicy(strategy=Strategy.PUSH)
    for author in (edges.BOB, edges.CAT):
        await edges.post(author)
    page = await edges.page(edges.ANN)
    assert page.source is not FeedSource.PULL
    assert [int(post["post_id"]) for post in page.posts] == edges.oracle(edges.ANN)


async def test_a_gathered_author_who_is_unfollowed_is_not_merged(edges):
    await edges.newest(edges.ANN)
    await post_from_both(edges)
    edges.follows.unfollow(edges.ANN, edges.BOB)
    edges.lose(merged_key(edges.BOB))
    edges.posts.listings.clear()
    assert await edges.newest(edges.ANN) == edges.oracle(edges.ANN)
    assert edges.posts.listings == []


async def test_a_gathered_author_who_is_followed_again_is_whole(edges):
    await edges.newest(edges.ANN)
    edges.follows.unfollow(edges.ANN, edges.BOB)
    await post_from_both(edges)
    edges.follows.follow(edges.ANN, edges.BOB)
    await post_from_both(edges)
    assert await edges.newest(edges.ANN) == edges.oracle(edges.ANN)


# Strategies


async def test_every_switch_of_strategy_leaves_pages_whole(network):
    deliveries = {
        Strategy.PUSH: Delivery.PUSH,
        Strategy.PULL: Delivery.MERGE,
        Strategy.HYBRID: Delivery.PUSH,
        Strategy.PER_EDGE: Delivery.EDGE,
        Strategy.PUSH_ACTIVE: Delivery.PUSH,
    }
    network.follows.follow(network.ANN, network.BOB, network.CAT)
    network.posts.rate_of = {network.BOB: 50.0}
    for before in Strategy:
        for after in Strategy:
            for strategy in (before, after):
                network.policies.policy = FeedPolicy(strategy=strategy)
                for author in (network.BOB, network.CAT):
                    await network.post(author, delivery=deliveries[strategy])
                assert await network.whole_feed(network.ANN) == network.oracle(network.ANN)


# Shares


def halving(followees_max):
    return FeedPolicy(full_feed_followees_max=followees_max)


@pytest.fixture
def halved(network):
    """Ann follows three, twice as many as get everything and a half: she gets every second."""
    network.policies.policy = halving(2)
    network.follows.follow(network.ANN, network.BOB, network.CAT, network.DAN)
    return network


def share_of(network, user, halvings):
    return [
        post
        for post in network.oracle(user)
        if network.posts.author_of[post] == user or halvings_survived(post, user) >= halvings
    ]


@pytest.mark.parametrize("limit", [1, 4, 50])
@pytest.mark.parametrize("is_built_first", [True, False])
async def test_who_follows_many_gets_a_share_of_others_posts(halved, limit, is_built_first):
    if is_built_first:
        await halved.newest(halved.ANN)
    for author in [halved.ANN, halved.BOB, halved.CAT, halved.DAN] * 12:
        await halved.post(author)
    wanted = share_of(halved, halved.ANN, 1)
    shown = await halved.whole_feed(halved.ANN, limit=limit)
    assert shown == wanted
    counts = Counter(halved.posts.author_of[post] for post in shown)
    assert counts[halved.ANN] == 12
    assert 6 < len(shown) - 12 < 30


async def test_only_the_share_is_written(halved):
    await halved.newest(halved.ANN)
    for author in [halved.ANN, halved.BOB] * 20:
        await halved.post(author)
    timeline = await halved.store.timelines.read(
        halved.ANN, Reading(before=None, limit=100, idle_s=None)
    )
    found = {post for part in timeline.parts for post in part.source.ids}
    assert found == set(share_of(halved, halved.ANN, 1))


async def test_the_same_share_comes_by_merging_and_by_pull(halved):
    for author in [halved.BOB, halved.CAT] * 12:
        await halved.post(author, delivery=Delivery.MERGE)
    wanted = share_of(halved, halved.ANN, 1)
    assert await halved.whole_feed(halved.ANN) == wanted
    for server in halved.servers:
        server.is_away = True
    assert await halved.whole_feed(halved.ANN) == wanted


async def test_who_follows_fewer_again_gets_everything_again(halved):
    await halved.newest(halved.ANN)
    for author in [halved.BOB, halved.CAT] * 8:
        await halved.post(author)
    halved.follows.unfollow(halved.ANN, halved.DAN)
    assert await halved.whole_feed(halved.ANN) == halved.oracle(halved.ANN)


async def test_a_larger_share_by_policy_is_given_at_once(halved):
    await halved.newest(halved.ANN)
    for author in [halved.BOB, halved.CAT] * 8:
        await halved.post(author)
    halved.policies.policy = halving(0)
    assert await halved.whole_feed(halved.ANN) == halved.oracle(halved.ANN)
    assert (await halved.page(halved.ANN)).source is FeedSource.TIMELINE


async def test_a_smaller_share_by_policy_needs_no_build_and_is_written_from_then_on(network):
    network.follows.follow(network.ANN, network.BOB, network.CAT, network.DAN)
    await network.newest(network.ANN)
    network.policies.policy = halving(1)
    await network.newest(network.ANN)
    assert (await timeline_of(network, network.ANN)).halvings == 2
    for author in [network.BOB, network.CAT] * 8:
        await network.post(author)
    assert await network.whole_feed(network.ANN) == share_of(network, network.ANN, 2)
    assert len(network.posts.pulls) == 1


async def test_a_share_too_small_for_full_pages_is_still_shown(network):
    network.policies.policy = halving(1)
    others = [network.BOB, network.CAT, network.DAN, network.EVE]
    network.follows.follow(network.ANN, *others)
    for author in others * 40:
        network.write(author)
    wanted = share_of(network, network.ANN, 2)
    pages = await network.feed(network.ANN, limit=10)
    assert [post for page in pages for post in page] == wanted
    assert all(pages)
