"""Runs a description on both engines, and says where what they leave behind differs."""

import os
from dataclasses import fields
from pathlib import Path
from tempfile import gettempdir

import numpy as np
from described_networks import how_to_run, network_of, text_of

from model.engine import compiled_engine, simpy_engine

_TABLES = "requests", "visits", "members", "copies_in_use"
_LISTS = "hits", "misses"
# What is being run, for who finds the process hung or gone: no Python survives that to say so.
RUNNING = Path(gettempdir()) / f"feedtwin-equality-{os.getpid()}.json"


def difference(description):
    """Return the run by the reference engine, and how the compiled one differs: "" is not at all.

    Both are also run without keeping visits, which must change nothing else.
    """
    RUNNING.write_text(text_of(description))
    program, how = network_of(description).build(), how_to_run(description)
    reference = simpy_engine.simulate(program, **how)
    compiled = compiled_engine.simulate(program, **how)
    complaint = difference_of("simpy", reference, "compiled", compiled)
    for name, engine, kept in (
        ("simpy", simpy_engine, reference),
        ("compiled", compiled_engine, compiled),
    ):
        bare = engine.simulate(program, **how, keep_visits=False)
        assert bare.visits is None
        complaint = complaint or difference_of(
            f"{name} with visits",
            kept,
            f"{name} without",
            bare,
            tables=("requests", "members", "copies_in_use"),
        )
    RUNNING.unlink()
    return reference, complaint


def difference_of(one_name, one, other_name, other, tables=_TABLES):
    """Return the first difference between two runs, in words; "" if all bytes are the same."""
    for table in tables:
        mine, theirs = getattr(one, table), getattr(other, table)
        for column in fields(mine):
            values, others = getattr(mine, column.name), getattr(theirs, column.name)
            where = _first_difference(values, others)
            if where is not None:
                return (
                    f"{table}.{column.name}, row {where}:\n"
                    f"{one_name}: {_row(mine, where)}\n{other_name}: {_row(theirs, where)}"
                )
    for name in _LISTS:
        where = _first_difference(getattr(one, name), getattr(other, name))
        if where is not None:
            return f"{name}: {one_name} {getattr(one, name)}, {other_name} {getattr(other, name)}"
    return ""


def _first_difference(values, others):
    """Return the first row that differs, or "type" if nothing could be the same."""
    if values.dtype != others.dtype or values.ndim != others.ndim:
        return "type"
    if values.tobytes() == others.tobytes():
        return None
    shared = min(len(values), len(others))
    same = _bits(values[:shared]) == _bits(others[:shared])
    return shared if same.all() else int(np.argmin(same))


def _bits(values):
    return np.ascontiguousarray(values).view(f"u{values.itemsize}")


def _row(table, where):
    """Return a row of a table in words."""
    if where == "type":
        return {c.name: str(getattr(table, c.name).dtype) for c in fields(table)}
    columns = {column.name: getattr(table, column.name) for column in fields(table)}
    if where >= len(next(iter(columns.values()))):
        return "no such row"
    return {name: column[where].item() for name, column in columns.items()}
