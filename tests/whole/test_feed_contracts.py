"""What users of other feeds complain of, each as a test that this one keeps its promise.

The complaints are those of Mastodon, Misskey, Pixelfed, Bluesky, Takahe, Stream-Framework and
DeathStarBench.  Two of them are told elsewhere as well: what a big author does to small ones
(the order of chunks), and workers that are killed.
"""

import time
from itertools import pairwise

import pytest
import redis
from persons import eventually

from reference_impl.timeline.memory_use import memory_uses


@pytest.fixture
def pair(newcomer):
    reader, author = newcomer(), newcomer()
    assert reader.follow(author).status_code == 200
    return reader, author


def newest_first(posts):
    return [post["post_id"] for post in reversed(posts)]


def lose_timelines(cluster):
    for url in cluster.settings.timeline_stores:
        with redis.Redis.from_url(url) as server:
            server.flushall()


def test_a_returning_reader_finds_a_full_page(cluster, pair):
    reader, author = pair
    posts = [author.say(f"line {number}") for number in range(5)]
    eventually(reader.feed, newest_first(posts))
    lose_timelines(cluster)
    answer = reader.newsfeed()
    assert [post["post_id"] for post in answer.json()["posts"]] == newest_first(posts)
    assert answer.headers["Feed-Source"] == "built"
    assert reader.newsfeed().headers["Feed-Source"] == "timeline"


def test_posts_of_the_unfollowed_are_gone_on_the_next_page(pair, newcomer):
    reader, author = pair
    other = newcomer()
    reader.follow(other)
    posts = []
    for number in range(6):  # by turns, so that every page would have had both
        posts.append(author.say(f"kept {number}"))
        other.say(f"gone {number}")
    eventually(lambda: len(reader.feed()), 12)
    first = reader.newsfeed(limit=2).json()
    reader.unfollow(other)
    rest = reader.newsfeed(limit=100, cursor=first["next"]).json()["posts"]
    assert {post["user_id"] for post in rest} == {author.user_id}
    assert reader.feed() == newest_first(posts)


def test_following_fills_in_by_time_and_drops_nothing_newer(pair, newcomer):
    reader, author = pair
    late = newcomer()
    posts = []
    for number in range(15):  # thirty together: more than one timeline keeps
        posts += [late.say(f"late {number}"), author.say(f"line {number}")]
    eventually(lambda: len(reader.feed()), 15)
    assert reader.follow(late).status_code == 200
    assert reader.newsfeed(limit=5).headers["Feed-Source"] != "pull"
    assert reader.feed(limit=5) == newest_first(posts)


def test_scrolling_goes_on_below_what_a_timeline_keeps(cluster, pair):
    reader, author = pair
    cap = cluster.settings.timeline_cap
    posts = [author.say(f"line {number}") for number in range(2 * cap + 3)]
    assert eventually(lambda: reader.feed(limit=7), newest_first(posts))


def test_losing_the_timelines_in_mid_scroll_leaves_no_gap(cluster, pair):
    reader, author = pair
    posts = [author.say(f"line {number}") for number in range(12)]
    eventually(reader.feed, newest_first(posts))
    first = reader.newsfeed(limit=5).json()
    lose_timelines(cluster)
    second = reader.newsfeed(limit=50, cursor=first["next"]).json()
    seen = [post["post_id"] for post in first["posts"] + second["posts"]]
    assert seen == newest_first(posts)


def test_pages_stay_whole_while_posts_come_in(pair):
    reader, author = pair
    posts = [author.say(f"line {number}") for number in range(10)]
    eventually(reader.feed, newest_first(posts))
    seen, query = [], {"limit": 3}
    while True:
        page = reader.newsfeed(**query).json()
        seen += [post["post_id"] for post in page["posts"]]
        author.say("meanwhile")
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert seen == newest_first(posts)
    assert all(int(newer) > int(older) for newer, older in pairwise(seen))


