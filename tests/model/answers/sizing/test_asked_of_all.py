"""Requests that ask every shard: what they leave of each, and that more shards do not help them."""

import pytest

from model.answers.sizing.asked_of_all import asked_of_all
from model.answers.sizing.loads import loads_of
from model.answers.sizing.rates import rates_of
from model.world.reach import reach_of

SEARCHES = {"newsfeed": 0.9, "search": 0.1}
AS_WRITTEN = {"timelines_by": "post", "follows_kept": "follower"}


@pytest.fixture
def role(sized):
    """Return one role of a fleet with these changes."""

    def make(name, **changes):
        return next(each for each in sized(**changes).roles if each.name == name)

    return make


@pytest.fixture
def shares(asked, learnt):
    """Return which share of each load is asked of all, in a scenario with these changes."""

    def make(**changes):
        scenario = asked(**changes)
        reach = reach_of(scenario)
        _, peak = rates_of(scenario, reach)
        return asked_of_all(reach, learnt(), peak, loads_of(reach, learnt(), peak))

    return make


def searched(shards, **fleet):
    return {"traffic": {"mix": SEARCHES}, "fleet": {"search": {"shards": shards}, **fleet}}


@pytest.mark.parametrize("name", ["search", "search_index"])
def test_no_number_of_shards_is_one_that_searches_need(role, name):
    for shards in (16, 32, 64):
        found = role(name, **searched(shards))
        assert not found.needed.is_known
        assert "each search asks every shard: more shards do not help" in found.needed.formula


def test_searches_keep_each_shard_as_busy_however_many_there_are(role):
    busy = [role("search", **searched(n)).resources[0].share.value for n in (1, 16, 64)]
    # A hundred a second at the peak, a millisecond each.
    assert busy == pytest.approx([0.1] * 3)


@pytest.mark.parametrize(("rate", "is_enough"), [(8.64, True), (8.64 * 6, False)])
def test_shards_that_are_all_asked_are_enough_if_each_bears_its_load(role, rate, is_enough):
    traffic = {"mix": SEARCHES, "requests_per_active_day": rate}
    fleet = {"search": {"shards": 16}}
    assert role("search", traffic=traffic, fleet=fleet).is_enough is is_enough


def test_all_of_what_the_index_is_asked_is_asked_of_every_shard_and_nothing_else_is(shares):
    assert shares(**searched(4)) == {"search": 1.0, "search_index": 1.0}


def test_where_timelines_lie_by_post_pages_ask_every_server_and_writes_do_not(shares):
    found = shares(policy=AS_WRITTEN)
    assert set(found) == {"timeline_store", "user_db"}
    assert 0 < found["timeline_store"] < 1
    assert 0 < found["user_db"] < 1


def test_with_as_many_servers_as_are_needed_each_is_as_busy_as_it_may_be(asked, learnt, sized):
    def cores(shards):
        roles = sized(policy=AS_WRITTEN, traffic=PAGES, fleet=fleet(shards)).roles
        store = next(each for each in roles if each.name == "timeline_store")
        return next(each for each in store.resources if each.what == "cores")

    # Few pages, so that each leaves some of a server to the writes of posts.
    few = cores(4)
    assert few.share.value > few.full.value
    needed = few.needed.value
    assert needed > few.members.value * few.share.value / few.full.value, "as if pages were spread"
    enough = cores(round(needed))
    assert enough.share.value == pytest.approx(enough.full.value, rel=0.05)


def fleet(shards):
    return {"timeline_store": {"shards": shards, "replicas": 1}, "machine": {"memory": "9 TB"}}


PAGES = {"mix": {"newsfeed": 0.25, "post": 0.75}}


def test_where_pages_alone_are_too_much_for_each_server_no_number_is_enough(role):
    traffic = {"mix": {"newsfeed": 0.9, "post": 0.1}}
    store = role("timeline_store", policy=AS_WRITTEN, traffic=traffic, fleet=fleet(4))
    assert store.is_enough is False
    assert "each request asks every shard: more shards do not help" in store.needed.formula


@pytest.mark.parametrize("name", ["search", "search_index"])
def test_an_index_does_not_survive_a_lost_zone(role, name):
    found = role(name, **searched(64, zones=3))
    assert found.is_enough
    assert found.survives_a_zone is False
    assert "one copy" in found.needed_less_a_zone.formula
    assert role(name, **searched(64)).survives_a_zone is None  # there is one zone
