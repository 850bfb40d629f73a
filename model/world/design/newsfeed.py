"""The newsfeed: one's own timeline, lists merged into it, and the posts themselves."""

from __future__ import annotations

from model.world.design.steps import READER, TARGET, Steps, now_and_then
from model.world.journeys import LEG, AllOf, ForEach, Step
from model.world.reach import Reach


def newsfeed(at: Steps, reach: Reach) -> tuple[Step, ...]:
    """Return how the first page of a timeline that is there is read."""
    policy = now_and_then(reach.stale_timeline_policy, at.visit("broker"), name="policy")
    followees = at.call("follow", at.visit("user_db", READER))
    whose = now_and_then(reach.stale_authors, at.visit("timeline_store"), name="whose")
    merged = ForEach(count=reach.merged_servers, body=at.visit("timeline_store", LEG), name="merge")
    posts = ForEach(count=reach.page_servers, body=at.visit("post_db", LEG), name="hydrate")
    own = AllOf(branches=(followees, at.visit("timeline_store", READER), whose))
    cover = now_and_then(reach.cover_share, *_cover(at, reach), name="cover")
    return at.call("timeline", policy, own, cover, merged, *at.call("post", posts))


def _cover(at: Steps, reach: Reach) -> tuple[Step, ...]:
    """Return what the first page after a follow or unfollow adds: a look, its posts, another look.

    The follow service says what has changed, makes sure that the targets' servers know, and
    remembers that they do.
    """
    look, filled, again = at.several("timeline_store", READER, 3, name="cover")
    since, behind, noted = at.several("user_db", READER, 3, name="changes")
    changes = at.call("follow", since, behind, *reflected(at, reach), noted)
    gathered = at.call("post", at.visit("post_db", TARGET))
    news = now_and_then(reach.follow_share, *gathered, name="gather")
    return (look, *changes, news, filled, again)


def reflected(at: Steps, reach: Reach) -> tuple[Step, ...]:
    """Return the second write of a change; who makes that of a follow looks who has departed."""
    departed = at.visit("user_db", TARGET, name="user_db_departed")
    return (
        at.visit("user_db", TARGET, name="user_db_reverse"),
        now_and_then(reach.follow_share, departed, name="departed"),
    )
