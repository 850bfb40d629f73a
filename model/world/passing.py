"""Steps that are done elsewhere: they take their time, and nobody's place here."""

from __future__ import annotations

from collections.abc import Callable

from model.world.attributes import Attribute
from model.world.journeys import (
    Batch,
    Cached,
    Delay,
    Emit,
    Hold,
    Step,
    Steps,
    Visit,
    WithProbability,
    Write,
)
from model.world.keys import RANDOM, is_of_legs
from model.world.laws import Constant
from model.world.scenario import ScenarioError
from model.world.step_trees import Change, last_part, rewritten

AtStation = Visit | Batch | Write | Hold
NO_TIME = Constant(value=0.0)


def goes_by_request(step: Step) -> bool:
    """Say whether a step goes by the request's own key: to the same shard in every leg."""
    return isinstance(step, AtStation) and step.key != RANDOM and not is_of_legs(step.key)


def passing_unless(is_here: Callable[[Step], bool], *, inside: Change | None = None) -> Change:
    """Return the change (`step_trees.rewritten`) after which only some steps are done here.

    `inside` is the change for what is done while something elsewhere is held (None: this one).
    What a visit elsewhere works passes, as if nobody else were there.  Who takes it elsewhere
    starts no other journey here, and finds all in its caches.
    """

    def change(path: str, step: Step) -> Steps | None:
        if not isinstance(step, AtStation | Emit | Cached) or is_here(step):
            return None
        name = last_part(path)
        match step:
            case Visit() | Write():
                return Delay(time=step.work, name=name)
            case Batch():
                return Delay(time=Constant(value=_mean_s(path, step)), name=name)
            case Hold():
                held = rewritten(path, step.steps, inside or change)
                return WithProbability(p=1.0, then=held, name=name)
            case _:
                return Delay(time=NO_TIME, name=name)

    return change


def _mean_s(path: str, batch: Batch) -> float:
    if isinstance(batch.count, Attribute) or isinstance(batch.per_item, Attribute):
        raise ScenarioError(f"simulation.slice: {path} is a batch by an attribute of the request")
    return batch.base.mean + batch.count.mean * batch.per_item.mean
