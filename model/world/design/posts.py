"""How a post is made: its image or video, what is known of its author, its row, the post itself."""

from __future__ import annotations

from model.world.design.layouts import entry_changed, followers_counted
from model.world.design.steps import READER, Steps, now_and_then
from model.world.journeys import AllOf, Step
from model.world.reach import Reach


def post(at: Steps, reach: Reach) -> tuple[Step, ...]:
    """Return how a post is written and shown to its author."""
    count = followers_counted(at, reach.layout)
    before = at.visit("post_db", READER)
    prepared = AllOf(branches=(_medium(at, reach), count, before))
    index = at.write("post_db", READER, name="post_db_index")
    shown = at.call("timeline", entry_changed(at, reach.layout))
    return at.call("post", prepared, index, at.write("post_db"), *shown)


def _medium(at: Steps, reach: Reach) -> Step:
    """Return how an image or a video is taken in; a text has neither.

    A video is stored as it is sent.  By their size, decoding and storing take longer
    (`media_works`); what more bytes cost the services that hand them on nobody has measured.
    """
    kinds = reach.kinds
    decoded = now_and_then(kinds.image_of_media_share, at.visit("darkroom"), name="decode")
    taken_in = at.call("media", decoded, at.visit("object_store"))
    return now_and_then(kinds.media_share, *taken_in, name="medium")
