"""Authors see what they post on their next page, whatever the timeline service was doing."""

import pytest

from model.rules.policy import FeedPolicy
from reference_impl.chassis.errors import Unavailable


@pytest.fixture(params=["user", "post"])
def twin(request, twin_of):
    twin = twin_of(users=3, by=request.param, cap=6, server_count=2, policy=FeedPolicy())
    yield twin
    twin.close()


async def away(*_):
    raise Unavailable("timeline did not answer in time")


def seen_by(twin, user, *, limit=9):
    page = twin.run(twin.timelines.newsfeed(user, before=None, limit=limit))
    return [int(post["post_id"]) for post in page.posts], page.source.value


@pytest.mark.parametrize("number", [1, 2, 9])
def test_what_could_not_be_shown_at_once_is_on_the_next_page(twin, number, monkeypatch):
    ann, bob, _ = twin.users
    twin.run(twin.follow(ann, bob, is_cut_off=False))
    others = [twin.run(twin.post(bob))]
    assert seen_by(twin, ann)[0] == others
    monkeypatch.setattr(twin.timelines, "show_own", away)
    own: list[int] = []
    for _ in range(number):
        twin.now_s += 1
        own.insert(0, twin.run(twin.post(ann)))
        assert seen_by(twin, ann, limit=20)[0] == [*own, *others]
    assert not twin.handled, "no worker has had a hand in it"


def test_looking_once_is_enough(twin, monkeypatch):
    ann = twin.users[0]
    seen_by(twin, ann)
    with monkeypatch.context() as patched:
        patched.setattr(twin.timelines, "show_own", away)
        posts = [twin.run(twin.post(ann))]
    assert seen_by(twin, ann) == (posts, "built")
    assert seen_by(twin, ann) == (posts, "timeline")
