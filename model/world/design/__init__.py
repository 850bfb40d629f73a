"""The design as journeys: what each request and each asynchronous activity goes through.

A service that asks others works before and after: each call is two visits of its station,
half of the work each.  The stations and their order are those that the reference services
report in `Server-Timing`; `answers.accounting` compares the two.

A request is as the load generator sends it: a post is made without `Idempotency-Key`, a page
is the first of a timeline that is there, and full, a profile the first page of another's posts,
an image one that an edge is asked for past the gateways.  What consumers do with events that are
not for them is part of what their event loops cost per call; their visits of the broker are said.
"""

from __future__ import annotations

from model.world.design.activities import (
    announcement,
    development,
    reflection,
)
from model.world.design.fanout import fanout
from model.world.design.media_works import works_of_media
from model.world.design.names import (
    ACTIVITIES_OF,
    ANNOUNCEMENT,
    DEVELOPMENT,
    FANOUT,
    PORTRAIT,
    PURGE,
    REFLECTION,
)
from model.world.design.purging import purge
from model.world.design.requests import DelayOf, request
from model.world.design.steps import Steps, WorkOf
from model.world.journeys import Journey
from model.world.reach import Reach
from model.world.wiring import Wiring

__all__ = [
    "ACTIVITIES_OF",
    "ANNOUNCEMENT",
    "DEVELOPMENT",
    "FANOUT",
    "PORTRAIT",
    "PURGE",
    "REFLECTION",
    "DelayOf",
    "WorkOf",
    "journeys_of",
]


def journeys_of(
    reach: Reach, work_of: WorkOf, delay_of: DelayOf, wiring: Wiring | None = None
) -> tuple[Journey, ...]:
    """Return every journey of the design, with these widths, works and delays, so wired.

    The visits of a purge, which the load asks for none of, cost what those of a fan-out cost.
    """
    works = works_of_media(work_of, reach.kinds)

    def at(journey: str) -> Steps:
        return Steps(journey, works, wiring)

    requests = (request(e, at(e.value), reach, delay_of) for e in reach.counting)
    activities = {
        FANOUT: fanout(at(FANOUT), reach),
        REFLECTION: reflection(at(REFLECTION), reach),
        ANNOUNCEMENT: announcement(at(ANNOUNCEMENT), reach),
        DEVELOPMENT: development(at(DEVELOPMENT), reach, told="post"),
        PORTRAIT: development(at(PORTRAIT), reach, told="user"),
    }
    if reach.deleted_share:
        activities[PURGE] = purge(at(FANOUT), reach)
    return (*requests, *(Journey(name=name, steps=steps) for name, steps in activities.items()))
