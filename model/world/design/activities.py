"""What goes on after an answer, besides fan-outs: mirrored follows, images, news of users."""

from __future__ import annotations

from model.world.design.events import consumed, relayed
from model.world.design.names import PORTRAIT
from model.world.design.newsfeed import reflected
from model.world.design.steps import READER, Steps, now_and_then
from model.world.journeys import AllOf, Emit, Step
from model.world.reach import Reach

_HEAR_OF_USERS = ("user", "follow", "post", "timeline")  # groups that read users' events
_HEAR_OF_IMAGES = ("user", "post", "pipeline")  # groups that read the pipeline's, and the edges
_HEARS_AND_DEVELOPS = "pipeline"  # the group that reads users' and posts' for their images


def announcement(at: Steps, reach: Reach) -> tuple[Step, ...]:
    """Return who hears of a user who has registered."""
    groups = (consumed(at, group) for group in _HEAR_OF_USERS)
    shards = (_indexed(at, shard) for shard in range(reach.index_shards))
    heard = AllOf(branches=(*groups, *shards), name="hear")
    return (*relayed(at, "user_db"), Emit(journey=PORTRAIT), heard)


def _indexed(at: Steps, shard: int) -> tuple[Step, ...]:
    """Return how one shard of the index hears of a user.

    What it works is left out: it takes many at a time, so that one more costs next to nothing.
    """
    return at.several("broker", "", 2, name=f"search_{shard}")


def development(at: Steps, reach: Reach, *, told: str) -> tuple[Step, ...]:
    """Return how an image gets its renditions, and who is told: its owner's service, the edges.

    What a process of the pipeline and its children work for one image is one visit.  That a text
    has none, or that a video is to stay as it is, the pipeline hears likewise.
    """
    share = reach.kinds.developed_share if told == "post" else 1.0
    noted = consumed(at, told, *at.call(told, at.write(f"{told}_db", READER)))
    edges = (consumed(at, f"edge_{edge}") for edge in range(reach.edges))
    others = (consumed(at, group) for group in _HEAR_OF_IMAGES if group != told)
    heard = AllOf(branches=(noted, *others, *edges), name="hear")
    developed = now_and_then(share, *at.call("pipeline"), heard, name="developed")
    return consumed(at, _HEARS_AND_DEVELOPS, developed)


def reflection(at: Steps, reach: Reach) -> tuple[Step, ...]:
    """Return how a change of the truth is mirrored once more, to be sure."""
    again = at.call("follow", *reflected(at, reach))
    return (*relayed(at, "user_db"), *consumed(at, "follow", *again))
