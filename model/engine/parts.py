"""The parts that a network is built of, each checked on its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isclose

from model.engine.codes import NONE, Balancing, Discipline, OnCrash
from model.engine.refusals import refuse_duration, refuse_outside, refuse_unless
from model.world.counts import CountLaw
from model.world.laws import Law

SERVERS_MAX = 1_000_000  # of one member
ALL_SERVERS_MAX = 10_000_000  # of all members of one station
MEMBERS_MAX = 1_000_000  # of one station
KEYS_MAX = 10_000_000  # of one set
ENTRIES_MAX = 100_000_000  # keys of a set, times members of its cache

_LARGEST = 1 - 2.0**-53  # where a law shows its largest value


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """How visits wait at each member of a station.

    `limit` visits may wait (None: any number); one more is refused.  `order` is "fifo", "lifo"
    (the newest first while more than `lifo_above` wait), "priority", or "preemptive" (who is
    less urgent gives way even in service, and resumes later).  `drop_expired` takes up no visit
    whose deadline has passed.
    """

    limit: int | None = None
    order: str = "fifo"
    lifo_above: int = 0
    drop_expired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Batching:
    """How a server takes several visits at once: a stream's consumer, a pipeline, an outbox relay.

    It takes up to `limit` that wait; together they take the `overhead` and the sum of their
    works, and end together.  With `poll_s` it looks only at multiples of that.
    """

    limit: int
    overhead: Law | None = None
    poll_s: float = 0.0


FIRST_COME = Queue()
ONE_BY_ONE = Batching(limit=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class StationPart:
    """One station; see `network.Network.station`."""

    name: str
    servers: int
    members: int
    replicas: int
    host: str | None
    queue: Queue
    batching: Batching
    balancing: str | Sequence[float]
    on_crash: str
    noticed_after_s: float
    failover_s: float

    def __post_init__(self) -> None:
        """Refuse what no station has."""
        name, queue, batching = self.name, self.queue, self.batching
        refuse_unless(name != "", "station: needs a name, got ''")
        refuse_outside(f"station {name}: servers", self.servers, 1, SERVERS_MAX)
        refuse_outside(f"station {name}: members", self.members, 1, MEMBERS_MAX)
        refuse_outside(f"station {name}: replicas", self.replicas, 1, MEMBERS_MAX)
        refuse_outside(f"station {name}: batching limit", batching.limit, 1, MEMBERS_MAX)
        copies = self.members * self.replicas
        refuse_outside(f"station {name}: members times replicas", copies, 1, MEMBERS_MAX)
        servers = copies * self.servers
        refuse_outside(f"station {name}: servers of all members", servers, 1, ALL_SERVERS_MAX)
        if queue.limit is not None:
            refuse_outside(f"station {name}: queue limit", queue.limit, 0, 2**31 - 1)
        refuse_outside(f"station {name}: lifo_above", queue.lifo_above, 0, 2**31 - 1)
        refuse_unless(
            0 <= batching.poll_s < inf,
            f"station {name}: poll_s must be 0 or more, got {batching.poll_s}",
        )
        refuse_unless(
            0 <= self.noticed_after_s < inf,
            f"station {name}: noticed_after_s must be 0 or more, got {self.noticed_after_s}",
        )
        refuse_unless(
            0 <= self.failover_s < inf,
            f"station {name}: failover_s must be 0 or more, got {self.failover_s}",
        )
        if batching.overhead is not None:
            refuse_duration(f"station {name}: overhead", batching.overhead)
        _chosen(f"station {name}: queue order", queue.order, Discipline)
        _chosen(f"station {name}: on_crash", self.on_crash, OnCrash)
        if isinstance(self.balancing, str):
            _chosen(f"station {name}: balancing", self.balancing, Balancing)
        else:
            _refuse_weights(name, self.balancing, self.members)
        refuse_unless(
            queue.order != "preemptive" or batching == ONE_BY_ONE,
            f"station {name}: a preemptive queue cannot be served in batches",
        )

    @property
    def discipline(self) -> Discipline:
        """The order of its queue."""
        return Discipline[self.queue.order.upper()]

    @property
    def crash_policy(self) -> OnCrash:
        """What becomes of its work in a crash."""
        return OnCrash[self.on_crash.upper()]

    @property
    def balancer(self) -> Balancing:
        """How members are chosen; by weights is at random."""
        named = isinstance(self.balancing, str)
        return Balancing[str(self.balancing).upper()] if named else Balancing.RANDOM

    @property
    def queue_max(self) -> int:
        """How many may wait, or NONE."""
        return NONE if self.queue.limit is None else self.queue.limit

    @property
    def is_simple(self) -> bool:
        """Whether only time and arrivals matter, unless something disrupts it."""
        return (
            self.host is None
            and self.queue == FIRST_COME
            and self.batching == ONE_BY_ONE
            and self.balancer in (Balancing.RANDOM, Balancing.ROUND_ROBIN)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPart:
    """One link; see `network.Network.link`."""

    rtt: Law
    bytes_per_s: float
    loss: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysPart:
    """One set of keys; see `network.Network.keys`."""

    law: CountLaw

    @property
    def size(self) -> int:
        """How many keys there are: the largest that is ever asked for, and those below it."""
        return self.law.quantile(_LARGEST) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CachePart:
    """One cache; see `network.Network.cache`."""

    keys: str
    capacity: int
    ttl_s: float
    members: int
    single_flight: bool


def _refuse_weights(name: str, weights: Sequence[float], members: int) -> None:
    refuse_unless(
        len(weights) == members, f"station {name}: {len(weights)} weights for {members} members"
    )
    lowest = min(weights)
    refuse_unless(lowest >= 0, f"station {name}: weights must be 0 or more, got {lowest}")
    total = sum(weights)
    refuse_unless(isclose(total, 1), f"station {name}: weights must add up to 1, got {total}")


def _chosen(
    what: str, word: str, choices: type[Discipline] | type[OnCrash] | type[Balancing]
) -> None:
    words = [choice.name.lower() for choice in choices]
    refuse_unless(word in words, f"{what} must be one of {', '.join(words)}, got {word!r}")
