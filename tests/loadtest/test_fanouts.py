"""What is read of fan-outs from a real broker."""

from __future__ import annotations

from contextlib import closing

import pytest
import redis

from loadtest.fanouts import Broker, wait_until_drained
from model.rules.fanouts import BULK_STREAMS, late_streams

STARTED_UNIX_S = 1_800_000_000.0
POST = 2**62 + 1  # does not fit a float


@pytest.fixture
def streams(broker_url):
    with closing(redis.Redis.from_url(broker_url)) as client:
        client.flushall()
        yield client


@pytest.fixture
def broker(broker_url):
    with closing(Broker(broker_url)) as broker:
        yield broker


def post(streams):
    return streams.xadd("events:post", {"kind": "post.created", "body": "{}"})


def deliver(streams):
    """Take one post as the fan-out worker does, and finish it."""
    [[_, [[entry, _]]]] = streams.xreadgroup("fanout", "worker-1", {"events:post": ">"}, count=1)
    fanout = {"post": POST, "followers": 12, "chunks": 2, "cpu": 0.003}
    instants = {"created": STARTED_UNIX_S + 1, "begun": STARTED_UNIX_S + 1.5}
    streams.xadd("fanout_done", fanout | instants | {"done": STARTED_UNIX_S + 2.5})
    streams.xack("events:post", "fanout", entry)


def test_a_broker_that_has_seen_nothing_has_no_backlog_and_no_fanouts(streams, broker):
    mark = broker.mark()
    assert broker.backlog() == 0
    assert broker.posted_since(mark) == 0
    assert broker.fanouts_since(mark, started_unix_s=STARTED_UNIX_S).empty


def test_only_what_was_done_since_the_mark_is_read_and_its_instants_are_the_runs(streams, broker):
    streams.xgroup_create("events:post", "fanout", id="0", mkstream=True)
    for _ in range(2):
        post(streams)
        deliver(streams)
        mark = broker.mark()
    post(streams)
    deliver(streams)
    [fanout] = broker.fanouts_since(mark, started_unix_s=STARTED_UNIX_S).to_dict("records")
    assert fanout == {
        "post": POST,
        "followers": 12,
        "chunks": 2,
        "created_s": 1.0,
        "begun_s": 1.5,
        "done_s": 2.5,
        "cpu_s": 0.003,
    }


def test_what_is_unread_and_what_is_under_way_both_are_backlog(streams, broker):
    streams.xgroup_create("events:post", "fanout", id="0", mkstream=True)
    post(streams)
    post(streams)
    streams.xreadgroup("fanout", "worker-1", {"events:post": ">"}, count=1)
    assert broker.backlog() == 2


@pytest.mark.parametrize("stream", [*BULK_STREAMS, *late_streams(2)])
def test_chunks_of_a_big_fan_out_are_backlog_until_the_last_is_done(streams, broker, stream):
    streams.xgroup_create("events:post", "fanout", id="0", mkstream=True)
    streams.xgroup_create(stream, "fanout", id="0", mkstream=True)
    post(streams)
    deliver(streams)
    streams.xadd(stream, {"post_id": POST})
    assert broker.backlog() == 1
    [[_, [[entry, _]]]] = streams.xreadgroup("fanout", "worker-1", {stream: ">"}, count=1)
    assert broker.backlog() == 1
    streams.xack(stream, "fanout", entry)
    assert broker.backlog() == 0


def test_a_backlog_is_none_when_what_was_done_has_been_trimmed_away(streams, broker):
    streams.xgroup_create("events:post", "fanout", id="0", mkstream=True)
    for _ in range(3):
        post(streams)
        deliver(streams)
    [group] = streams.xinfo_groups("events:post")
    milliseconds, number = group["last-delivered-id"].split(b"-")
    after = f"{milliseconds.decode()}-{int(number) + 1}"
    streams.xtrim("events:post", minid=after, approximate=False)
    assert streams.xlen("events:post") == 0
    assert broker.backlog() == 0


def test_a_lag_that_the_broker_does_not_know_is_not_taken_for_none(streams, broker):
    streams.xgroup_create("events:post", "fanout", id="0", mkstream=True)
    entries = [post(streams) for _ in range(3)]
    streams.xdel("events:post", entries[1])
    streams.xgroup_setid("events:post", "fanout", entries[0])
    assert streams.xinfo_groups("events:post")[0]["lag"] is None
    assert broker.backlog() >= 1


def test_more_fanouts_than_one_page_are_all_read(streams, broker):
    mark = broker.mark()
    streams.xgroup_create("events:post", "fanout", id="0", mkstream=True)
    for _ in range(1001):
        post(streams)
        deliver(streams)
    assert len(broker.fanouts_since(mark, started_unix_s=STARTED_UNIX_S)) == 1001


def test_waiting_ends_when_the_last_post_that_is_still_in_an_outbox_has_been_delivered(
    streams, broker
):
    streams.xgroup_create("events:post", "fanout", id="0", mkstream=True)
    mark = broker.mark()
    steps = [deliver, post]

    def pause():
        steps.pop()(streams)

    assert wait_until_drained(broker, mark, posts_min=1, timeout_s=60, pause=pause)
    assert steps == []


def test_waiting_for_a_post_that_never_leaves_its_outbox_ends_in_time(streams, broker):
    assert not wait_until_drained(broker, broker.mark(), posts_min=1, timeout_s=0.05)
