"""Newsfeeds while a part of the system is away: whole by other means, or refused; never empty."""

import pytest

from model.rules.influencers import Delivery
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.keyvalue import ShardedValkey
from reference_impl.chassis.policies import FixedPolicy
from reference_impl.timeline.scan import FeedSource
from reference_impl.timeline.service import TimelineService
from reference_impl.timeline.store import STATION, valkey_timelines


@pytest.fixture
async def busy(network):
    """A network in which Ann reads what Bob pushes and what Cat has merged."""
    network.follows.follow(network.ANN, network.BOB, network.CAT)
    for _ in range(5):
        await network.post(network.BOB)
        await network.post(network.CAT, delivery=Delivery.MERGE)
    await network.newest(network.ANN)
    return network


@pytest.mark.parametrize("away", [{0, 1}, {0}, {1}])
@pytest.mark.parametrize("limit", [1, 3, 20])
async def test_without_timeline_servers_every_page_is_whole(busy, away, limit):
    for number in away:
        busy.servers[number].is_away = True
    assert await busy.whole_feed(busy.ANN, limit=limit) == busy.oracle(busy.ANN)


async def test_a_page_without_timeline_says_so(busy):
    for server in busy.servers:
        server.is_away = True
    page = await busy.page(busy.ANN)
    assert page.source is FeedSource.PULL
    assert page.is_without_store


async def test_a_page_from_the_timeline_says_so(busy):
    page = await busy.page(busy.ANN)
    assert page.source is FeedSource.TIMELINE
    assert not page.is_without_store


async def test_a_server_that_goes_away_in_mid_page_is_done_without(busy):
    hydrate = busy.posts.posts

    async def hydrate_and_lose(post_ids):
        for server in busy.servers:
            server.is_away = True
        return await hydrate(post_ids)

    busy.posts.posts = hydrate_and_lose
    busy.posts.deleted |= set(busy.oracle(busy.ANN)[1:6])
    page = await busy.page(busy.ANN, limit=3)
    assert [int(post["post_id"]) for post in page.posts] == busy.oracle(busy.ANN)[:3]
    assert page.is_without_store


async def test_when_the_servers_are_back_empty_timelines_are_built_again(busy):
    for server in busy.servers:
        server.is_away = True
    await busy.page(busy.ANN)
    for server in busy.servers:
        server.is_away = False
        server.wipe()
    page = await busy.page(busy.ANN)
    assert page.source is FeedSource.BUILT
    assert [int(post["post_id"]) for post in page.posts] == busy.oracle(busy.ANN)


async def test_an_own_post_cannot_be_shown_while_its_server_is_away(busy):
    for server in busy.servers:
        server.is_away = True
    with pytest.raises(Unavailable):
        await busy.service.show_own(busy.ANN, busy.write(busy.ANN))


@pytest.mark.parametrize("neighbour", ["follows", "posts"])
async def test_without_a_neighbour_the_page_is_refused(busy, neighbour):
    getattr(busy, neighbour).is_away = True
    with pytest.raises(Unavailable):
        await busy.page(busy.ANN)


async def test_a_timeline_that_cannot_be_built_does_not_keep_the_page_back(busy):
    """The mirror of a pair is on another server than the pair itself, and may be away alone."""
    busy.wipe()

    async def away(user_id, *, since):
        raise Unavailable("user_db-2 did not answer in time")

    busy.follows.mirror = away
    page = await busy.page(busy.ANN)
    assert [int(post["post_id"]) for post in page.posts] == busy.oracle(busy.ANN)
    assert page.source is FeedSource.PULL


async def test_a_full_server_gives_whole_pages_of_timelines_it_has_not(network, own_valkey):
    network.follows.follow(network.ANN, network.BOB)
    wanted = [await network.post(network.BOB) for _ in range(3)][::-1]
    with own_valkey() as server:
        async with ShardedValkey([server.url], station=STATION) as servers:
            service = TimelineService(
                store=valkey_timelines(servers, cap=9),
                follows=network.follows,
                posts=network.posts,
                policies=FixedPolicy(),
                cap=9,
                merge_authors_fresh_s=0.0,
            )
            first = await service.newsfeed(network.BOB, before=None, limit=9)
            await servers.servers[0].config_set("maxmemory", "1")
            second = await service.newsfeed(network.ANN, before=None, limit=9)
            kept = await service.newsfeed(network.BOB, before=None, limit=9)
    assert [int(post["post_id"]) for post in second.posts] == wanted
    assert (first.source, second.source) == (FeedSource.BUILT, FeedSource.PULL)
    assert (kept.source, kept.posts) == (FeedSource.TIMELINE, first.posts)


async def test_a_server_killed_and_started_again_loses_nothing(network, own_valkey):
    network.follows.follow(network.ANN, network.BOB)
    wanted = [await network.post(network.BOB) for _ in range(3)][::-1]
    sources = []
    with own_valkey() as server:
        async with ShardedValkey([server.url], station=STATION) as servers:
            service = TimelineService(
                store=valkey_timelines(servers, cap=9),
                follows=network.follows,
                posts=network.posts,
                policies=FixedPolicy(),
                cap=9,
                merge_authors_fresh_s=0.0,
            )

            async def read():
                page = await service.newsfeed(network.ANN, before=None, limit=9)
                assert [int(post["post_id"]) for post in page.posts] == wanted
                sources.append(page.source.value)

            await read()
            server.kill()
            await read()
            server.start()
            await read()
            await read()
    assert sources == ["built", "pull", "built", "timeline"]
