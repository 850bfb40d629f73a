"""The two engines by name: the compiled one for answers, SimPy's to read and to check by."""

from __future__ import annotations

from enum import Enum


class Engine(Enum):
    """Who executes a Program; both give the same run to the bit."""

    COMPILED = "compiled"
    SIMPY = "simpy"
