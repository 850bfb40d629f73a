"""Which cores a cluster may use: the first is left to whoever sends it requests."""

from __future__ import annotations

import os


def beside_the_first() -> set[int] | None:
    """Return all cores that this process may use but the first; None if there is only one."""
    if not hasattr(os, "sched_getaffinity"):  # macOS pins nothing
        return None
    allowed = sorted(os.sched_getaffinity(0))
    return set(allowed[1:]) or None
