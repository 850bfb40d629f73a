"""What only processes would read that are gone is kept for nobody."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import redis
from redis.asyncio import Redis as AsyncRedis

from model.world.scenario import Fleet
from reference_impl.cdn.app import group_of
from reference_impl.chassis.events import MEDIA_EVENTS, USER_EVENTS
from reference_impl.chassis.settings import Settings
from reference_impl.cluster.members import services_of
from reference_impl.cluster.stale_groups import drop_stale_groups, groups_of
from reference_impl.search.feeding import Feed, Pace

FLEET = Fleet.model_validate({"zones": 2, "search": {"shards": 2}})
MEMBERS = services_of(FLEET, Path("/tmp/feedtwin-x"))


@pytest.fixture
def broker(own_valkey):
    with own_valkey() as server, redis.Redis.from_url(server.url) as client:
        yield client, Settings(broker=server.url)


def test_edges_and_shards_of_the_index_have_groups_of_their_own():
    assert groups_of(MEMBERS) == {"edge-cdn-1", "edge-cdn-2", "search-1", "search-2"}


def test_the_groups_have_the_names_by_which_their_processes_read():
    """Else those of processes that are there would be dropped."""
    edges = {group_of(f"cdn-{zone}") for zone in (1, 2)}
    broker, generations = AsyncRedis(), cast("Any", SimpleNamespace(is_new=False))
    feeds = [Feed(broker, generations, stream="s", shard=its, pace=Pace()) for its in (1, 2)]
    assert groups_of(MEMBERS) == edges | {feed._group.group for feed in feeds}


def test_groups_of_processes_that_are_gone_are_dropped_and_no_others(broker):
    client, settings = broker
    for group in ("edge-cdn-2", "edge-cdn-3", "post"):
        client.xgroup_create(MEDIA_EVENTS, group, mkstream=True)
    for group in ("search-1", "search-3", "user"):
        client.xgroup_create(USER_EVENTS, group, mkstream=True)
    assert drop_stale_groups(settings, MEMBERS) == ["edge-cdn-3", "search-3"]
    kept = {
        each["name"] for name in (MEDIA_EVENTS, USER_EVENTS) for each in client.xinfo_groups(name)
    }
    assert kept == {b"edge-cdn-2", b"post", b"search-1", b"user"}


def test_a_broker_without_streams_has_none(broker):
    assert drop_stale_groups(broker[1], MEMBERS) == []
