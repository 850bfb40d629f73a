"""What is written for whom: the promises of `test_feed_contracts` that no page shows by itself."""

import redis
from backstage import (
    fanout_held_up,
    followers_written_to,
    kept_for_s,
    keys_of,
    policy_with,
    timeline_servers,
)
from persons import eventually, newest_first

from reference_impl.timeline.memory_use import memory_uses
from reference_impl.timeline.timelines import timeline_key

AWAY_S = 2.0


def test_posting_waits_for_no_fanout_and_the_author_sees_it_at_once(cluster, pair):
    reader, author = pair
    assert reader.feed() == author.feed() == []  # from here on both have a timeline
    posts: list[dict[str, str]] = []

    def the_author_sees_it():  # the writing is given up if it takes long, on a machine at its limit
        posts.append(author.say(f"line {len(posts)}"))
        return author.top() == [posts[-1]["post_id"]]

    with fanout_held_up(cluster):
        assert eventually(the_author_sees_it, True)
        assert reader.feed() == []
    assert eventually(reader.feed, newest_first(posts))
    assert eventually(author.feed, newest_first(posts))


def test_crossing_the_threshold_either_way_leaves_no_gap_and_no_double(cluster, pair, newcomer):
    reader, author = pair
    fans = [newcomer() for _ in range(3)]
    posts, written = [], []

    def say(text):
        posts.append(author.say(text))
        written.append(followers_written_to(cluster, posts[-1]))
        for person in (reader, author):
            assert eventually(lambda: person.feed(limit=2), newest_first(posts))  # noqa: B023 - at once

    say("pushed to one")
    for fan in fans:
        fan.follow(author)
    say("merged: four are as many as make an influencer")
    for fan in fans[:2]:
        fan.unfollow(author)
        say("merged: more than half of that are left")
    fans[2].unfollow(author)
    say("pushed again: there are fewer")
    for fan in fans[:2]:
        fan.follow(author)
    say("pushed to three: not yet as many")
    assert written == [1, 0, 0, 0, 1, 3]
    assert fans[0].feed(limit=2) == newest_first(posts)


def test_who_does_not_read_gets_no_writes(cluster, newcomer):
    sleeper, author = newcomer(), newcomer()
    sleeper.follow(author)  # and never reads: nothing was built, so nothing is kept
    posts = [author.say(f"line {number}") for number in range(3)]
    assert [followers_written_to(cluster, post) for post in posts] == [1, 1, 1]
    assert keys_of(cluster, sleeper) == []
    assert sleeper.feed() == newest_first(posts)
    assert keys_of(cluster, sleeper) != []


def test_who_stays_away_gets_no_writes_until_coming_back(cluster, pair):
    reader, author = pair
    posts: list[dict[str, str]] = []

    def say():
        posts.append(author.say(f"line {len(posts)}"))
        followers_written_to(cluster, posts[-1])

    def keys_after_a_post():
        say()
        return keys_of(cluster, reader)

    def is_kept_for_a_while():
        reader.feed()
        return 0 < kept_for_s(cluster, reader) <= AWAY_S

    assert reader.feed() == []
    with policy_with(cluster, inactive_after_s=AWAY_S):
        assert eventually(is_kept_for_a_while, True)
        assert eventually(keys_after_a_post, [])  # posts do not keep what nobody reads
        say()
        assert keys_of(cluster, reader) == []
        answer = reader.newsfeed(limit=2)
        assert answer.headers["Feed-Source"] == "built"
        assert [post["post_id"] for post in answer.json()["posts"]] == newest_first(posts)[:2]
        assert reader.feed(limit=3) == newest_first(posts)
    say()
    assert eventually(reader.feed, newest_first(posts))


def test_a_deleted_post_is_purged_from_timelines_later(cluster, pair):
    _, author = pair
    for person in pair:
        person.feed()  # from here on both have a timeline
    post = author.say("soon gone")
    for person in pair:
        eventually(lambda: entries_of(cluster, person), [post["post_id"]])  # noqa: B023 - at once
    author.delete(post)
    for person in pair:
        assert eventually(lambda: entries_of(cluster, person), [])  # noqa: B023 - at once


def entries_of(cluster, person):
    key = timeline_key(int(person.user_id))
    with timeline_servers(cluster) as servers:
        members = [member for server in servers for member in server.zrange(key, 0, -1)]
    return [str(int.from_bytes(member)) for member in members]


def test_the_memory_that_an_active_user_costs_is_reported(cluster, pair):
    reader, author = pair
    author.say("something")
    assert reader.feed() != []
    uses = []
    for url in cluster.settings.timeline_stores:
        with redis.Redis.from_url(url) as server:
            uses += memory_uses(server, samples_max=100)
            states = list(server.scan_iter("timeline:*:state"))
            [timelines] = [use for use in uses[-2:] if use.kind == "timeline"]
            assert timelines.lists == len(states)
    entries = sum(use.entries for use in uses)
    assert entries > 0
    # A sorted set's entry takes 20 to 80 bytes, and what a list knows about itself a few hundred.
    assert 20 * entries < sum(use.bytes_used for use in uses) < 1_000 * entries + 10_000
