"""The public builder: any network of stations, from one queue to a planet, as a Program.

>>> from model.world.journeys import Journey, Visit
>>> from model.world.laws import Exponential
>>> customer = Journey(
...     name="customer", steps=Visit(station="counter", work=Exponential(mean=0.1))
... )
>>> program = (
...     Network()
...     .station("counter", servers=1)
...     .journey(customer)
...     .arrivals("customer", rate_per_s=5)
...     .build()
... )
>>> program.steps.paths
('customer/counter',)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Self

from numpy.typing import ArrayLike

from model.engine.building import Parts, program_of
from model.engine.codes import StreamKind
from model.engine.parts import (
    FIRST_COME,
    KEYS_MAX,
    MEMBERS_MAX,
    ONE_BY_ONE,
    Batching,
    CachePart,
    KeysPart,
    LinkPart,
    Queue,
    StationPart,
)
from model.engine.program import Program
from model.engine.refusals import refuse_count, refuse_duration, refuse_outside, refuse_unless
from model.engine.sources import Rates, Source, columns_of, pieces, recorded_source
from model.engine.tables import zone_ranks
from model.world.attributes import Attribute
from model.world.counts import CountLaw
from model.world.failures import Failure
from model.world.journeys import Journey
from model.world.keys import LANE, LEG, RANDOM
from model.world.laws import Constant, Law


class Network:
    """Parts of a network, in any order; `build` checks that they fit and returns the Program.

    Raises `refusals.NetworkError`, a ValueError, that names the part and the value.
    """

    def __init__(self) -> None:
        self._parts = Parts()

    def host(self, name: str, *, cores: float) -> Self:
        """Add a machine whose cores are shared equally by all busy servers placed on it."""
        refuse_unless(name not in self._parts.hosts, f"host {name}: is there already")
        refuse_unless(cores > 0, f"host {name}: cores must be positive, got {cores}")
        self._parts.hosts[name] = cores
        return self

    def station(  # noqa: PLR0913 - a station has as many properties as the grammar has words for
        self,
        name: str,
        *,
        servers: int = 1,
        members: int = 1,
        replicas: int = 1,
        host: str | None = None,
        queue: Queue = FIRST_COME,
        batching: Batching = ONE_BY_ONE,
        balancing: str | Sequence[float] = "random",
        on_crash: str = "lost",
        noticed_after_s: float = 0.0,
        failover_s: float | None = None,
    ) -> Self:
        """Add a station: `members` shards or instances of `replicas` copies each.

        Each member has a queue and `servers` identical servers.  Without a host they are
        served at full speed, whatever else is busy; on a host they share its cores with all
        that is on it.

        `balancing` chooses among members that are equal to a visit: "random", "round_robin",
        "least_outstanding", "power_of_two", or the weight of each shard, adding up to 1.
        `on_crash` says what becomes of visits there: "lost", "restart" or "resume".  A member
        that goes down is chosen no more from `noticed_after_s` later on, and as the primary of
        its shard not from `failover_s` later on (None: as long).
        """
        refuse_unless(name not in self._parts.stations, f"station {name}: is there already")
        self._parts.stations[name] = StationPart(
            name=name,
            servers=servers,
            members=members,
            replicas=replicas,
            host=host,
            queue=queue,
            batching=batching,
            balancing=balancing,
            on_crash=on_crash,
            noticed_after_s=noticed_after_s,
            failover_s=noticed_after_s if failover_s is None else failover_s,
        )
        return self

    def consumers(
        self, name: str, *, count: int, batching: Batching = ONE_BY_ONE, partitions: int = 1
    ) -> Self:
        """Add a consumer group: `count` consumers of each partition of one stream of events.

        What a consumer had when it crashed is taken up again by the next.
        """
        return self.station(
            name, servers=count, members=partitions, batching=batching, on_crash="restart"
        )

    def link(
        self, name: str, *, rtt: Law | float, bytes_per_s: float = inf, loss: float = 0.0
    ) -> Self:
        """Add a link: half of `rtt` seconds one way, and the time that the bytes take.

        A message is lost with probability `loss`; nobody notices before the deadline.
        """
        refuse_unless(name not in self._parts.links, f"link {name}: is there already")
        refuse_unless(
            bytes_per_s > 0, f"link {name}: bytes_per_s must be positive, got {bytes_per_s}"
        )
        refuse_unless(0 <= loss <= 1, f"link {name}: loss must be in 0..1, got {loss}")
        if isinstance(rtt, int | float):
            refuse_unless(0 <= rtt < inf, f"link {name}: rtt must be 0 or more, got {rtt}")
            rtt = Constant(value=float(rtt))
        refuse_duration(f"link {name}", rtt)
        self._parts.links[name] = LinkPart(
            rtt=rtt, bytes_per_s=float(bytes_per_s), loss=float(loss)
        )
        return self

    def keys(self, name: str, *, law: CountLaw) -> Self:
        """Add a set of keys, numbered from 0; `law` says which is asked for, as `counts.zipf`."""
        refuse_unless(name not in self._parts.key_sets, f"keys {name}: are there already")
        refuse_unless(
            name not in (RANDOM, LANE, LEG), f"keys {name!r}: the name means something else"
        )
        refuse_count(f"keys {name}", law, most=KEYS_MAX - 1)
        self._parts.key_sets[name] = KeysPart(law=law)
        return self

    def cache(
        self,
        name: str,
        *,
        keys: str,
        capacity: int,
        ttl_s: float = inf,
        members: int = 1,
        single_flight: bool = False,
    ) -> Self:
        """Add a cache: each of `members` holds `capacity` keys, the least recently used goes.

        A key is good for `ttl_s` after it was stored.  With `single_flight`, who misses what
        another is fetching waits for that one.
        """
        refuse_unless(name not in self._parts.caches, f"cache {name}: is there already")
        refuse_outside(f"cache {name}: capacity", capacity, 1, KEYS_MAX)
        refuse_outside(f"cache {name}: members", members, 1, MEMBERS_MAX)
        refuse_unless(ttl_s > 0, f"cache {name}: ttl_s must be positive, got {ttl_s}")
        self._parts.caches[name] = CachePart(
            keys=keys,
            capacity=capacity,
            ttl_s=float(ttl_s),
            members=members,
            single_flight=single_flight,
        )
        return self

    def zones(
        self,
        count: int,
        *,
        of_request: Attribute | None = None,
        apart_s: ArrayLike | None = None,
    ) -> Self:
        """Spread copy r of shard s over zones, to zone (s + r) modulo `count`.

        Requests are anywhere, equally likely, unless an attribute says which zone they are in.
        `apart_s`, of shape (count, count), says how far it is from each zone to each; without it
        all others are equally far.
        """
        refuse_outside("zones:", count, 1, MEMBERS_MAX)
        self._parts.zones, self._parts.zone_attribute = count, of_request
        self._parts.zone_ranks = zone_ranks(count, apart_s)
        return self

    def journey(self, journey: Journey) -> Self:
        """Add what requests of this name go through."""
        refuse_unless(journey.name not in self._parts.journeys, f"{journey.name}: is there already")
        self._parts.journeys[journey.name] = journey
        return self

    def arrivals(
        self,
        journey: str,
        *,
        rate_per_s: Rates,
        start_s: float = 0.0,
        period_s: float = inf,
        batch: CountLaw | None = None,
        attributes: Mapping[str, ArrayLike] | None = None,
    ) -> Self:
        """Let requests arrive as a Poisson process from `start_s` on.

        The rate is a number, or pairs (from when on, rate) that repeat every `period_s`.
        `batch` says how many come together each time.  `attributes` is a population: columns of
        equal length, of which each request draws one row (so that what belongs together stays
        together).
        """
        return self._source(
            Source(
                kind=StreamKind.OPEN,
                journey=journey,
                rates=pieces(journey, rate_per_s, start_s),
                period_s=period_s,
                batch=batch,
                attributes=columns_of(journey, attributes),
            )
        )

    def recorded(
        self,
        journey: str,
        *,
        at_s: ArrayLike,
        attributes: Mapping[str, ArrayLike] | None = None,
    ) -> Self:
        """Let requests arrive at these instants, the k-th with the k-th row of `attributes`."""
        return self._source(recorded_source(journey, at_s, attributes))

    def closed(
        self,
        journey: str,
        *,
        users: int,
        think: Law,
        attributes: Mapping[str, ArrayLike] | None = None,
    ) -> Self:
        """Let so many users send requests for ever, each thinking before every one of its own."""
        columns = columns_of(journey, attributes)
        return self._source(
            Source(
                kind=StreamKind.CLOSED,
                journey=journey,
                users=users,
                think=think,
                attributes=columns,
            )
        )

    def sessions(
        self,
        journey: str,
        *,
        rate_per_s: Rates,
        length: CountLaw,
        think: Law,
        start_s: float = 0.0,
        period_s: float = inf,
        attributes: Mapping[str, ArrayLike] | None = None,
    ) -> Self:
        """Let users come as a Poisson process, and leave after `length` requests (at least 1).

        They think between an answer and their next request.
        """
        return self._source(
            Source(
                kind=StreamKind.SESSIONS,
                journey=journey,
                rates=pieces(journey, rate_per_s, start_s),
                period_s=period_s,
                length=length,
                think=think,
                attributes=columns_of(journey, attributes),
            )
        )

    def failure(self, failure: Failure) -> Self:
        """Add something that happens to the fleet while it runs."""
        self._parts.failures.append(failure)
        return self

    def build(self) -> Program:
        """Return the Program of these parts."""
        return program_of(self._parts)

    def _source(self, source: Source) -> Self:
        self._parts.sources.append(source)
        return self
