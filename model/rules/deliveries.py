"""How often an event is tried again, and how long after it failed."""

from __future__ import annotations

TRIES_MAX = 5  # of an entry that fails by itself; then it is set aside
PAUSE_S = 0.2  # before it is tried again while a store or a service is away, without end:
PAUSE_MAX_S = 5.0  # twice as long each time, up to this
