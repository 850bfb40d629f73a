"""How events leave their database, go through the broker, and are handled by a group."""

from __future__ import annotations

from model.world.design.guards import delivered
from model.world.design.steps import Steps
from model.world.journeys import Step


def relayed(at: Steps, database: str) -> tuple[Step, ...]:
    """Return the way of an event out of its database and into the broker."""
    return delivered(at.wiring, at.call("relay", at.visit(database), at.visit("broker")))


def consumed(at: Steps, by: str, *inner: Step) -> tuple[Step, ...]:
    """Return how a group handles an event: read, looked up whether it is known, and finished."""
    read, known, finished = at.several("broker", "", 3, name=by)
    return (read, known, *delivered(at.wiring, inner), finished)
