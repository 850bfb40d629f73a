"""The newsfeed: one's own timeline, lists merged into it, and the posts themselves."""

from __future__ import annotations

from model.world.counts import CountTable
from model.world.design.layouts import timeline_asked, timeline_changed
from model.world.design.steps import READER, TARGET, Steps, now_and_then
from model.world.journeys import AllOf, Call, ForEach, Step
from model.world.keys import LANE, LEG
from model.world.reach import Reach


def newsfeed(at: Steps, reach: Reach) -> tuple[Step, ...]:
    """Return how the first page of a timeline is read, once that serves its reader.

    The policy costs it nothing: each process reads it beside its requests, twice a second, and
    that is too little for any station to notice.
    """
    followees = at.call("follow", at.visit("user_db", READER))
    whose = now_and_then(reach.stale_authors, at.visit("timeline_store"), name="whose")
    merged = _merged(at, reach)
    posts = ForEach(count=reach.page_servers, body=at.visit("post_db", LANE), name="hydrate")
    own = AllOf(branches=(followees, timeline_asked(at, reach.layout), whose))
    served = (
        now_and_then(reach.cold_share, *_rebuild(at, reach), name="rebuild"),
        now_and_then(reach.new_edges_share, *_rebuild(at, reach), name="new_edges"),
        now_and_then(reach.cover_share, *_cover(at, reach), name="cover"),
    )
    listed = _else_pulled(at, reach, (own, *served, merged))
    return at.call("timeline", *listed, *at.call("post", posts))


def _else_pulled(at: Steps, reach: Reach, listed: tuple[Step, ...]) -> tuple[Step, ...]:
    """Return how a page is found in lists, or by its authors where something fails on that way.

    Unless it is known whom the reader follows, the page fails; that was asked before, of the same
    servers, and is no work again.
    """
    if not at.wiring.is_guarded:
        return listed
    free = at.for_nothing()
    known = free.call("follow", free.visit("user_db", READER))
    pulled = at.call("post", _asked_of(at, reach.author_servers, name="by_authors"))
    return (Call(steps=listed, otherwise=(*known, *pulled), name="lists"),)


def _merged(at: Steps, reach: Reach) -> Step:
    """Return how the lists of influencers are gathered: of each server that has some, or of each.

    Where they are kept, each list is by itself, and any two may be on one server.
    """
    if reach.kept_lists is not None:
        return reach.kept_lists.asked(at.visit("timeline_store", LEG))
    call = at.visit("timeline_store", LANE)
    return ForEach(count=reach.merged_servers, body=call, name="merge")


def _rebuild(at: Steps, reach: Reach) -> tuple[Step, ...]:
    """Return how a timeline is built that is not there: begun, gathered, filled, and read.

    Under `per_edge` it is also chosen whose posts the reader is going to gather, by how often
    each author posts; one whose choice has become too old is built anew for that.
    """
    begun = timeline_changed(at, reach.layout, name="begin")
    filled = timeline_changed(at, reach.layout, name="fill")
    again = timeline_asked(at, reach.layout, name="again")
    known = at.call(
        "follow", *at.several("user_db", READER, 1 + reach.layout.is_mirrored, name="mirror")
    )
    gathered = (*known, *at.call("post", _asked_of(at, reach.author_servers, name="by_authors")))
    rates = at.call("post", _asked_of(at, reach.followee_servers, name="rates"))
    branches = (gathered, rates) if reach.spreading.is_per_edge else (gathered,)
    return (begun, AllOf(branches=branches, name="build"), filled, again)


def _asked_of(at: Steps, servers: CountTable, *, name: str) -> Step:
    """Return a question about the posts of several authors, to all servers that own some."""
    return ForEach(count=servers, body=at.visit("post_db", LANE), name=name)


def _cover(at: Steps, reach: Reach) -> tuple[Step, ...]:
    """Return what the first page after a follow or unfollow adds: a look, its posts, another look.

    The follow service says what has changed, makes sure that the targets' servers know, and
    remembers that they do.
    """
    look = timeline_asked(at, reach.layout, name="look")
    filled = timeline_changed(at, reach.layout, name="fill")
    again = timeline_asked(at, reach.layout, name="again")
    since, behind = at.several("user_db", READER, 2, name="changes")
    noted = at.write("user_db", READER, name="user_db_noted")
    mirrored = (behind, *reflected(at, reach), noted) if reach.layout.is_mirrored else ()
    changes = at.call("follow", since, *mirrored)
    gathered = at.call("post", at.visit("post_db", TARGET))
    news = now_and_then(reach.follow_share, *gathered, name="gather")
    return (look, *changes, news, filled, again)


def reflected(at: Steps, reach: Reach) -> tuple[Step, ...]:
    """Return the second write of a change; who makes that of a follow looks who has departed."""
    departed = at.visit("user_db", TARGET, name="user_db_departed")
    looked = now_and_then(reach.follow_share, departed, name="departed")
    return (*mirrored(at, reach), looked)


def mirrored(at: Steps, reach: Reach) -> tuple[Step, ...]:
    """Return the write of a pair by its target, if there is one in this layout."""
    if not reach.layout.is_mirrored:
        return ()
    return (at.write("user_db", TARGET, name="user_db_reverse"),)
