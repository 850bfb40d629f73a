"""What goes on behind the API: timelines and their loss, fan-outs, and the feed policy."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import redis
from persons import Person, eventually

from model.rules.policy import FRESH_S, FeedPolicy
from reference_impl.cluster.clusters import Cluster
from reference_impl.cluster.feed_policy import policy_of, publish_policy
from reference_impl.timeline.fanout.records import DONE
from reference_impl.timeline.store import state_key
from reference_impl.timeline.timelines import timeline_key

RECORDS_MAX = 1_000  # looked through for that of one post: more than a test's cluster writes
LOSSES = ("everything", "the entries", "what it knows of itself")


@contextmanager
def timeline_servers(cluster: Cluster) -> Iterator[list[Any]]:
    """Lend clients of all timeline servers."""
    servers = [redis.Redis.from_url(url) for url in cluster.settings.timeline_stores]
    try:
        yield servers
    finally:
        for server in servers:
            server.close()


def lose(cluster: Cluster, person: Person, what: str = LOSSES[0]) -> None:
    """Lose everything that all servers hold, as without persistence, or a part of one timeline."""
    key = timeline_key(int(person.user_id))
    with timeline_servers(cluster) as servers:
        for server in servers:
            if what == "everything":
                server.flushall()
            else:
                server.delete(key if what == "the entries" else state_key(key))


def keys_of(cluster: Cluster, person: Person) -> list[bytes]:
    """Return the keys of whatever is kept for a person's newsfeed."""
    pattern = f"{timeline_key(int(person.user_id))}*".replace("[", r"\[")
    with timeline_servers(cluster) as servers:
        return [key for server in servers for key in server.keys(pattern)]


def kept_for_s(cluster: Cluster, person: Person) -> float:
    """Return for how much longer a timeline is kept, in seconds; infinity: for good."""
    with timeline_servers(cluster) as servers:
        ttls_ms = [server.pttl(state_key(timeline_key(int(person.user_id)))) for server in servers]
    if -1 in ttls_ms:
        return float("inf")
    return float(max(0, *ttls_ms)) / 1_000


def begin_a_build(cluster: Cluster, person: Person) -> None:
    """Begin to build a person's timeline, in the place of one who dies before it is done."""
    key = timeline_key(int(person.user_id))
    lose(cluster, person, "what it knows of itself")
    with timeline_servers(cluster) as servers:
        for server in servers:
            assert server.fcall("feedtwin_begin", 1, key, "dead", 100_000, "") == [b"begun"]


def posts_kept(cluster: Cluster, person: Person) -> int:
    """Return how many posts by a person are stored, or at least indexed, seen or not."""
    query = """
        SELECT (SELECT count(*) FROM posts WHERE user_id = %(id)s)
            + (SELECT count(*) FROM author_posts WHERE user_id = %(id)s)
    """
    kept = 0
    for address in cluster.settings.post_databases:
        with psycopg.connect(address) as connection:
            [count] = connection.execute(query, {"id": int(person.user_id)}).fetchone() or (0,)
            kept += count
    return kept


def followers_written_to(cluster: Cluster, post: Mapping[str, str]) -> int:
    """Wait until the fan-out of a post is done; return to how many followers it was brought."""
    with redis.Redis.from_url(cluster.settings.broker) as broker:

        def records() -> list[int]:
            found = broker.xrevrange(DONE, count=RECORDS_MAX)
            return [
                int(r[b"followers"]) for _, r in found if r[b"post"].decode() == post["post_id"]
            ]

        eventually(lambda: len(records()), 1)
        return records()[0]


@contextmanager
def fanout_held_up(cluster: Cluster) -> Iterator[None]:
    """Let the fan-out workers do nothing meanwhile; they go on as if no time had passed."""
    try:
        hold_up_fanout(cluster)
        yield
    finally:
        let_fanout_go_on(cluster)


def hold_up_fanout(cluster: Cluster) -> None:
    """Stop the fan-out workers where they are."""
    _signal_workers(cluster, signal.SIGSTOP)


def let_fanout_go_on(cluster: Cluster) -> None:
    """Let the fan-out workers go on, if they were stopped."""
    _signal_workers(cluster, signal.SIGCONT)


def _signal_workers(cluster: Cluster, number: signal.Signals) -> None:
    workers = [process for process in cluster.processes() if process.station == "fanout"]
    assert workers
    for worker in workers:
        os.kill(worker.pid, number)


@contextmanager
def policy_with(cluster: Cluster, **fields: Any) -> Iterator[FeedPolicy]:
    """Set fields of the policy meanwhile; afterwards every service follows the old one again."""
    before = policy_of(cluster.settings)
    policy = replace(before, **fields)
    try:
        publish_policy(cluster.settings, policy)
        yield policy
    finally:
        publish_policy(cluster.settings, before)
        time.sleep(1.5 * FRESH_S)
