"""What `world.failures` says of a fleet, with every name turned into the numbers of a Program."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from model.world.failures import Again, Once


class ActionKind(IntEnum):
    """What happens; of those at one instant, the first here comes first."""

    CRASH = 0
    REPAIR = 1
    SPEED = 2  # of a member: 0 is a pause, 1 its own
    HOST_SPEED = 3
    LOSS = 4  # probability that a link loses a message
    LAG = 5  # seconds that a link takes longer
    SERVERS = 6  # of a member
    WIPE = 7  # a cache forgets all keys
    SPREAD = 8  # how many shards of a station are in use
    SCALE = 9  # it is looked at how many copies of a station should be in use


@dataclass(frozen=True, slots=True, kw_only=True)
class Disruption:
    """One thing that happens to each of these members, hosts, links, caches or stations.

    `kind` says what, and to which of these.
    """

    kind: ActionKind
    targets: tuple[int, ...]
    value: float
    when: Once | Again


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """How many copies of a station are in use; as `failures.Autoscale`."""

    station: int
    every_s: float
    busy_target: float
    start_up_s: float
    copies_min: int
    copies_max: int
    shrinks: bool
