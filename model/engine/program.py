"""A Program: topology, journeys and arrivals, flattened to arrays that any engine executes.

Steps are in the order of a reader: a step is followed by the steps inside it, and `end` says
where these stop, so the next neighbour of step i is step `end[i]`.  `network.Network` builds
Programs, and refuses what means nothing; README.md in this folder says what each part means.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.engine.codes import StreamKind
from model.engine.disruptions import Disruption, Scaling
from model.world.counts import CountLaw
from model.world.laws import Law

Indices = NDArray[np.int32]
Flags = NDArray[np.int8]
Floats = NDArray[np.float64]
Words = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """One row per step, of all journeys; see the top of this file for their order."""

    kind: Flags
    end: Indices
    station: Indices  # VISIT, HOLD: index into `Stations`; ALL_OF: it writes to other copies there
    key: Flags  # VISIT, HOLD, CACHED (which member): a Key
    key_hash: Words  # Key.REQUEST, LEG, LANE, APART, BESIDE: the `path_key` of its name
    keys: Indices  # Key.KEYS and CACHED: index into `KeySets`
    key_attribute: Indices  # Key.ATTRIBUTE; Key.BESIDE too, or NONE
    replica: Indices  # VISIT, HOLD: a number, or a Replica
    priority: Flags  # VISIT, HOLD
    law: Indices  # VISIT, DELAY, FOR_EACH, LINK, CALL: index into `Program.laws`, or NONE:
    attribute: Indices  # then the value is this attribute of the request, or there is none; MAYBE
    base: Indices  # VISIT with items: the law of the work without them; NONE: a plain one
    count: Indices  # and the law of how many items, or NONE:
    count_attribute: Indices
    at_once: Indices  # FOR_EACH: legs that may run together; 0 is all
    in_lanes: Flags  # FOR_EACH: a leg waits for the one `at_once` before it, not for any
    need: Indices  # ALL_OF, FOR_EACH: successes to go on with; NONE is all
    probability: Floats  # MAYBE without an attribute
    journey: Indices  # EMIT: index into `Program.journeys`
    link: Indices  # LINK: index into `Links`
    cache: Indices  # CACHED: index into `Caches`
    call: Indices  # CALL: index into `Calls`
    otherwise: Indices  # CALL: where its attempts end, and the steps begin that are taken instead
    path_hash: Words  # the step's place in chance
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calls:
    """One row per CALL: how its attempts are repeated."""

    retries: Indices
    base_s: Floats
    factor: Floats
    cap_s: Floats
    jitter: Flags
    budget_ratio: Floats  # below 0: no budget
    budget_burst: Floats
    hedge_law: Indices  # or NONE
    breaker_failures: Indices  # 0: no breaker
    breaker_open_s: Floats
    cancels: Flags


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stations:
    """One row per station; members are numbered through, those of one station together.

    Copy r of shard s is member `first_member + s * replicas + r`.
    """

    names: tuple[str, ...]
    first_member: Indices
    shards: Indices
    replicas: Indices
    servers: Indices  # of each member, when the run begins
    host: Indices  # index into `Hosts`, or NONE: servers of its own
    queue_max: Indices  # visits that may wait at a member; NONE: any number
    discipline: Flags
    lifo_above: Indices
    drop_expired: Flags
    balancing: Flags
    on_crash: Flags
    noticed_after_s: Floats  # how long a member that is down goes on being chosen
    failover_s: Floats  # and how long as the primary
    batch_max: Indices  # visits that one server takes together
    overhead: Indices  # law of what a batch takes besides the work of its visits, or NONE
    poll_s: Floats  # services begin at multiples of this only; 0: at once
    plain: Flags  # nothing but time and arrivals matters: first come, first served, never down
    weights: tuple[Floats, ...]  # cumulated weights of the shards, ending at 1; empty: equal

    @property
    def members(self) -> Indices:
        """How many members each station has."""
        members: Indices = self.shards * self.replicas
        return members

    @property
    def of_member(self) -> Indices:
        """The station of each member."""
        return np.repeat(np.arange(len(self.names), dtype=np.int32), self.members)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hosts:
    """One row per host."""

    names: tuple[str, ...]
    cores: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeySets:
    """One row per set of keys, which are numbered from 0."""

    names: tuple[str, ...]
    law: Indices  # which key is asked for: index into `Program.laws`
    size: Indices
    key_hash: Words


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Caches:
    """One row per cache; each of its members keeps keys of its own."""

    names: tuple[str, ...]
    keys: Indices  # index into `KeySets`
    members: Indices
    capacity: Indices  # keys that a member holds; the least recently used one has to go
    ttl_s: Floats  # how long after it was stored a key is good for
    single_flight: Flags


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Links:
    """One row per link."""

    names: tuple[str, ...]
    rtt: Indices  # index into `Program.laws`: seconds there and back
    bytes_per_s: Floats
    loss: Floats  # probability that a message is lost, when the run begins


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stream:
    """One source of requests.

    `attributes` has a column per `Program.attributes`.  A recorded stream has one row for each
    arrival; each arrival, user or session of any other draws a row, all equally likely.
    """

    kind: StreamKind
    journey: int
    path_hash: int  # its place in chance
    since_s: Floats  # OPEN, SESSIONS: from when on
    rates_per_s: Floats  # arrivals come at this rate
    period_s: float  # after which the rates repeat; infinite: never
    batch: int  # OPEN: law of how many requests come together, or NONE: one
    at_s: Floats  # RECORDED: instants; else empty
    users: int  # CLOSED
    think: int  # CLOSED, SESSIONS: law of the time from an answer to the next request
    length: int  # SESSIONS: law of how many requests a session has
    attributes: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Program:
    """All that an engine needs to know."""

    journeys: tuple[str, ...]
    begin: Indices  # each journey's first step
    end: Indices  # and the step after its last
    steps: Steps
    calls: Calls
    laws: tuple[Law | CountLaw, ...]
    attributes: tuple[str, ...]
    stations: Stations
    hosts: Hosts
    zones: int  # where copies of any station stand, as `rules.regions.zone_of_copy` says
    zone_ranks: Indices  # (zone, other): how near, from 0, the own; empty: all others alike
    key_sets: KeySets
    caches: Caches
    links: Links
    streams: tuple[Stream, ...]
    zone_attribute: int  # the attribute that says where a request is, or NONE: anywhere
    disruptions: tuple[Disruption, ...]
    scalings: tuple[Scaling, ...]
