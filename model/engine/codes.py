"""The codes that stand in the columns of a Program and in the records of a run."""

from __future__ import annotations

from enum import IntEnum

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
    HOLD = 7
    LINK = 8
    CACHED = 9
    CALL = 10


class Key(IntEnum):
    """By what a visit chooses a shard."""

    RANDOM = 0  # by the station's balancing or weights
    REQUEST = 1
    LEG = 2
    KEYS = 3  # by the hash of a key, drawn from a set of them
    ATTRIBUTE = 4  # the attribute is its number
    LANE = 5  # evenly among the shards of the lane
    APART = 6  # evenly among shards that no other leg has
    BESIDE = 7  # the same among those that REQUEST, or ATTRIBUTE, does not choose


class Replica(IntEnum):
    """By what a visit chooses a copy of its shard; a number from 0 is that copy."""

    ANY = -2
    NEAREST = -3
    PRIMARY = -4  # the first that is up, or has not been failed over from
    FOLLOWER = -5  # the one that the fork around it has chosen: a copy that a write goes on to


class Draw(IntEnum):
    """Which value a step draws; the last coordinate of its chance."""

    VALUE = 0  # work, time, size, count, deadline, or whether
    MEMBER = 1  # which shard; of arrivals: which row of attributes
    COUNT = 2  # items of a batch; requests of one arrival; requests of one session
    BASE = 3  # work of a batch without items
    KEY = 4
    LOSS = 5
    RTT = 6
    REPLICA = 7
    REPLICA_BESIDE = 8  # the second of two choices
    BACKOFF = 9
    HEDGE = 10
    ZONE = 11
    THINK = 12
    OVERHEAD = 13  # of a batch at its server
    SHARD_BESIDE = 14


class At(IntEnum):
    """Classes of event, in the order in which they happen at one instant.

    Within a class: by station member, host or stream, then request uid, step, leg, attempt.
    Numbers below 2 are SimPy's own, so that what a user adds to the environment comes first.
    """

    ACTION = 2  # crashes, repairs, and all else that happens to the fleet
    SERVICE_END = 3
    DELAY_END = 4  # of delays, links and backoffs
    POLL = 5
    HEDGE = 6
    DEADLINE = 7
    ARRIVAL = 8


class Outcome(IntEnum):
    """How a request, a visit or an attempt ended."""

    UNDER_WAY = 0
    DONE = 1
    REFUSED = 2  # by a full queue, a station that is down, or an open breaker
    EXPIRED = 3  # its deadline had passed: taken up no more, or given up by who waited
    LOST = 4  # in a crash or on a link


class Discipline(IntEnum):
    """Who of a queue is served next."""

    FIFO = 0
    LIFO = 1  # the newest first, while more than `lifo_above` wait
    PRIORITY = 2  # the most urgent first; first come, first served among equals
    PREEMPTIVE = 3  # and who is less urgent and in service gives way, and resumes later


class Balancing(IntEnum):
    """Which of several equal members a visit goes to, among those that are up."""

    RANDOM = 0
    ROUND_ROBIN = 1
    LEAST_OUTSTANDING = 2
    POWER_OF_TWO = 3  # the less busy of two at random


class OnCrash(IntEnum):
    """What becomes of visits at a member that crashes."""

    LOST = 0  # in queue or service: they fail, and who comes while it is down is refused
    RESTART = 1  # all wait for the repair; what was in service begins anew
    RESUME = 2  # all wait for the repair; what was in service goes on where it was


class StreamKind(IntEnum):
    """How the requests of a stream come."""

    OPEN = 0  # a Poisson process
    RECORDED = 1
    CLOSED = 2  # a fixed number of users, who think between two requests
    SESSIONS = 3  # users come as a Poisson process, and leave after some requests
