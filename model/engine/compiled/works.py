"""How much work a visit brings: its own, or that of a batch of items."""

from __future__ import annotations

from model.engine.codes import NONE, Draw
from model.engine.compiled.chance import attribute_of, luck, quantile, value_of
from model.engine.compiled.jit import Record, compiled
from model.engine.compiled.layout import request_at
from model.engine.stations import work_of_items

_BASE, _COUNT = int(Draw.BASE), int(Draw.COUNT)


@compiled
def work_of(s: Record, walk: Record, step: Record) -> float:
    """Return the work that a walk brings to the visit that it is at, in seconds."""
    own = value_of(s, walk, step)
    if step.base == NONE:
        return own
    base_s = quantile(s, step.base, luck(s, walk, step, _BASE))
    if step.count != NONE:
        items = quantile(s, step.count, luck(s, walk, step, _COUNT))
    else:
        items = attribute_of(request_at(s, walk.request), step.count_attribute)
    return work_of_items(base_s, own, items)
