"""What each kind of request cannot be answered without, and what the services can do without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from model.world.scenario import Endpoint, Policy, Scenario


class Access(Enum):
    """What a request does with a shard: a read takes any copy, a write that which takes writes."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A station that `share` of the requests need: any instance, or the shards of `keys` keys."""

    station: str
    access: Access = Access.READ
    keys: int = 1
    share: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One kind of request: the services on its way, and the keys it reads and writes of stores.

    PAGE stands for as many keys as there are posts on a page.
    """

    services: tuple[str, ...]
    reads: Mapping[str, int]
    writes: Mapping[str, int]


PAGE = 0
EVERY = 1_000_000  # more keys than there are shards: every shard is met
_SESSION = {"session_store": 1}

NEEDED: Mapping[Endpoint, _Row] = {
    Endpoint.NEWSFEED: _Row(
        services=("gateway", "timeline", "follow", "post"),
        reads={**_SESSION, "user_db": 1, "post_db": PAGE},
        writes={},
    ),
    Endpoint.POST: _Row(
        services=("gateway", "post", "media", "follow"),
        reads={**_SESSION, "user_db": 1, "post_db": 1},
        writes={"post_db": 1},
    ),
    Endpoint.FOLLOW: _Row(
        services=("gateway", "follow", "user"), reads=_SESSION, writes={"user_db": 2}
    ),
    Endpoint.UNFOLLOW: _Row(
        services=("gateway", "follow", "user"), reads=_SESSION, writes={"user_db": 2}
    ),
    Endpoint.LOGIN: _Row(services=("gateway", "user"), reads={"user_db": 2}, writes=_SESSION),
    Endpoint.REGISTER: _Row(
        services=("gateway", "user", "media"), reads={}, writes={**_SESSION, "user_db": 3}
    ),
    Endpoint.PROFILE: _Row(
        services=("gateway", "post", "user", "follow"),
        reads={**_SESSION, "user_db": 2, "post_db": PAGE},
        writes={},
    ),
    # Any shard of the index is asked; others that are away are left out of the answer.
    Endpoint.SEARCH: _Row(
        services=("gateway", "search", "follow"), reads={**_SESSION, "user_db": 1}, writes={}
    ),
    Endpoint.IMAGE: _Row(services=("cdn", "media"), reads={}, writes={}),
}
# Those that a request visits too, and is answered without.
DONE_WITHOUT: Mapping[Endpoint, tuple[Need, ...]] = {
    Endpoint.NEWSFEED: (Need(station="timeline_store"),),  # the page comes by pull
    Endpoint.POST: (  # the event shows the author their own post
        Need(station="timeline"),
        Need(station="timeline_store", access=Access.WRITE),
    ),
}
INSIDE = {  # what fails with a service, for it is part of it
    "password": "user",
    "darkroom": "media",
    "object_store": "media",
    "search_index": "search",
}


def needs_of(endpoint: Endpoint, scenario: Scenario, *, falls_back: bool) -> tuple[Need, ...]:
    """Return what requests of a kind need; without falling back, also what they visit besides."""
    row = NEEDED[endpoint]
    services = [
        Need(station=station, share=_share_of(station, endpoint, scenario))
        for station in row.services
    ]
    stores = [
        Need(station=station, access=access, keys=keys)
        for access, asked in ((Access.READ, row.reads), (Access.WRITE, row.writes))
        for station, keys in asked.items()
    ]
    soft = () if falls_back else DONE_WITHOUT.get(endpoint, ())
    laid_out = (_as_laid_out(need, endpoint, scenario.policy) for need in (*stores, *soft))
    return (*services, *laid_out)


def _share_of(station: str, endpoint: Endpoint, scenario: Scenario) -> float:
    """Return which share of requests gets to a service on their way: not all get to media."""
    if station == "media" and endpoint is Endpoint.IMAGE:
        return 1 - scenario.fleet.cdn.hit_share
    if station == "media" and endpoint is Endpoint.POST:
        return 1 - scenario.people.post_types.text
    return 1.0


def _as_laid_out(need: Need, endpoint: Endpoint, policy: Policy) -> Need:
    """Return a need of a store as timelines and follows are kept."""
    keys = policy.page_limit if need.keys == PAGE else need.keys
    if need.station == "user_db" and policy.follows_kept == "follower":
        if endpoint is Endpoint.POST:
            keys = EVERY  # all servers are asked how many followers the author has
        elif endpoint in (Endpoint.FOLLOW, Endpoint.UNFOLLOW):
            keys = 1  # there is no mirror to write
    if need.station == "timeline_store" and policy.timelines_by == "post":
        keys = EVERY if need.access is Access.READ else keys
    return replace(need, keys=keys)
