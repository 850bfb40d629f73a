"""How a deleted post leaves timelines, after nobody is shown it any more.

What becomes of its image is left out, and so is the deletion of a whole account.
"""

from __future__ import annotations

from model.rules import fanouts
from model.world.design.events import consumed, relayed
from model.world.design.layouts import entries_changed, entry_changed, followers_asked
from model.world.design.names import FANOUT
from model.world.design.steps import READER, Steps, now_and_then
from model.world.journeys import AllOf, ForEach, Step
from model.world.keys import LANE
from model.world.reach import Reach


def purge(at: Steps, reach: Reach) -> tuple[Step, ...]:
    """Return how a deletion is heard of, and the post taken out of timelines, chunk by chunk.

    A chunk costs what a chunk of a new post costs.
    """
    begun = consumed(at, FANOUT, *at.call("fanout", priority=fanouts.NEW))
    forgotten = consumed(at, "post", at.write("post_db", READER, name="post_db_index"))
    pipeline = consumed(at, "pipeline")
    heard = AllOf(branches=((*begun, *_purged(at, reach)), forgotten, pipeline), name="hear")
    return (*relayed(at, "post_db"), heard)


def _purged(at: Steps, reach: Reach) -> tuple[Step, ...]:
    """Return how it is looked that the post is no longer brought to readers, and then removed."""
    under_way = at.visit("broker", name="broker_under_way")
    own = entry_changed(at, reach.layout, name="timeline_store_own")
    kept = at.write("timeline_store", READER, name="timeline_store_kept")
    once = (own, kept) if reach.spreading.is_per_edge else (own,)
    return (
        under_way,
        now_and_then(1 - reach.merge_share, *once, _chunks(at, reach), name="pushed"),
        now_and_then(reach.merge_share, *_chunk(at, reach, own, kept), name="merged"),
    )


def _chunks(at: Steps, reach: Reach) -> Step:
    """Return how a post leaves the timelines of its author's followers, one chunk at a time."""
    layout, purging = reach.layout, reach.purging
    page = followers_asked(at, layout, purging.asked, key=LANE)
    removed = entries_changed(at, reach, purging.writes, name="servers")
    body = _chunk(at, reach, *page, removed)
    return ForEach(count=purging.chunks, body=body, at_once=1, name="chunks")


def _chunk(at: Steps, reach: Reach, *work: Step) -> tuple[Step, ...]:
    """Return one entry of the broker with its work, behind everything that is new."""
    read, finished = at.several("broker", "", 2, name="chunk")
    urgency = fanouts.PURGE if reach.is_fair else fanouts.NEW
    return (read, *at.call("fanout", *work, priority=urgency), finished)
