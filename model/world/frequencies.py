"""How often requests come to each step of their journeys, and which journeys they start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from model.world.attributes import Attribute, Count
from model.world.journeys import Emit, ForEach, Step, WithProbability
from model.world.scenario import ScenarioError
from model.world.step_trees import Place


def times_at(place: Place, means: Mapping[str, float]) -> float:
    """Return how often one request of its journey comes to a place, on average.

    Every call is taken to succeed at once, so that nothing is done otherwise, and every cache to
    miss.  `means` are those of the
    attributes that probabilities and counts go by; raises ScenarioError for one that is not there.
    """
    return 0.0 if place.is_otherwise else prod(_times(each.step, means) for each in place.around)


def begun_by(
    arriving: str, places: Mapping[str, Sequence[Place]], means: Mapping[str, float]
) -> dict[str, float]:
    """Return how many requests of each journey one of `arriving` begins, itself included.

    `places` are those of each journey.  Journeys do not start one another in a circle.
    """
    begun: dict[str, float] = {}
    ahead = [(arriving, 1.0)]
    while ahead:
        name, times = ahead.pop()
        begun[name] = begun.get(name, 0.0) + times
        ahead += [
            (place.step.journey, times * times_at(place, means))
            for place in places[name]
            if isinstance(place.step, Emit)
        ]
    return begun


def _times(step: Step, means: Mapping[str, float]) -> float:
    match step:
        case WithProbability():
            often: float | Count = step.p
        case ForEach():
            often = step.count
        case _:
            return 1.0
    if isinstance(often, Attribute):
        if often.name not in means:
            raise ScenarioError(f"simulation.slice: needs the mean of the attribute {often.name}")
        return means[often.name]
    return often if isinstance(often, float | int) else often.mean
