"""`world.chance`, the laws and the values of steps, compiled: the same numbers to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np

import model.engine.compiled.shared  # noqa: F401 - lets the functions below call plain ones
from model.engine.codes import NONE, Draw
from model.engine.compiled.jit import Record, Word, carray, compiled, inlined, pointer
from model.engine.compiled.layout import law_at, numbers, request_at
from model.world import chance
from model.world.scalar_laws import (
    between,
    exponential_quantile,
    geometric_quantile,
    lognormal_quantile,
)

CONSTANT, EXPONENTIAL, LOGNORMAL, TABLE, COUNT_TABLE, GEOMETRIC = range(6)

_SEED, _LEG = np.uint64(chance.PER_SEED), np.uint64(chance.PER_LEG)
_ATTEMPT, _DRAW = np.uint64(chance.PER_ATTEMPT), np.uint64(chance.PER_DRAW)
_FIRST, _SECOND = np.uint64(chance.FIRST_FACTOR), np.uint64(chance.SECOND_FACTOR)
_12, _27, _30, _31 = np.uint64(12), np.uint64(27), np.uint64(30), np.uint64(31)
_VALUE = int(Draw.VALUE)
_MANY = 1 << 40


@inlined
def mixed(word: Word) -> Word:
    """Return the finalizer of SplitMix64 of a word."""
    word = (word ^ (word >> _30)) * _FIRST
    word = (word ^ (word >> _27)) * _SECOND
    return word ^ (word >> _31)


@inlined
def unit(request: Word, step_path: Word, leg: int, attempt: int, draw: int) -> float:
    """Return `chance.unit`; the first two are words."""
    place = (
        step_path + np.uint64(leg) * _LEG + np.uint64(attempt) * _ATTEMPT + np.uint64(draw) * _DRAW
    )
    return (np.float64(np.int64(mixed(request + place) >> _12)) + 0.5) * 2.0**-52


@inlined
def child_uid(parent: Word, step: Word, leg: int) -> Word:
    """Return `chance.child_uid`; the first two are words."""
    return mixed(mixed(parent + _SEED) + step + np.uint64(leg) * _LEG)


@inlined
def request_key(run: Word, uid: Word) -> Word:
    """Return `chance.request_key`."""
    return mixed(run ^ uid)


@compiled
def quantile(s: Record, number: int, u: float) -> float:
    """Return what a law makes of a chance."""
    law = law_at(s, number)
    kind = law.kind
    if kind == EXPONENTIAL:
        return exponential_quantile(u, law.mean)
    if kind == TABLE:
        return _of_table(numbers(s), law.first, law.length, u)
    if kind == CONSTANT:
        return law.mean
    if kind == LOGNORMAL:
        return lognormal_quantile(u, law.mean, law.variance, law.deviation)
    if kind == COUNT_TABLE:
        return _of_counts(numbers(s), law.first, law.length, u)
    return float(geometric_quantile(u, law.mean))


@compiled
def _of_table(values: Any, first: int, length: int, u: float) -> float:
    """Return the value on the straight line between two of `length` quantiles."""
    low, high = first + 1, first + length - 1
    while low < high:
        middle = (low + high) >> 1
        if values[np.uint64(middle)] <= u:
            low = middle + 1
        else:
            high = middle
    below = low - 1
    return between(
        u,
        values[np.uint64(below)],
        values[np.uint64(low)],
        values[np.uint64(below + length)],
        values[np.uint64(low + length)],
    )


@compiled
def _of_counts(values: Any, first: int, length: int, u: float) -> float:
    """Return the least count whose cumulated probability reaches `u`."""
    low, high = first, first + length
    while low < high:
        middle = (low + high) >> 1
        if values[np.uint64(middle)] < u:
            low = middle + 1
        else:
            high = middle
    return values[np.uint64(low + length)]


@inlined
def attribute_of(request: Record, number: int) -> float:
    """Return an attribute that a request has brought along."""
    return carray(pointer(request.attributes), _MANY, np.float64)[np.uint64(number)]


@inlined
def luck(s: Record, walk: Record, step: Record, draw: int) -> float:
    """Return the chance of one draw of the step that a walk is at."""
    chance_of = request_at(s, walk.request).chance
    return unit(chance_of, step.path_hash, walk.leg, walk.attempt, draw)


@inlined
def value_of(s: Record, walk: Record, step: Record) -> float:
    """Return the time, work, size or count of a step: an attribute, or drawn by its law."""
    if step.law != NONE:
        return quantile(s, step.law, luck(s, walk, step, _VALUE))
    return attribute_of(request_at(s, walk.request), step.attribute)
