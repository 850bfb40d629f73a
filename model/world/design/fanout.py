"""How a post reaches its author's followers after the answer: copied to them, or kept once."""

from __future__ import annotations

from model.rules.fanouts import NEW
from model.world.counts import ConstantCount
from model.world.design.events import consumed, relayed
from model.world.design.layouts import entries_changed, entry_changed, followers_asked
from model.world.design.names import DEVELOPMENT, FANOUT, PURGE
from model.world.design.steps import READER, Steps, now_and_then
from model.world.journeys import AllOf, Emit, ForEach, Step
from model.world.keys import LANE
from model.world.reach import Reach
from model.world.spreading import Many


def fanout(at: Steps, reach: Reach) -> tuple[Step, ...]:
    """Return how a post is heard of, and brought to its author and followers or kept.

    Work of a smaller class goes first, if the scenario's workers are fair.  That one chunk of
    `fanouts.SHARE` goes to a bigger class nevertheless is not said: where small ones never
    leave a worker idle, big ones wait longer here than they do.
    """
    merged, spreading = reach.merge_share, reach.spreading
    few_share = (1 - merged) * (1 - spreading.many_share)
    brought = (
        now_and_then(few_share, *_few(at, reach), name="few"),
        *(
            now_and_then(
                (1 - merged) * many.share, *_many(at, reach, many), name=f"many_{many.urgency}"
            )
            for many in spreading.many
        ),
        now_and_then(merged, *_kept(at, reach), name="keep"),
    )
    worker = consumed(at, FANOUT, *at.call("fanout", *brought, priority=NEW))
    erasure = consumed(at, "post")  # hears of every post, to hear of deleted ones
    heard = AllOf(branches=(worker, erasure), name="hear")
    deleted = (now_and_then(reach.deleted_share, Emit(journey=PURGE), name="deleted"),)
    ended = deleted if reach.deleted_share else ()
    return (*relayed(at, "post_db"), Emit(journey=DEVELOPMENT), heard, *ended)


def _few(at: Steps, reach: Reach) -> tuple[Step, ...]:
    """Return how a post is brought to its author and the followers of one chunk."""
    layout, spreading = reach.layout, reach.spreading
    page = followers_asked(at, layout, ConstantCount(count=layout.user_servers))
    brought = entries_changed(at, reach, spreading.few, name="each")
    return (*page, *_kept_per_edge(at, reach), brought)


def _many(at: Steps, reach: Reach, many: Many) -> tuple[Step, ...]:
    """Return how a post is brought to its author, then chunk by chunk, ranges side by side.

    A range is a chain of chunks of followers whose timelines are neighbours.  Each chunk is an
    entry of its own in the broker, read and finished by any worker, and costs it what a post to
    few costs.
    """
    layout = reach.layout
    read, finished = at.several("broker", "", 2, name="chunk")
    page = followers_asked(at, layout, many.asked, key=LANE)
    brought = entries_changed(at, reach, many.writes, key=LANE, name="servers")
    urgency = many.urgency if reach.is_fair else NEW
    worked = at.call("fanout", *page, brought, priority=urgency)
    chunks = ForEach(
        count=many.chunks,
        body=(read, *worked, finished),
        at_once=reach.spreading.at_once,
        in_lanes=True,
        name="chunks",
    )
    return (*(_kept_per_edge(at, reach) or (entry_changed(at, layout),)), chunks)


def _kept_per_edge(at: Steps, reach: Reach) -> tuple[Step, ...]:
    """Return how a post is shown to its author and kept for those who gather it, before others."""
    if not reach.spreading.is_per_edge:
        return ()
    shown = entry_changed(at, reach.layout, name="timeline_store_own")
    return (shown, at.write("timeline_store", READER, name="timeline_store_kept"))


def _kept(at: Steps, reach: Reach) -> tuple[Step, ...]:
    """Return how a post is kept for merging: shown to its author, in their list, and whose it is.

    The set of those who have such lists lies on one server of all; here it is on any.
    """
    shown = entry_changed(at, reach.layout, name="timeline_store_own")
    kept = at.write("timeline_store", READER, name="timeline_store_kept")
    return (shown, kept, at.write("timeline_store", name="timeline_store_whose"))
