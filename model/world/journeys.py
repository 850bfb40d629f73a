"""What a request goes through, as data: a tree of a few kinds of step.

A journey can be drawn, bounded on paper, executed by any engine, and matched by name to what the
services measure.  Every step has a path, such as `newsfeed/each/post_db`: the journey, then the
name of each step around it, then its own.  A step is named by its station or its kind unless it
is given a name; among equal neighbours the second becomes `post_db-2`.  Paths are what chance
and records refer to: adding a step elsewhere changes neither.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TypeAlias

from model.world.counts import CountLaw
from model.world.laws import Law

RANDOM = ""
LEG = "leg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A number that the request brings along (its arrival says which), instead of a drawn one."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Queue at one member of a station, and be served there for `work` seconds.

    `key` says which member.  RANDOM draws one anew, as a balancer does.  LEG draws one per leg
    of the innermost `ForEach`.  Any other text names a key of the request, such as "own": all
    its visits with that key meet the same member (of stations with as many members).
    """

    station: str
    work: Law | Attribute
    key: str = RANDOM
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """Let time pass, in seconds, that nobody else has to wait for."""

    time: Law | Attribute
    name: str = "delay"


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """Begin all branches at once, and go on when the last has ended."""

    branches: tuple[Steps, ...]
    name: str = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForEach:
    """Begin `count` legs of the same steps, and go on when the last has ended.

    At most `at_once` of them run at the same time (0: all); 1 is one after another.
    """

    count: CountLaw | Attribute
    body: Steps
    at_once: int = 0
    name: str = "each"


@dataclass(frozen=True, slots=True, kw_only=True)
class WithProbability:
    """Take the steps of `then` with this probability, and none otherwise."""

    p: float
    then: Steps
    name: str = "maybe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Emit:
    """Start another journey, with the attributes of this request, and do not wait for it."""

    journey: str
    name: str = ""


Step: TypeAlias = Visit | Delay | AllOf | ForEach | WithProbability | Emit
Steps: TypeAlias = Step | tuple[Step, ...]  # one step, or several one after another


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """The steps of one kind of request, or of one asynchronous activity."""

    name: str
    steps: Steps


def sequence(steps: Steps) -> tuple[Step, ...]:
    """Return the steps one after another, also if there is only one."""
    return steps if isinstance(steps, tuple) else (steps,)


def own_name(step: Step) -> str:
    """Return the name of a step, before equal neighbours are told apart."""
    match step:
        case Visit(station=station, name=name):
            return name or station
        case Emit(journey=journey, name=name):
            return name or f"emit_{journey}"
        case _:
            return step.name


def names_among(steps: tuple[Step, ...]) -> list[str]:
    """Return the last parts of the paths of neighbouring steps.

    >>> names_among((Emit(journey="a"), Emit(journey="b"), Emit(journey="a")))
    ['emit_a', 'emit_b', 'emit_a-2']
    """
    seen: Counter[str] = Counter()
    names = []
    for name in map(own_name, steps):
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return names
