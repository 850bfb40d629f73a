"""How visits and calls of a scenario are made: at which copy, over which way, protected by what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from model.world.hot_shards import hot_station
from model.world.index_shards import names_index_shards
from model.world.routes import STORE_OF, hot_shard
from model.world.scenario import Protections, Scenario
from model.world.scenario.events import MessageLoss
from model.world.scenario.traffic import ClientRetries
from model.world.topology import chooses_copies, instances_differ

WIRE = "wire"  # the link between services, there where messages are lost
ADMISSION = "admission"  # how many requests a gateway has under way
CALLED = ("user", "follow", "post", "media", "timeline", "search")  # services, by others
DOOR = "door"  # a copy per zone: who is sent to a zone that is down fails there


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What a journey's steps look like besides the work that is done.

    By default it is all on one machine, with nothing that could fail.
    """

    zones: int = 1
    chooses_copies: bool = False  # which instance answers depends on where it stands, or is up
    copies: Mapping[str, int] = field(default_factory=dict)  # of each shard, by station
    acks: Mapping[str, int] = field(default_factory=dict)  # that a write needs, by station
    hot_station: str = ""  # whose shards the requests name themselves
    names_index_shards: bool = False  # searches name which shard they ask first
    loses_messages: bool = False
    measured_at_client: bool = False
    is_guarded: bool = False  # whether calls have deadlines, retries and limits
    protections: Protections = field(default_factory=Protections)
    retries: ClientRetries = field(default_factory=ClientRetries)

    @property
    def copy(self) -> str:
        """Which copy of a shard, or which of equal instances, is visited."""
        return "nearest" if self.chooses_copies else "primary"

    @property
    def is_spread(self) -> bool:
        """Whether there are several zones, and so copies to choose and ways to go."""
        return self.zones > 1


def wiring_of(scenario: Scenario, *, is_guarded: bool = False) -> Wiring:
    """Return the wiring that a scenario describes.

    Where nothing happens, nothing is tried again and the policy protects as usual, limits and
    deadlines are left out unless it `is_guarded`: simulating them would cost as much as all the
    rest.  Whether any request comes near them is for `answers.near_limits` to see.
    """
    fleet, protections = scenario.fleet, scenario.policy.protections
    hot = hot_shard(scenario)
    stores = {station: getattr(fleet, table) for station, table in STORE_OF.items()}
    may_go_wrong = (
        bool(scenario.events) or scenario.traffic.retries.times > 0 or protections != Protections()
    )
    return Wiring(
        zones=fleet.zones,
        chooses_copies=chooses_copies(fleet, differ=instances_differ(scenario)),
        copies={station: store.replicas for station, store in stores.items()},
        acks={station: store.acks for station, store in stores.items()},
        hot_station=hot_station(hot) if hot else "",
        names_index_shards=names_index_shards(scenario),
        loses_messages=any(isinstance(event, MessageLoss) for event in scenario.events),
        measured_at_client=scenario.targets.measured_at == "client",
        is_guarded=is_guarded or may_go_wrong,
        protections=protections,
        retries=scenario.traffic.retries,
    )
