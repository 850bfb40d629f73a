"""The events to come, by instant and then by the order that ties have.

A node is an instant, a class of event and what it is about: a walk's own next event, which is
never taken back, or a notice, which may have lost its meaning when its time comes.  The first
node is left in place while its event happens, so that the next event pushed takes its place with
one walk down the heap instead of two.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from model.engine.codes import NONE, At
from model.engine.compiled.jit import Record, Word, compiled, inlined
from model.engine.compiled.layout import (
    node_at,
    notice_at,
    request_at,
    spare,
    user_at,
    walk_at,
)

Key: TypeAlias = Any  # six whole numbers

SERVICE_END, DELAY_END, ARRIVAL = int(At.SERVICE_END), int(At.DELAY_END), int(At.ARRIVAL)
HOST_END = 64 + SERVICE_END  # a service that ends on a host: a notice, not the walk's own event

FULL_HEAP, FULL_NOTICES, FULL_WALKS, FULL_REQUESTS, FULL_TASKS, FULL_USERS = range(2, 8)


@compiled
def push(s: Record, at_s: float, ref: int, cls: int) -> None:
    """Add an event; what would come at the end of the run, or later, never happens."""
    push_often(s, at_s, ref, cls)


@inlined
def push_often(s: Record, at_s: float, ref: int, cls: int) -> None:
    """Do what `push` does, without the price of a call."""
    if at_s >= s.until_s:
        return
    if s.hole:
        s.hole = 0
        _sift_down(s, at_s, event_of(ref, cls))
        return
    if s.heap_size >= s.heap_max:
        s.status = FULL_HEAP
        return
    s.heap_size += 1
    _sift_up(s, s.heap_size - 1, at_s, event_of(ref, cls))


@compiled
def fill_hole(s: Record) -> None:
    """Take the first node away, if no new event has taken its place."""
    if s.hole:
        s.hole = 0
        s.heap_size -= 1
        if s.heap_size > 0:
            last = node_at(s, s.heap_size)
            _sift_down(s, last.at_s, last.event)


@inlined
def event_of(ref: int, cls: int) -> int:
    """Return what an event is about, and its class, in one word that moves at once."""
    return (cls << 32) | ref


@inlined
def ref_of(event: int) -> int:
    """Return the number of the walk, notice or user that an event is about."""
    return event & 0xFFFF_FFFF


@inlined
def class_of(event: int) -> int:
    """Return the class of an event."""
    return event >> 32


@compiled
def _sift_up(s: Record, place: int, at_s: float, event: int) -> None:
    while place > 0:
        above = (place - 1) >> 1
        node = node_at(s, above)
        if node.at_s < at_s:
            break
        if node.at_s == at_s and not _before(s, event, node.event):
            break
        _put(node_at(s, place), node.at_s, node.event)
        place = above
    _put(node_at(s, place), at_s, event)


@compiled
def _sift_down(s: Record, at_s: float, event: int) -> None:
    """Put an event into the place of the first node.

    The smaller child goes up all the way to the bottom, and then the event goes up from there: it
    is mostly one of the last, and so few comparisons are left to chance (R. W. Floyd's way,
    D. E. Knuth, *The Art of Computer Programming*, vol. 3, 1973, sec. 5.2.3, exercise 18).
    """
    size, place = s.heap_size, 0
    below = 1
    while below + 1 < size:
        left, right = node_at(s, below), node_at(s, below + 1)
        if right.at_s == left.at_s:
            if _before(s, right.event, left.event):
                below += 1
        else:
            below += 1 if right.at_s < left.at_s else 0
        first = node_at(s, below)
        _put(node_at(s, place), first.at_s, first.event)
        place = below
        below = 2 * place + 1
    if below < size:
        first = node_at(s, below)
        _put(node_at(s, place), first.at_s, first.event)
        place = below
    _sift_up(s, place, at_s, event)


@inlined
def _put(node: Record, at_s: float, event: int) -> None:
    node.at_s = at_s
    node.event = event


@compiled
def _before(s: Record, event: int, other: int) -> bool:
    """Return whether one of two events at one instant comes first."""
    mine, theirs = class_of(event), class_of(other)
    if mine & 63 != theirs & 63:
        return mine & 63 < theirs & 63
    return _key(s, ref_of(event), mine) < _key(s, ref_of(other), theirs)


@compiled
def _key(s: Record, ref: int, cls: int) -> Key:
    """Return place, uid, step, leg, attempt and number of an event."""
    if cls == ARRIVAL:
        user = user_at(s, ref)
        return _ordered(user.stream, 0, user.serial, 0, 0, 0)
    if cls == SERVICE_END:
        walk = walk_at(s, ref)
        uid = request_at(s, walk.request).uid
        if walk.joined_step != NONE:
            return _ordered(walk.member, uid, walk.joined_step, walk.joined_leg, walk.attempt, 0)
        return _ordered(walk.member, uid, walk.at, walk.leg, walk.attempt, 0)
    if cls == DELAY_END:
        walk = walk_at(s, ref)
        uid = request_at(s, walk.request).uid
        return _ordered(0, uid, walk.at, walk.leg, walk.attempt, 0)
    note = notice_at(s, ref)
    return _ordered(note.place, note.uid, note.step, note.leg, note.attempt, note.number)


@compiled
def _ordered(place: int, uid: Word, step: int, leg: int, attempt: int, number: int) -> Key:
    """Return them as one type, whatever they were kept as."""
    return (
        np.int64(place),
        np.uint64(uid),
        np.int64(step),
        np.int64(leg),
        np.int64(attempt),
        np.int64(number),
    )


@compiled
def new_notice(s: Record) -> int:
    """Return a notice that is free, or NONE and say that there is none."""
    if s.notices_freed > 0:
        s.notices_freed -= 1
        return spare(s.free_notices_at)[np.uint64(s.notices_freed)]
    if s.notices_used >= s.notices_max:
        s.status = FULL_NOTICES
        return NONE
    s.notices_used += 1
    return s.notices_used - 1


@compiled
def free_notice(s: Record, notice: int) -> None:
    """Give a notice back."""
    spare(s.free_notices_at)[np.uint64(s.notices_freed)] = notice
    s.notices_freed += 1


@compiled
def push_of_walk(
    s: Record, at_s: float, walk_number: int, cls: int, place: int, number: int
) -> int:
    """Add an event about a walk as it is now; return its notice, NONE if the run ends before."""
    if at_s >= s.until_s:
        return NONE
    notice_number = new_notice(s)
    if notice_number == NONE:
        return NONE
    walk, note = walk_at(s, walk_number), notice_at(s, notice_number)
    note.uid = request_at(s, walk.request).uid
    note.place, note.step, note.leg = place, walk.at, walk.leg
    note.attempt, note.number = walk.attempt, number
    note.walk, note.epoch = walk_number, walk.epoch
    push(s, at_s, notice_number, cls)
    return notice_number
