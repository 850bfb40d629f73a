"""Trees of steps walked and rewritten, whatever they mean; paths stay what they were."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from model.world.journeys import (
    AllOf,
    Cached,
    Call,
    ForEach,
    Hold,
    Step,
    Steps,
    WithProbability,
    names_among,
    sequence,
)

Change = Callable[[str, Step], Steps | None]  # (path, step) -> what to take instead, or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A step, its path, and the places around it, the outermost first.

    What is inside the `otherwise` of a call is taken only where that call fails.
    """

    path: str
    step: Step
    around: tuple[Place, ...]
    is_otherwise: bool = False


def places_in(
    path: str, steps: Steps, around: tuple[Place, ...] = (), *, is_otherwise: bool = False
) -> Iterator[Place]:
    """Yield every step below `path`, each before those inside it."""
    for own_path, step in _with_paths(path, steps):
        place = Place(path=own_path, step=step, around=around, is_otherwise=is_otherwise)
        yield place
        for inner_path, inner in _inner(own_path, step):
            instead = is_otherwise or (isinstance(step, Call) and inner_path != own_path)
            yield from places_in(inner_path, inner, (*around, place), is_otherwise=instead)


def rewritten(path: str, steps: Steps, change: Change) -> tuple[Step, ...]:
    """Return the steps with those replaced for which `change` has something else.

    What is inside a step that stays is looked at in turn.  Every step that stays is given the
    last part of its path as a name, so that new neighbours do not change it.
    """
    changed: list[Step] = []
    for own_path, step in _with_paths(path, steps):
        instead = change(own_path, step)
        if instead is None:
            named = replace(step, name=last_part(own_path))
            parts = [rewritten(where, inner, change) for where, inner in _inner(own_path, step)]
            instead = _with_inner(named, parts)
        changed += sequence(instead)
    return tuple(changed)


def last_part(path: str) -> str:
    """Return the name of a step among its neighbours."""
    return path.rpartition("/")[2]


def _with_paths(path: str, steps: Steps) -> Iterator[tuple[str, Step]]:
    neighbours = sequence(steps)
    for name, step in zip(names_among(neighbours), neighbours, strict=True):
        yield f"{path}/{name}", step


def _inner(path: str, step: Step) -> list[tuple[str, Steps]]:
    """Return the steps inside a step, by the path that they are below."""
    match step:
        case AllOf(branches=branches):
            return [(f"{path}/{number}", inner) for number, inner in enumerate(branches, start=1)]
        case ForEach(body=inner) | WithProbability(then=inner) | Cached(miss=inner):
            return [(path, inner)]
        case Hold(steps=inner) | Call(steps=inner, otherwise=()):
            return [(path, inner)]
        case Call(steps=inner, otherwise=otherwise):
            return [(path, inner), (f"{path}/otherwise", otherwise)]
        case _:
            return []


def _with_inner(step: Step, inner: list[tuple[Step, ...]]) -> Step:
    match step:
        case AllOf():
            return replace(step, branches=tuple(inner))
        case ForEach():
            return replace(step, body=inner[0])
        case WithProbability():
            return replace(step, then=inner[0])
        case Cached():
            return replace(step, miss=inner[0])
        case Call() | Hold():
            return _with_steps(step, inner)
        case _:
            return step


def _with_steps(step: Call | Hold, inner: list[tuple[Step, ...]]) -> Step:
    if isinstance(step, Call) and step.otherwise != ():
        return replace(step, steps=inner[0], otherwise=inner[1])
    return replace(step, steps=inner[0])
