"""The names that a scenario may use: of requests, regions, stations and numbers."""

from __future__ import annotations

from collections.abc import Mapping

from model.rules.regions import REGIONS
from model.world.design.names import ACTIVITIES_OF
from model.world.routes import STORE_OF
from model.world.scenario import Endpoint, Fleet
from model.world.topology import topology_of

# What `expect.that` may be, and what it is; `.before`, `.during` and `.after` of events can follow.
NUMBERS: Mapping[str, str] = {
    "<request>.p50": "seconds that answered requests took; `.p95` and `.p99` likewise",
    "<request>.failed": "share that failed, or had no answer when their target had passed",
    "<request>.refused": "share that failed by a full queue, a breaker, or what is down;"
    " not in slices, as the next four",
    "<request>.expired": "share that failed by a deadline",
    "<request>.lost": "share that was lost in a crash, or on the way",
    "<request>.unanswered": "share without an answer at the end, though the target had passed",
    "<request>.attempts": "calls that each made on average, retries and hedges too, and what is"
    " written like one: parts of a page or post that have another way, and a deadline of its own;"
    " left out where nothing happens and no request came near a limit",
    "<request>.late": "share that took longer than the target of their p99, or failed",
    "all.failed": "the same of all requests together; `all.late` likewise",
    "lag.<activity>.p50": "seconds from a request until what it began is over; `.p95`, `.p99` too,"
    " with `?` for an end where too much was not over at the end of the run to know it",
    "lag.<activity>.unended": "share of what was begun that was not over at the end of the run,"
    " or failed",
    "celebrity_<N>.p50": "of a celebrity's post, the event number N, counted from 0; all that"
    " `<request>` has but `.late`",
    "lag.celebrity_<N>_fanout.p50": "seconds from that post until its last follower has it; all"
    " that `lag.<activity>` has",
    "lag.replication.<store>.p50": "seconds from the acknowledgement of a write until all have it;"
    " all that `lag.<activity>` has, as for the next",
    "lag.replica.<store>.p50": "the same until each copy by itself has it",
    "lost_writes.<store>.per_crash": (
        "acknowledged writes lost with a server, before events; `.per_year` likewise"
    ),
    "lost_writes.<store>": "acknowledged writes lost in crashes of the run",
    "instances.<station>": "how many there are on average, of a service with autoscaling",
    "busy.<station>": "share of the time that its servers are taken: by work, hanging, or held;"
    " of the whole run with its warm-up, which all else leaves out",
    "busiest.<station>": "the same of its busiest member",
}


def names() -> dict[str, list[str]]:
    """Return the names that fields may ask for, by what they name."""
    activities = dict.fromkeys(name for begun in ACTIVITIES_OF.values() for name in begun)
    return {
        "request": [endpoint.value for endpoint in Endpoint],
        "region": list(REGIONS),
        "station": [station.name for station in topology_of(Fleet()).stations],
        "activity": list(activities),
        "store": list(STORE_OF),
    }
