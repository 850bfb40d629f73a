"""Which bucket of `latencies` counts a latency."""

from __future__ import annotations

import math

from model.engine.compiled.jit import compiled
from model.engine.latencies import LOWEST, PARTS, WIDTH


@compiled
def place_of(latency_s: float) -> int:
    """Return the number of the bucket that counts a latency."""
    if latency_s < 2.0**LOWEST:
        return 0
    fraction, power = math.frexp(latency_s)  # fraction in [0.5, 1)
    place = (power - 1 - LOWEST) * PARTS + int((fraction * 2 - 1) * PARTS) + 1
    return min(place, WIDTH - 1)
