"""Floods of images: what somebody posts, very many at once, who may send other images than people.

As long as they send what people do, their posts go the way of all; else they have journeys of
their own, with what goes on after the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from model.world.design.names import DEVELOPMENT, FANOUT
from model.world.journeys import Emit, Journey, Step, Steps
from model.world.kinds import Kinds, kinds_of
from model.world.scenario import Endpoint, Scenario, ScenarioError
from model.world.scenario.events import ImageFlood
from model.world.step_trees import last_part, rewritten

FLOOD = "flood"  # the journey of a flood's posts
NAMES_IN_FLOOD = {  # of the journeys that differ, where a flood sends what people do not
    Endpoint.POST.value: FLOOD,
    FANOUT: f"{FLOOD}_{FANOUT}",
    DEVELOPMENT: f"{FLOOD}_{DEVELOPMENT}",
}


def image_floods(scenario: Scenario) -> tuple[ImageFlood, ...]:
    """Return the floods of a scenario; ScenarioError if they differ in the size of their images."""
    floods = tuple(event for event in scenario.events if isinstance(event, ImageFlood))
    sizes = sorted({_size_bytes(scenario, flood) for flood in floods})
    if len(sizes) > 1:
        raise ScenarioError(f"events: all image-floods must have one size, got {sizes} bytes")
    return floods


def flooded(scenario: Scenario, flood: ImageFlood) -> Scenario:
    """Return the scenario with people who post what a flood brings: images, of its size."""
    of = scenario.people.post_types
    types = of.model_copy(update={"image": 1.0, "text": 0.0, "video": 0.0})
    changed = {"image_size": _size_bytes(scenario, flood), "post_types": types}
    people = scenario.people.model_copy(update=changed)
    return scenario.model_copy(update={"people": people})


def flood_journeys(
    scenario: Scenario, journeys_with: Callable[[Kinds], Sequence[Journey]]
) -> Iterator[Journey]:
    """Yield the journeys of a flood's posts, if there is one, and of what they begin.

    `journeys_with` are those of the design, where posts are of such kinds.
    """
    floods = image_floods(scenario)
    if not floods:
        return
    usual = kinds_of(scenario.people)
    sent = kinds_of(flooded(scenario, floods[0]).people)
    is_usual = (sent.image_bytes, sent.image_share) == (usual.image_bytes, usual.image_share)
    renamed = {Endpoint.POST.value: FLOOD} if is_usual else NAMES_IN_FLOOD
    for journey in journeys_with(usual if is_usual else sent):
        if journey.name in renamed:
            yield _renamed(journey, renamed)


def _renamed(journey: Journey, names: dict[str, str]) -> Journey:
    """Return a journey by its other name, which begins others by theirs."""

    def change(path: str, step: Step) -> Steps | None:
        if not isinstance(step, Emit) or step.journey not in names:
            return None
        return replace(step, journey=names[step.journey], name=last_part(path))

    return Journey(name=names[journey.name], steps=rewritten(journey.name, journey.steps, change))


def _size_bytes(scenario: Scenario, flood: ImageFlood) -> int:
    return int(scenario.people.image_size if flood.size is None else flood.size)