def test_a_deleted_post_is_gone_at_once(pair):
    reader, author = pair
    posts = [author.say(f"line {number}") for number in range(3)]
    eventually(reader.feed, newest_first(posts))
    assert author.delete(posts[1]).status_code == 204
    assert reader.feed() == newest_first([posts[0], posts[2]])
    assert reader.get(f"/post/{posts[1]['post_id']}").status_code == 404
    mine = reader.get(f"/user/{author.user_id}/posts").json()["posts"]
    assert [post["post_id"] for post in mine] == newest_first([posts[0], posts[2]])


def test_a_deleted_post_is_purged_from_timelines_later(cluster, pair):
    reader, author = pair
    post = author.say("soon gone")
    eventually(reader.feed, [post["post_id"]])
    member = int(post["post_id"]).to_bytes(8)
    key = f"timeline:{{{reader.user_id}}}"
    assert any(score(url, key, member) for url in cluster.settings.timeline_stores)
    author.delete(post)
    assert eventually(
        lambda: [score(url, key, member) for url in cluster.settings.timeline_stores],
        [None] * len(cluster.settings.timeline_stores),
    )


def score(url, key, member):
    with redis.Redis.from_url(url) as server:
        return server.zscore(key, member)


def test_the_original_is_served_as_soon_as_the_post_is_there(pair):
    reader, author = pair
    post = author.post(2, "a picture")
    answer = reader.get(post["image_url"])
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/jpeg"


def test_an_author_sees_the_own_post_at_once(newcomer):
    author = newcomer()
    for number in range(10):
        post = author.say(f"line {number}")
        assert author.newsfeed(limit=1).json()["posts"] == [post]


def test_crossing_the_threshold_either_way_leaves_no_gap_and_no_double(pair, newcomer):
    reader, author = pair
    fans = [newcomer() for _ in range(3)]
    posts = [author.say("pushed")]
    for fan in fans:  # four followers now: the threshold is three
        fan.follow(author)
    posts += [author.say("merged"), author.say("merged too")]
    for fan in fans:
        fan.unfollow(author)
    posts.append(author.say("pushed again"))
    for person in (reader, author):
        assert eventually(lambda: person.feed(limit=1), newest_first(posts))  # noqa: B023 - at once


def test_whoever_is_blocked_sees_nothing_of_the_other(pair):
    reader, author = pair
    post = author.say("for friends")
    eventually(reader.feed, [post["post_id"]])
    assert author.block(reader).status_code == 200
    assert reader.feed() == []
    assert reader.get(f"/post/{post['post_id']}").status_code == 404
    assert reader.get(f"/user/{author.user_id}/profile").status_code == 404
    assert reader.get(f"/user/{author.user_id}/posts").status_code == 404
    assert reader.follow(author).status_code == 403


def test_a_deleted_account_leaves_nothing(cluster, pair):
    reader, author = pair
    post = author.say("last words")
    author.follow(reader)
    eventually(reader.feed, [post["post_id"]])
    body = {"password": "correct horse battery"}
    assert author.ask("POST", author.my("delete"), json=body).status_code == 204
    assert author.newsfeed().status_code == 401
    assert reader.get(f"/user/{author.user_id}/profile").status_code == 404
    assert eventually(reader.feed, [])
    assert eventually(lambda: reader.get(f"/post/{post['post_id']}").status_code, 404)
    assert eventually(lambda: reader.get(reader.my("followers")).json()["users"], [])
    assert eventually(lambda: keys_of(cluster, author), [])


def keys_of(cluster, person):
    found = []
    for url in cluster.settings.timeline_stores:
        with redis.Redis.from_url(url) as server:
            found += server.keys(f"timeline:{{{person.user_id}}}*")
    return found


def test_who_does_not_read_gets_no_writes(cluster, newcomer):
    sleeper, author = newcomer(), newcomer()
    sleeper.follow(author)  # and never reads: nothing was built, so nothing is kept
    posts = [author.say(f"line {number}") for number in range(3)]
    time.sleep(1.0)
    assert keys_of(cluster, sleeper) == []
    assert sleeper.feed() == newest_first(posts)
    assert keys_of(cluster, sleeper) != []


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
