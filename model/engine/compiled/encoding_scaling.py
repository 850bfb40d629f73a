"""Autoscaled stations as the pools of one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.engine.compiled import layout
from model.engine.disruptions import ActionKind
from model.engine.program import Program
from model.engine.timeline import Action

Pool = NDArray[Any]


def scalings_of(program: Program) -> Pool:
    """Return how stations follow their load."""
    table = np.zeros(len(program.scalings), layout.SCALING)
    for row, scaling in zip(table, program.scalings, strict=True):
        for one in fields(scaling):
            row[one.name] = getattr(scaling, one.name)
        row["servers"] = program.stations.servers[scaling.station]
    return table


def copies_rows_of(program: Program, actions: Sequence[Action]) -> Pool:
    """Return rows for how many copies there are at first, and for two changes after each look."""
    looks = sum(action.kind == ActionKind.SCALE for action in actions)
    table = np.zeros(len(program.scalings) + 2 * looks, layout.COPIES_ROW)
    for row, scaling in zip(table, program.scalings, strict=False):
        row["station"], row["count"] = scaling.station, scaling.copies_min
    return table
