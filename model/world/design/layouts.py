"""How timelines and followers are asked for, on one server or on all, as the layout has it."""

from __future__ import annotations

from model.world.chunks import Writes
from model.world.counts import ConstantCount, CountLaw
from model.world.design.steps import READER, Steps, now_and_then
from model.world.entries import work_of_entries
from model.world.journeys import ForEach, Step
from model.world.keys import LANE, LEG
from model.world.layouts import Layout
from model.world.reach import Reach

POST = "post"  # visits with this key meet the server of the post


def timeline_asked(at: Steps, layout: Layout, *, name: str = "") -> Step:
    """Return a question about all of the reader's timeline."""
    if not layout.by_post:
        return at.visit("timeline_store", READER, name=name)
    part = at.visit("timeline_store", LANE)
    count = ConstantCount(count=layout.timeline_servers)
    return ForEach(count=count, body=part, name=name or "parts")


def timeline_changed(at: Steps, layout: Layout, *, name: str = "") -> Step:
    """Return a change of all of the reader's timeline."""
    if not layout.by_post:
        return at.write("timeline_store", READER, name=name)
    part = at.write("timeline_store", LANE)
    count = ConstantCount(count=layout.timeline_servers)
    return ForEach(count=count, body=part, name=name or "parts")


def entry_changed(at: Steps, layout: Layout, *, name: str = "") -> Step:
    """Return a change of one entry of the author's own timeline."""
    return at.write("timeline_store", POST if layout.by_post else READER, name=name)


def entries_changed(at: Steps, reach: Reach, writes: Writes, *, key: str = LANE, name: str) -> Step:
    """Return a change of the entries that timelines on some servers have of one post.

    `key` says which servers, where it is not the post's own.  Some are told again, of the timelines
    that hold a share of posts.  Writes work as much as was learnt of them; if it was learnt of so
    many entries in one, more work more.
    """
    chosen = POST if reach.layout.by_post else key

    def written(entries: CountLaw, name: str = "") -> Step:
        learnt = at.work("timeline_store")
        if reach.entries_learnt is not None:
            learnt = work_of_entries(learnt, entries=entries, entries_learnt=reach.entries_learnt)
        return at.write("timeline_store", chosen, work=learnt, name=name)

    body: tuple[Step, ...] = (written(writes.entries),)
    if writes.halved_share:
        again = written(writes.halved_entries, "halved")
        body += (now_and_then(writes.halved_share, again, name="halved"),)
    return ForEach(count=writes.servers, body=body, name=name)


def followers_counted(at: Steps, layout: Layout) -> tuple[Step, ...]:
    """Return how many follow the reader."""
    if layout.is_mirrored:
        return at.call("follow", at.visit("user_db", READER))
    count = ConstantCount(count=layout.user_servers)
    return at.call("follow", ForEach(count=count, body=at.visit("user_db", LANE), name="counts"))


def followers_asked(
    at: Steps, layout: Layout, asked: CountLaw, *, key: str = ""
) -> tuple[Step, ...]:
    """Return the next page of the reader's followers, from so many servers.

    `key` says which, for a chunk; without it there is one page of all.
    """
    called = LEG if key else ""
    if layout.is_mirrored:
        return at.call("follow", at.visit("user_db", READER), key=called)
    body = at.visit("user_db", key or LANE)
    return at.call("follow", ForEach(count=asked, body=body, name="pages"), key=called)
