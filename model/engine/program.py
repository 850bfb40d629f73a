"""A Program: topology, journeys and arrivals, flattened to arrays that any engine executes.

Steps are in the order of a reader: a step is followed by the steps inside it, and `end` says
where these stop, so the next neighbour of step i is step `end[i]`.  `network.Network` builds
Programs, and refuses what means nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from model.world.counts import CountLaw
from model.world.laws import Law

NONE = -1  # in a column of indices: there is none


class Kind(IntEnum):
    """What a step does."""

    VISIT = 0
    DELAY = 1
    ALL_OF = 2
    BRANCH = 3  # one of the steps directly inside ALL_OF: holds a sequence
    FOR_EACH = 4
    MAYBE = 5
    EMIT = 6


class Key(IntEnum):
    """By what a visit chooses a member."""

    RANDOM = 0
    REQUEST = 1
    LEG = 2


class Draw(IntEnum):
    """Which value a step draws; the last coordinate of its chance."""

    VALUE = 0  # work, time, count, or whether
    MEMBER = 1


class At(IntEnum):
    """Classes of event, in the order in which they happen at one instant.

    Within a class: by station member or arrival stream, then request uid, step, leg, attempt.
    Numbers below 2 are SimPy's own, so that what a user adds to the environment comes first.
    """

    SERVICE_END = 2
    DELAY_END = 3
    ARRIVAL = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """One row per step, of all journeys; see the top of this file for their order."""

    kind: NDArray[np.int8]
    end: NDArray[np.int32]
    station: NDArray[np.int32]  # VISIT: index into `Stations`
    key: NDArray[np.int8]  # VISIT: a Key
    key_hash: NDArray[np.uint64]  # VISIT by a key: the `path_key` of its name
    law: NDArray[np.int32]  # VISIT, DELAY, FOR_EACH: index into `Program.laws`, or NONE:
    attribute: NDArray[np.int32]  # then the value is this attribute of the request
    at_once: NDArray[np.int32]  # FOR_EACH: legs that may run together
    probability: NDArray[np.float64]  # MAYBE
    journey: NDArray[np.int32]  # EMIT: index into `Program.journeys`
    path_hash: NDArray[np.uint64]  # the step's place in chance
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stations:
    """One row per station; members are numbered through, those of one station together."""

    names: tuple[str, ...]
    first_member: NDArray[np.int32]
    members: NDArray[np.int32]
    servers: NDArray[np.int32]  # of each member
    host: NDArray[np.int32]  # index into `Hosts`, or NONE: servers of its own

    @property
    def of_member(self) -> NDArray[np.int32]:
        """The station of each member."""
        return np.repeat(np.arange(len(self.names), dtype=np.int32), self.members)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hosts:
    """One row per host."""

    names: tuple[str, ...]
    cores: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stream:
    """One source of requests: Poisson at `rate_per_s` from `start_s`, or at recorded instants.

    `attributes` has a column per `Program.attributes`.  A recorded stream has one row for each
    arrival; a Poisson stream draws a row for each arrival, all equally likely.
    """

    journey: int
    path_hash: int  # its place in chance
    rate_per_s: float
    start_s: float
    at_s: NDArray[np.float64] | None
    attributes: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Program:
    """All that an engine needs to know."""

    journeys: tuple[str, ...]
    begin: NDArray[np.int32]  # each journey's first step
    end: NDArray[np.int32]  # and the step after its last
    steps: Steps
    laws: tuple[Law | CountLaw, ...]
    attributes: tuple[str, ...]
    stations: Stations
    hosts: Hosts
    streams: tuple[Stream, ...]
