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

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.engine.flattening import Flat, flatten
from model.engine.program import NONE, Hosts, Program, Stations, Stream
from model.engine.refusals import reached_from, refuse_attributes, refuse_cycles, refuse_unless
from model.world.chance import path_key
from model.world.journeys import Journey


@dataclass(frozen=True, slots=True, kw_only=True)
class _Station:
    servers: int
    members: int
    host: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    rate_per_s: float = 0.0
    start_s: float = 0.0
    at_s: NDArray[np.float64] | None = None
    attributes: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)


class Network:
    """Parts of a network, in any order; `build` checks that they fit and returns the Program.

    Raises `refusals.NetworkError`, a ValueError, that names the part and the value.
    """

    def __init__(self) -> None:
        self._hosts: dict[str, float] = {}
        self._stations: dict[str, _Station] = {}
        self._journeys: dict[str, Journey] = {}
        self._sources: list[tuple[str, _Source]] = []

    def host(self, name: str, *, cores: float) -> Self:
        """Add a machine whose cores are shared equally by all busy servers placed on it."""
        refuse_unless(name not in self._hosts, f"host {name}: is there already")
        refuse_unless(cores > 0, f"host {name}: cores must be positive, got {cores}")
        self._hosts[name] = cores
        return self

    def station(
        self, name: str, *, servers: int = 1, members: int = 1, host: str | None = None
    ) -> Self:
        """Add a station: `members` shards or instances, each with one first-come queue.

        Each member has `servers` identical servers.  Without a host they are served at full
        speed, whatever else is busy; on a host they share its cores with all that is on it.
        """
        refuse_unless(name not in self._stations, f"station {name}: is there already")
        refuse_unless(servers >= 1, f"station {name}: servers must be 1 or more, got {servers}")
        refuse_unless(members >= 1, f"station {name}: members must be 1 or more, got {members}")
        self._stations[name] = _Station(servers=servers, members=members, host=host)
        return self

    def journey(self, journey: Journey) -> Self:
        """Add what requests of this name go through."""
        refuse_unless(journey.name not in self._journeys, f"{journey.name}: is there already")
        self._journeys[journey.name] = journey
        return self

    def arrivals(
        self,
        journey: str,
        *,
        rate_per_s: float,
        start_s: float = 0.0,
        attributes: Mapping[str, ArrayLike] | None = None,
    ) -> Self:
        """Let requests arrive as a Poisson process from `start_s` on.

        `attributes` is a population: columns of equal length, of which each request draws one
        row (so that what belongs together stays together).
        """
        refuse_unless(
            0 <= rate_per_s < np.inf, f"{journey}: rate must be 0 or more, got {rate_per_s}"
        )
        refuse_unless(0 <= start_s < np.inf, f"{journey}: start must be 0 or more, got {start_s}")
        columns = _columns(journey, attributes)
        source = _Source(rate_per_s=rate_per_s, start_s=start_s, attributes=columns)
        self._sources.append((journey, source))
        return self

    def recorded(
        self,
        journey: str,
        *,
        at_s: ArrayLike,
        attributes: Mapping[str, ArrayLike] | None = None,
    ) -> Self:
        """Let requests arrive at these instants, the k-th with the k-th row of `attributes`."""
        instants = np.asarray(at_s, dtype=np.float64)
        in_order = np.isfinite(instants).all() and (np.diff(instants, prepend=0.0) >= 0).all()
        refuse_unless(bool(in_order), f"{journey}: recorded arrivals must rise from 0")
        columns = _columns(journey, attributes)
        for name, column in columns.items():
            refuse_unless(
                len(column) == len(instants),
                f"{journey}: {len(column)} values of {name} for {len(instants)} arrivals",
            )
        self._sources.append((journey, _Source(at_s=instants, attributes=columns)))
        return self

    def build(self) -> Program:
        """Return the Program of these parts."""
        self._refuse_unknown()
        flat = flatten(list(self._journeys.values()), list(self._stations))
        self._refuse_misfits(flat)
        return Program(
            journeys=tuple(flat.journeys),
            begin=np.array(flat.begin, np.int32),
            end=np.array(flat.end, np.int32),
            steps=flat.steps(),
            laws=tuple(flat.laws),
            attributes=tuple(flat.attributes),
            stations=self._flat_stations(),
            hosts=Hosts(
                names=tuple(self._hosts), cores=np.array(list(self._hosts.values()), np.float64)
            ),
            streams=tuple(self._flat_streams(flat)),
        )

    def _refuse_unknown(self) -> None:
        for name, station in self._stations.items():
            known = station.host is None or station.host in self._hosts
            refuse_unless(known, f"station {name}: there is no host {station.host}")
        for journey, _ in self._sources:
            refuse_unless(journey in self._journeys, f"arrivals: there is no journey {journey}")

    def _refuse_misfits(self, flat: Flat) -> None:
        refuse_cycles(flat.journeys, flat.emitted_by)
        reached: set[int] = set()
        for name, source in self._sources:
            on_its_way = reached_from([flat.journeys.index(name)], flat.emitted_by)
            for journey in on_its_way:
                refuse_attributes(name, flat.counted(journey), source.attributes)
            reached |= on_its_way
        for journey, name in enumerate(flat.journeys):
            refuse_unless(journey in reached, f"{name}: nothing arrives there, and none emits it")

    def _flat_stations(self) -> Stations:
        hosts, stations = list(self._hosts), self._stations.values()
        members = np.array([station.members for station in stations], np.int32)
        placed = [NONE if s.host is None else hosts.index(s.host) for s in stations]
        return Stations(
            names=tuple(self._stations),
            first_member=(np.cumsum(members) - members).astype(np.int32),
            members=members,
            servers=np.array([station.servers for station in stations], np.int32),
            host=np.array(placed, np.int32),
        )

    def _flat_streams(self, flat: Flat) -> list[Stream]:
        streams = []
        for number, (journey, source) in enumerate(self._sources):
            before = sum(name == journey for name, _ in self._sources[:number])
            streams.append(
                Stream(
                    journey=flat.journeys.index(journey),
                    path_hash=path_key(f"{journey}/arrivals/{before}"),
                    rate_per_s=source.rate_per_s,
                    start_s=source.start_s,
                    at_s=source.at_s,
                    attributes=_table(source, flat.attributes),
                )
            )
        return streams


def _columns(
    journey: str, attributes: Mapping[str, ArrayLike] | None
) -> dict[str, NDArray[np.float64]]:
    """Return the attributes as columns, which must be numbers from 0, all equally many."""
    columns = {
        name: np.asarray(values, dtype=np.float64) for name, values in (attributes or {}).items()
    }
    for name, column in columns.items():
        refuse_unless(column.ndim == 1 and len(column) > 0, f"{journey}: {name} needs values")
        least = column.min()  # NaN if one is
        refuse_unless(least >= 0, f"{journey}: {name} must be 0 or more, got {least}")
        refuse_unless(
            len(column) == len(next(iter(columns.values()))),
            f"{journey}: {name} has {len(column)} values, another attribute has not",
        )
    return columns


def _table(source: _Source, names: list[str]) -> NDArray[np.float64]:
    """Return the columns in the order of `names`, NaN where the source has none."""
    given = [source.attributes[name] for name in names if name in source.attributes]
    rows = len(given[0]) if given else len(source.at_s) if source.at_s is not None else 1
    columns = [source.attributes.get(name, np.full(rows, np.nan)) for name in names]
    return np.column_stack(columns) if columns else np.empty((rows, 0))
