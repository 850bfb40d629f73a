"""How a post is made: its image or video, what is known of its author, its row, the post itself."""

from __future__ import annotations

from model.world.design.layouts import entry_changed, followers_counted
from model.world.design.steps import READER, Steps, now_and_then
from model.world.journeys import AllOf, Call, Delay, Step
from model.world.passing import NO_TIME
from model.world.reach import Reach


def post(at: Steps, reach: Reach) -> tuple[Step, ...]:
    """Return how a post is written and shown to its author."""
    count = followers_counted(at, reach.layout)
    before = at.visit("post_db", READER)
    prepared = AllOf(branches=(_medium(at, reach), count, before))
    index = at.write("post_db", READER, name="post_db_index")
    return at.call("post", prepared, index, at.write("post_db"), *_shown(at, reach))


def _shown(at: Steps, reach: Reach) -> tuple[Step, ...]:
    """Return how the author's own timeline gets the post.

    Where it cannot, their next page is to look for it; if that cannot be said either, it is left
    to the event.  That the next page does is not there: it is one in many.
    """
    shown = at.call("timeline", entry_changed(at, reach.layout))
    if not at.wiring.is_guarded:
        return shown
    look = at.call("follow", at.write("user_db", READER, name="user_db_look"))
    left = Call(steps=look, otherwise=Delay(time=NO_TIME), name="look")
    return (Call(steps=shown, otherwise=left, name="shown"),)


def _medium(at: Steps, reach: Reach) -> Step:
    """Return how an image or a video is taken in; a text has neither.

    A video is stored as it is sent.  By their size, decoding and storing take longer
    (`media_works`); what more bytes cost the services that hand them on nobody has measured.
    """
    kinds = reach.kinds
    decoded = now_and_then(kinds.image_of_media_share, at.visit("darkroom"), name="decode")
    taken_in = at.call("media", decoded, at.visit("object_store"))
    return now_and_then(kinds.media_share, *taken_in, name="medium")
