"""The design as journeys: what each request and each asynchronous activity goes through.

A service that asks others works before and after: each call is two visits of its station,
half of the work each.  The stations and their order are those that the reference services
report in `Server-Timing`; `answers.accounting` compares the two.

A request is as the load generator sends it: a post is an image without `Idempotency-Key`, a page
is the first of a timeline that is there, and full.  What consumers do with events that are not
for them is part of what their event loops cost per call; their visits of the broker are said.
"""

from __future__ import annotations

from model.world.design.activities import announcement, development, reflection
from model.world.design.fanout import fanout
from model.world.design.names import (
    ACTIVITIES_OF,
    ANNOUNCEMENT,
    DEVELOPMENT,
    FANOUT,
    PORTRAIT,
    REFLECTION,
)
from model.world.design.requests import DelayOf, request
from model.world.design.steps import Steps, WorkOf
from model.world.journeys import Journey
from model.world.reach import Reach

__all__ = [
    "ACTIVITIES_OF",
    "ANNOUNCEMENT",
    "DEVELOPMENT",
    "FANOUT",
    "PORTRAIT",
    "REFLECTION",
    "DelayOf",
    "WorkOf",
    "journeys_of",
]


def journeys_of(reach: Reach, work_of: WorkOf, delay_of: DelayOf) -> tuple[Journey, ...]:
    """Return every journey of the design, with these widths, works and delays."""
    requests = (
        request(endpoint, Steps(endpoint.value, work_of), reach, delay_of)
        for endpoint in reach.counting
    )
    activities = {
        FANOUT: fanout(Steps(FANOUT, work_of), reach),
        REFLECTION: reflection(Steps(REFLECTION, work_of), reach),
        ANNOUNCEMENT: announcement(Steps(ANNOUNCEMENT, work_of), reach),
        DEVELOPMENT: development(Steps(DEVELOPMENT, work_of), reach, told="post"),
        PORTRAIT: development(Steps(PORTRAIT, work_of), reach, told="user"),
    }
    return (*requests, *(Journey(name=name, steps=steps) for name, steps in activities.items()))
