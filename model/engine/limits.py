"""How much a run may hold before it is ended with the name of what there is too much of."""

from __future__ import annotations

AT_ONCE_MAX = 1 << 22  # requests of users and sessions at one instant: more go in a circle

TIME_STANDS_STILL = (
    f"users send more than {AT_ONCE_MAX:,} requests at one instant: they neither think nor wait"
)


class TooMuch(RuntimeError):
    """A run that has outgrown what an engine holds; the message says of what there is too much."""
