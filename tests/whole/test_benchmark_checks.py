"""The eleven checks C1 to C11 that uw-syfi/vibesys (pull request 74) holds feed benchmarks to.

Its user timeline is our list of a user's posts, its home timeline our newsfeed.  Where it
compares rank offsets we compare cursors.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest
from persons import eventually, newest_first

POST_FIELDS = {"post_id", "user_id", "created_at", "type", "caption", "text"}
AT_ONCE = 20  # reads


@pytest.fixture(scope="module")
def author(newcomer):
    author = newcomer()
    author.posts = [author.say(f"word {number}") for number in range(7)]
    return author


@pytest.fixture(scope="module")
def reader(newcomer, author):
    reader = newcomer()
    assert reader.follow(author).status_code == 200
    eventually(reader.feed, newest_first(author.posts))
    return reader


def user_timeline(reader, author, **query):
    return reader.get(f"/user/{author.user_id}/posts", **query)


def is_newest_first(posts):
    return [int(post["post_id"]) for post in posts] == sorted(
        (int(post["post_id"]) for post in posts), reverse=True
    ) and [post["created_at"] for post in posts] == sorted(
        (post["created_at"] for post in posts), reverse=True
    )


def test_c1_the_user_timeline_has_its_shape(reader, author):
    answer = user_timeline(reader, author)
    assert answer.status_code == 200
    assert answer.json().keys() == {"posts", "next"}
    assert answer.json()["posts"]
    for post in answer.json()["posts"]:
        assert post.keys() == POST_FIELDS
        assert post["user_id"] == author.user_id


def test_c2_the_home_timeline_has_its_shape(reader):
    answer = reader.newsfeed()
    assert answer.status_code == 200
    assert answer.json().keys() == {"posts", "next"}
    assert answer.json()["posts"]
    for post in answer.json()["posts"]:
        assert post.keys() == POST_FIELDS


def test_c3_the_user_timeline_is_newest_first(reader, author):
    posts = user_timeline(reader, author).json()["posts"]
    assert len(posts) == len(author.posts)
    assert is_newest_first(posts)


def test_c4_the_home_timeline_is_newest_first(reader, author):
    posts = reader.newsfeed().json()["posts"]
    assert len(posts) == len(author.posts)
    assert is_newest_first(posts)


def test_c5_the_home_timeline_shows_whom_one_follows_and_nobody_else(newcomer):
    reader, followed = newcomer(), newcomer()
    strangers = [newcomer() for _ in range(4)]  # on both servers, in all likelihood
    reader.follow(followed)
    seen = []
    for number, stranger in enumerate(strangers):  # the first is gathered, the others are pushed
        stranger.say(f"not seen {number}")
        seen.append(followed.say(f"seen {number}"))
        assert eventually(reader.feed, newest_first(seen))


def test_c6_what_is_written_is_read_in_the_user_timeline(reader, newcomer):
    writer = newcomer()
    posts: list[dict[str, str]] = []
    for number in range(3):
        posts.insert(0, writer.say(f"line {number}"))
        assert user_timeline(reader, writer).json()["posts"] == posts


def test_c7_what_is_written_reaches_the_home_timeline(newcomer):
    reader, writer = newcomer(), newcomer()
    reader.follow(writer)
    for number in range(3):
        post = writer.say(f"line {number}")
        assert eventually(reader.top, [post["post_id"]])


def test_c8_unfollowing_stops_what_comes_later(newcomer):
    reader, other, writer = newcomer(), newcomer(), newcomer()
    for person in (reader, other):
        person.follow(writer)
        person.feed()  # from here on there is a timeline to be written to
    eventually(reader.feed, [writer.say("before")["post_id"]])
    reader.unfollow(writer)
    after = [writer.say(f"after {number}") for number in range(6)]
    eventually(other.top, newest_first(after)[:1])  # so it has been brought to everybody
    assert eventually(reader.feed, [reader.say("own")["post_id"]])


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("newsfeed", {"limit": 0}),
        ("newsfeed", {"limit": "many"}),
        ("newsfeed", {"cursor": "made up"}),
        ("posts", {"cursor": "made up"}),
        ("posts", {"limit": -1}),
    ],
)
def test_c9_a_failed_read_changes_nothing(reader, author, path, query):
    before = reader.feed(), user_timeline(reader, author).json()
    assert reader.get(reader.my(path), **query).status_code == 400
    assert reader.newsfeed().headers["Feed-Source"] == "timeline"  # nothing was lost of it
    assert (reader.feed(), user_timeline(reader, author).json()) == before


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
@pytest.mark.parametrize("which", ["home", "user"])
def test_c10_pages_are_disjoint_and_together_whole(reader, author, which, limit):
    path = reader.my("newsfeed") if which == "home" else f"/user/{author.user_id}/posts"
    pages = reader.scroll(limit, path)
    assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert 0 < len(pages[-1]) <= limit
    assert [post["post_id"] for page in pages for post in page] == newest_first(author.posts)


def test_c11_a_burst_of_reads_agrees(author, newcomer):
    reader = newcomer()
    reader.follow(author)
    with ThreadPoolExecutor(AT_ONCE) as readers:  # nothing is there yet: one of them must build it
        feeds = list(readers.map(lambda _: reader.feed(), range(AT_ONCE)))
    assert feeds == [newest_first(author.posts)] * AT_ONCE
    assert [reader.feed() for _ in range(AT_ONCE)] == feeds


def test_c11_two_followers_see_the_same(reader, author, newcomer):
    other = newcomer()
    other.follow(author)
    assert eventually(other.feed, reader.feed())
