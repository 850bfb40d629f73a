"""How much a run may hold before it is ended with the name of what there is too much of."""

from __future__ import annotations

import operator
from math import inf

AT_ONCE_MAX = 1 << 22  # requests of users and sessions at one instant: more go in a circle

TIME_STANDS_STILL = (
    f"users send more than {AT_ONCE_MAX:,} requests at one instant: they neither think nor wait"
)


class TooMuch(RuntimeError):
    """A run that has outgrown what an engine holds; the message says of what there is too much."""


def refuse_run(*, seed: int, replication: int, until_s: float) -> None:
    """Refuse a run that has no length, or no luck of its own."""
    for name, value in (("seed", seed), ("replication", replication)):
        if not 0 <= operator.index(value) < 2**63:
            raise ValueError(f"{name} must be in 0..2**63 - 1, got {value}")
    if not 0 < until_s < inf:
        raise ValueError(f"until_s must be positive and finite, got {until_s}")
