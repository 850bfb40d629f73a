"""What the lists on Valkey are made of, and how they bear the loss of any of it."""

import time

import pytest
from prometheus_client import REGISTRY
from redis.exceptions import ResponseError

from model.rules.ids import created_ms_of, id_of
from reference_impl.chassis.errors import Full
from reference_impl.timeline.lists import OUTDATED_S, Beginning, Contents, Part, Reading
from reference_impl.timeline.merged import merged_key
from reference_impl.timeline.sources import NOWHERE
from reference_impl.timeline.store import Functions, ValkeyLists, pulled_key, state_key
from reference_impl.timeline.timelines import timeline_key

CREATED_MS = 1_800_000_000_000
POSTS = [id_of(CREATED_MS + offset, 0, 0) for offset in range(9)]
ALL = Reading(before=None, limit=100, idle_s=None)
CAP = 6


@pytest.fixture
def lists(valkey_bench):
    return valkey_bench.lists


@pytest.fixture
def server(valkey_bench):
    return valkey_bench.valkey


@pytest.fixture
def key(new_id):
    return timeline_key(new_id())


async def build(lists, key, ids=(), *, token="t", idle_s=None, **contents):
    await lists.begin([key], token)
    filled = {key: Contents(ids=ids, floor=0, **contents)}
    assert await lists.finish(filled, token, idle_s=idle_s) == [True]


async def is_nowhere(lists, key):
    [source] = await lists.read([key], ALL)
    return source == NOWHERE


# What is written down


def test_keys_are_as_written_down():
    assert timeline_key(7) == "timeline:{7}"
    assert merged_key(7) == "merged:{7}"
    assert state_key("timeline:{7}") == "timeline:{7}:state"
    assert pulled_key("timeline:{7}") == "timeline:{7}:pulled"


async def test_members_and_state_are_as_written_down(lists, server, key):
    posts = POSTS[: CAP + 1]
    await build(lists, key, posts, seq=3, halvings=1, pulled=frozenset({8}))
    entries = await server.zrange(key, 0, -1, withscores=True)
    assert entries == [[post.to_bytes(8, "big"), float(created_ms_of(post))] for post in posts[1:]]
    assert await server.smembers(pulled_key(key)) == {b"8"}
    state = await server.hgetall(state_key(key))
    assert float(state.pop(b"edges_at")) == pytest.approx(float(state.pop(b"since")), abs=5)
    assert int(state.pop(b"begun")) == pytest.approx(time.time(), abs=5)
    assert state == {
        b"built": b"t",
        b"floor": posts[0].to_bytes(8, "big"),
        b"filled": b"1",
        b"seq": b"3",
        b"halvings": b"1",
        b"pulled": b"1",
        b"reads": b"0",
    }


async def test_nothing_at_or_below_the_floor_takes_up_room(lists, server, key):
    await lists.begin([key], "t")
    contents = {key: Contents(ids=POSTS[:5], floor=POSTS[2])}
    await lists.finish(contents, "t", idle_s=None)
    for post in POSTS[:3]:
        assert (await lists.deliver([key], post, edge_of=None)).lists == 0
    assert await server.zcard(key) == 2


async def test_everything_of_a_list_ends_at_one_instant(lists, server, key):
    await build(lists, key, idle_s=100.0, pulled=frozenset({8}))
    await lists.deliver([key], POSTS[0], edge_of=None)  # what makes the sorted set
    names = (key, state_key(key), pulled_key(key))
    assert len({await server.pexpiretime(name) for name in names}) == 1
    await lists.read([key], Reading(before=None, limit=1, idle_s=200.0))
    ends = {await server.pexpiretime(name) for name in names}
    assert len(ends) == 1
    assert 190 < await server.ttl(key) <= 200
    await lists.read([key], ALL)
    assert {await server.ttl(name) for name in names} == {-1}


