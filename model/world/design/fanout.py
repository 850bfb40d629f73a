"""How a post reaches its author's followers after the answer: copied to them, or kept once."""

from __future__ import annotations

from model.world.design.events import consumed, relayed
from model.world.design.names import DEVELOPMENT, FANOUT
from model.world.design.steps import READER, Steps, now_and_then
from model.world.journeys import LEG, AllOf, Emit, ForEach, Step
from model.world.reach import Reach
from model.world.spreading import Spreading


def fanout(at: Steps, reach: Reach) -> tuple[Step, ...]:
    """Return how a post is heard of, and brought to its author and followers or kept."""
    merged, many = reach.merge_share, reach.spreading.many_share
    brought = (
        now_and_then((1 - merged) * (1 - many), *_few(at, reach.spreading), name="few"),
        now_and_then((1 - merged) * many, *_many(at, reach.spreading), name="many"),
        now_and_then(merged, *_kept(at), name="keep"),
    )
    policy = now_and_then(reach.stale_worker_policy, at.visit("broker"), name="policy")
    worker = consumed(at, FANOUT, *at.call("fanout", policy, *brought))
    erasure = consumed(at, "post")  # hears of every post, to hear of deleted ones
    heard = AllOf(branches=(worker, erasure), name="hear")
    return (*relayed(at, "post_db"), Emit(journey=DEVELOPMENT), heard)


def _few(at: Steps, spreading: Spreading) -> tuple[Step, ...]:
    """Return how a post is brought to its author and the followers of one chunk."""
    body = at.visit("timeline_store", LEG)
    return (*_page_of_followers(at), ForEach(count=spreading.few_servers, body=body))


def _many(at: Steps, spreading: Spreading) -> tuple[Step, ...]:
    """Return how a post is brought to its author, then chunk by chunk, ranges side by side.

    Each chunk is an entry of its own in the broker, read and finished.
    """
    read, finished = at.several("broker", "", 2, name="chunk")
    delivered = ForEach(
        count=spreading.chunk_servers, body=at.visit("timeline_store", LEG), name="servers"
    )
    chunks = ForEach(
        count=spreading.chunks,
        body=(read, *_page_of_followers(at), delivered, finished),
        at_once=spreading.at_once,
        name="chunks",
    )
    return (at.visit("timeline_store", READER), chunks)


def _page_of_followers(at: Steps) -> tuple[Step, ...]:
    return at.call("follow", at.visit("user_db", READER))


def _kept(at: Steps) -> tuple[Step, ...]:
    """Return how a post is kept for merging: shown to its author, in their list, and whose it is.

    The set of those who have such lists lies on one server of all; here it is on any.
    """
    shown, kept = at.several("timeline_store", READER, 2, name="keep")
    return (shown, kept, at.visit("timeline_store", name="timeline_store_whose"))
