"""What users of other feeds complain of, each as a test that this one keeps its promise.

The complaints are those of Mastodon, Misskey, Pixelfed, Bluesky, Takahe, Stream-Framework and
DeathStarBench.  What is written for whom, and when, is in `test_feed_writes`.  Two of them are
told elsewhere: what a big author does to small ones (the order of chunks), and workers that are
killed.
"""

from itertools import pairwise

import pytest
from backstage import (
    LOSSES,
    begin_a_build,
    followers_written_to,
    keys_of,
    lose,
    posts_kept,
)
from persons import PASSWORD, eventually, is_picture, newest_first


@pytest.mark.parametrize("what", LOSSES)
def test_a_returning_reader_finds_a_full_page(cluster, pair, what):
    reader, author = pair
    posts = [author.say(f"line {number}") for number in range(5)]
    eventually(reader.feed, newest_first(posts))
    lose(cluster, reader, what)
    answer = reader.newsfeed()
    assert [post["post_id"] for post in answer.json()["posts"]] == newest_first(posts)
    assert answer.headers["Feed-Source"] == "built"
    assert reader.newsfeed().headers["Feed-Source"] == "timeline"


def test_a_page_is_full_while_somebody_else_builds_the_timeline(cluster, pair):
    reader, author = pair
    posts = [author.say(f"line {number}") for number in range(5)]
    begin_a_build(cluster, reader)
    answer = reader.newsfeed()
    assert [post["post_id"] for post in answer.json()["posts"]] == newest_first(posts)
    assert answer.headers["Feed-Source"] == "pull"


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


def test_following_fills_in_by_time_and_drops_nothing_newer(cluster, pair, newcomer):
    reader, author = pair
    late = newcomer()
    count = cluster.settings.timeline_cap - 5
    posts = []
    for number in range(count):  # of both together: more than one timeline keeps
        posts += [late.say(f"late {number}"), author.say(f"line {number}")]
    eventually(lambda: len(reader.feed()), count)
    assert reader.follow(late).status_code == 200
    assert reader.newsfeed(limit=5).headers["Feed-Source"] != "pull"
    assert reader.feed(limit=5) == newest_first(posts)


def test_scrolling_goes_on_below_what_a_timeline_keeps(cluster, pair):
    reader, author = pair
    reader.feed()  # from here on there is a timeline, which only keeps the newest
    cap = cluster.settings.timeline_cap
    posts = [author.say(f"line {number}") for number in range(2 * cap + 3)]
    for limit in (1, 7, 50):
        assert eventually(lambda: reader.feed(limit), newest_first(posts))  # noqa: B023 - at once


@pytest.mark.parametrize("what", LOSSES)
def test_losing_the_timeline_in_mid_scroll_leaves_no_gap(cluster, pair, what):
    reader, author = pair
    posts = [author.say(f"line {number}") for number in range(12)]
    eventually(reader.feed, newest_first(posts))
    first = reader.newsfeed(limit=5).json()
    lose(cluster, reader, what)
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
        eventually(reader.top, [author.say("meanwhile")["post_id"]])
        if page["next"] is None or len(seen) > len(posts):
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


def test_the_original_is_served_as_soon_as_the_post_is_there(pair):
    reader, author = pair
    post = author.post(2, "a picture")
    answer = reader.get(post["image_url"])
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert is_picture(answer.content, 2)


def test_whoever_is_blocked_sees_nothing_of_the_other(pair):
    reader, author = pair
    author.follow(reader)
    post, answer = author.say("for friends"), reader.say("thanks")
    for person in pair:
        eventually(person.feed, newest_first([post, answer]))
    assert author.block(reader).status_code == 200
    assert reader.feed() == [answer["post_id"]]
    assert author.feed() == [post["post_id"]]
    for one, other, post_of_other in ((reader, author, post), (author, reader, answer)):
        assert one.get(f"/post/{post_of_other['post_id']}").status_code == 404
        assert one.get(f"/user/{other.user_id}/profile").status_code == 404
        assert one.get(f"/user/{other.user_id}/posts").status_code == 404
        assert one.follow(other).status_code == 403


def test_a_deleted_account_leaves_nothing(cluster, pair):
    reader, author = pair
    post = author.say("last words")
    author.follow(reader)
    for person in pair:
        eventually(person.feed, [post["post_id"]])
    assert keys_of(cluster, author)
    assert posts_kept(cluster, author)
    body = {"password": PASSWORD}
    assert author.ask("POST", author.my("delete"), json=body).status_code == 204
    assert author.newsfeed().status_code == 401
    assert reader.get(f"/user/{author.user_id}/profile").status_code == 404
    assert eventually(reader.feed, [])
    assert eventually(lambda: reader.get(f"/post/{post['post_id']}").status_code, 404)
    for pairs in ("followers", "followees"):
        path = reader.my(pairs)
        assert eventually(lambda: reader.get(path).json()["users"], [])  # noqa: B023 - at once
    assert eventually(lambda: followers_written_to(cluster, reader.say("to nobody")), 0)
    assert eventually(lambda: keys_of(cluster, author), [])
    assert eventually(lambda: posts_kept(cluster, author), 0)