async def test_an_abandoned_build_is_forgotten_in_the_end(lists, server, key):
    await lists.begin([key], "t")
    await lists.deliver([key], POSTS[0], edge_of=None)
    assert 90 < await server.ttl(key) <= 100
    assert await server.pexpiretime(key) == await server.pexpiretime(state_key(key))


@pytest.mark.parametrize("count", [999, 1_000, 1_001, 5_000])
async def test_the_longest_list_is_built_and_covered_in_one_call(valkey_bench, key, count):
    lists = ValkeyLists(Functions(valkey_bench.valkey), cap=5_000)
    posts = [id_of(CREATED_MS + place // 2, place % 2, 0) for place in range(2 * count)]
    await build(lists, key, posts[::2])
    await lists.cover(key, "t", Contents(ids=posts[1::2], floor=0))
    [source] = await lists.read([key], Reading(before=None, limit=10_000, idle_s=None))
    assert list(source.ids) == posts[: -5_001 if count == 5_000 else None : -1]


# Losses of a part of a list, as by eviction


async def test_a_list_whose_posts_are_gone_is_nowhere(lists, server, key):
    await build(lists, key, POSTS[:2])
    await server.delete(key)
    assert await is_nowhere(lists, key)
    assert await lists.begin([key], "u") == [Beginning.BEGUN]


async def test_a_timeline_whose_posts_are_gone_is_not_there(lists, server, key):
    await build(lists, key, POSTS[:2], seq=4)
    await server.delete(key)
    assert await lists.read_timeline(key, ALL) == Part()


async def test_a_timeline_whose_pulled_authors_are_gone_is_not_there(lists, server, key):
    await build(lists, key, POSTS[:2], pulled=frozenset({7, 8}))
    await server.delete(pulled_key(key))
    assert await lists.read_timeline(key, ALL) == Part()


async def test_what_is_delivered_to_a_list_whose_posts_are_gone_does_not_hide_it(
    lists, server, key
):
    await build(lists, key, POSTS[:2])
    await server.delete(key)
    assert (await lists.deliver([key], POSTS[2], edge_of=None)).lists == 0
    assert await is_nowhere(lists, key)
    assert not await server.exists(key)


async def test_posts_that_are_gone_while_it_is_built_end_the_build(lists, server, key):
    await lists.begin([key], "t")
    await lists.deliver([key], POSTS[0], edge_of=None)
    await server.delete(key)
    assert await lists.finish({key: Contents(ids=[], floor=0)}, "t", idle_s=None) == [False]
    assert await lists.begin([key], "u") == [Beginning.BEGUN]


async def test_a_list_whose_posts_are_gone_is_not_covered(lists, server, key):
    await build(lists, key, POSTS[:2])
    await server.delete(key)
    assert not await lists.cover(key, "t", Contents(ids=POSTS[:1], floor=0))
    assert await is_nowhere(lists, key)


async def test_a_list_without_state_is_nowhere(lists, server, key):
    await build(lists, key, POSTS[:2])
    await server.delete(state_key(key))
    assert await is_nowhere(lists, key)
    await build(lists, key, POSTS[2:3], token="u")
    [source] = await lists.read([key], ALL)
    assert list(source.ids) == [POSTS[2]]


# Servers


async def test_a_server_that_lost_the_functions_gets_them_again(lists, server, key):
    await server.function_flush()
    await build(lists, key, POSTS[:1])
    await server.function_flush()
    assert (await lists.deliver([key], POSTS[1], edge_of=None)).lists == 1


async def test_functions_are_loaded_before_they_are_needed(lists, server):
    await server.function_flush()
    await lists.load_functions()
    await lists.load_functions()
    [library] = await server.function_list("feedtwin")
    names = {each[b"name"].decode() for each in library[b"functions"]}
    assert {"feedtwin_read", "feedtwin_deliver", "feedtwin_finish"} <= names


async def test_many_builds_finish_on_a_server_that_lost_the_functions(lists, server, key):
    keys = [key, f"{key}2"]
    await lists.begin(keys, "t")
    await server.function_flush()
    contents = {each: Contents(ids=POSTS[:1], floor=0) for each in keys}
    assert await lists.finish(contents, "t", idle_s=None) == [True, True]


async def test_what_a_server_refuses_for_another_reason_is_an_error(lists, server, key):
    await server.set(state_key(key), "no hash")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await lists.deliver([key], POSTS[0], edge_of=None)


async def test_a_full_server_can_be_read_and_freed(lists, valkey_bench, key, full):
    await build(lists, key, POSTS[:2])
    async with full(valkey_bench):
        part = await lists.read_timeline(key, ALL)
        assert list(part.source.ids) == POSTS[1::-1]
        assert (await lists.read([key], ALL))[0] == part.source
        await lists.remove([key], POSTS[0])
        assert list((await lists.read([key], ALL))[0].ids) == [POSTS[1]]
        await lists.drop(key)
        assert await is_nowhere(lists, key)


async def test_a_full_server_gives_up_builds(lists, valkey_bench, key, full):
    await lists.begin([key], "t")
    async with full(valkey_bench):
        await lists.abandon(key, "t")
    assert await lists.begin([key], "u") == [Beginning.BEGUN]


async def test_a_full_server_that_lost_the_functions_forgets_what_it_cannot_be_brought(
    lists, server, valkey_bench, key, full
):
    await build(lists, key, POSTS[:2], pulled=frozenset({8}))
    await server.function_flush()
    async with full(valkey_bench):
        with pytest.raises(Full, match="takes nothing in"):
            await lists.load_functions()
        assert (await lists.deliver([key], POSTS[2], edge_of=None)).lists == 0
    assert await server.exists(key, state_key(key), pulled_key(key)) == 0


async def test_what_a_full_server_forgets_is_counted_and_said(
    lists, valkey_bench, key, caplog, full
):
    await build(lists, key, POSTS[:2])
    counted = forgotten()
    async with full(valkey_bench):
        for post in POSTS[2:5]:
            await lists.deliver([key, f"{key}2"], post, edge_of=None)
    assert forgotten() == counted + 1
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "a full timeline server forgets lists" in caplog.text


def forgotten():
    return REGISTRY.get_sample_value("feedtwin_timeline_forgotten_total", {"reason": "full"}) or 0


# What an earlier version left


async def test_a_timeline_that_does_not_know_when_it_was_begun_is_older_than_any(
    lists, server, key
):
    await build(lists, key, POSTS[:2])
    await server.hdel(state_key(key), "begun")
    assert (await lists.read_timeline(key, ALL)).age_s > OUTDATED_S


async def test_a_call_that_says_nothing_of_an_end_leaves_it_open(lists, server, key):
    await build(lists, key)
    entry = [created_ms_of(POSTS[0]), POSTS[0].to_bytes(8), CAP, "", b""]
    assert await server.fcall("feedtwin_deliver", 1, key, *entry) == [1, []]
    assert await server.ttl(key) == -1


# For good, or not


async def test_a_state_says_whether_its_list_has_an_end(lists, server, key):
    """So that a delivery need not ask for that."""
    await build(lists, key, POSTS[:2], pulled=frozenset({8}))
    names = (key, state_key(key), pulled_key(key))
    for idle_s, ends in ((None, None), (100.0, b"1"), (200.0, b"1"), (None, None)):
        await lists.read([key], Reading(before=None, limit=1, idle_s=idle_s))
        assert await server.hget(state_key(key), "ends") == ends
    await lists.deliver([key], POSTS[2], edge_of=None, idle_s=100.0)
    assert await server.hget(state_key(key), "ends") == b"1"
    assert len({await server.pexpiretime(name) for name in names}) == 1
    assert 90 < await server.ttl(key) <= 100
