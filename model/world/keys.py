"""Keys of visits: by what a step chooses its shard.

RANDOM leaves it to the station's balancing.  LEG draws one per leg of the innermost `ForEach`,
and two may meet.  LANE goes by the leg of all `ForEach` around it: each has shards of its own, so
that no two meet while there are enough.  Where one of these goes in lanes, LANE goes by the lane:
the first has the first shards, and so on, an equal part each (where that cuts a shard it belongs
to both, and of fewer shards several have the same), over which forks inside spread their legs.
`Beside` goes likewise by the shards that another key does not name.  An `Attribute` is the number
of the shard.  The name of a set of keys (`Network.keys`) draws one of them per leg, and its hash is
the shard.  Any other text names a key of the request, such as "own": all its visits with that key
meet the same shard (of stations with as many shards), and of copies chosen at random the same copy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from model.world.attributes import Attribute

RANDOM = ""
LEG = "leg"
LANE = "lane"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """The shards beside the one that a key of the request names: in as many legs, each once."""

    key: str | Attribute


Key: TypeAlias = str | Attribute | Beside


def is_of_legs(key: Key) -> bool:
    """Say whether a key is another in each leg of a fork."""
    return isinstance(key, Beside) or key in (LEG, LANE)
