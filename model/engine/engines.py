"""Which engine executes a Program."""

from __future__ import annotations

from typing import Protocol

from model.engine.kinds import Engine
from model.engine.program import Program
from model.engine.runs import SimulatedRun


class Simulate(Protocol):
    """What both engines offer."""

    def __call__(
        self,
        program: Program,
        *,
        seed: int,
        until_s: float,
        replication: int = 0,
        keep_visits: bool = True,
    ) -> SimulatedRun:
        """Run the program once."""


def simulate_with(engine: Engine) -> Simulate:
    """Return the engine, which is only loaded when it is asked for."""
    if engine is Engine.SIMPY:
        from model.engine.simpy_engine import simulate

        return simulate
    from model.engine import compiled_engine

    return compiled_engine.simulate


__all__ = ["Engine", "Simulate", "simulate_with"]
