"""Who waits at a member and who is in service there: lists of walks, linked through the walks."""

from __future__ import annotations

from model.engine.codes import NONE, Discipline
from model.engine.compiled.jit import Record, compiled
from model.engine.compiled.layout import member_at, queue_at, station_at, walk_at
from model.world.journeys import PRIORITIES

IDLE, WAITING, AT_WORK, HOLDING = range(4)  # what a walk is doing at its member

_LIFO = int(Discipline.LIFO)


@compiled
def next_in_queue(s: Record, member_number: int) -> int:
    """Return who is served next, or NONE."""
    member = member_at(s, member_number)
    station = station_at(s, member.station)
    base = member_number * PRIORITIES
    if station.discipline == _LIFO and member.waiting > station.lifo_above:
        return int(queue_at(s, base).last)
    for urgency in range(PRIORITIES):
        first = int(queue_at(s, base + urgency).first)
        if first != NONE:
            return first
    return NONE


@compiled
def enqueue(s: Record, walk_number: int) -> None:
    """Put a walk at the end of its class."""
    walk = walk_at(s, walk_number)
    queue = queue_at(s, walk.member * PRIORITIES + walk.priority)
    walk.state, walk.next, walk.previous = WAITING, NONE, queue.last
    if queue.last == NONE:
        queue.first = walk_number
    else:
        walk_at(s, queue.last).next = walk_number
    queue.last = walk_number
    member_at(s, walk.member).waiting += 1


@compiled
def put_first(s: Record, walk_number: int) -> None:
    """Put a walk at the front of its class."""
    walk = walk_at(s, walk_number)
    queue = queue_at(s, walk.member * PRIORITIES + walk.priority)
    walk.state, walk.next, walk.previous = WAITING, queue.first, NONE
    if queue.first == NONE:
        queue.last = walk_number
    else:
        walk_at(s, queue.first).previous = walk_number
    queue.first = walk_number
    member_at(s, walk.member).waiting += 1


@compiled
def dequeue(s: Record, walk_number: int) -> None:
    """Take a walk out of its queue."""
    walk = walk_at(s, walk_number)
    queue = queue_at(s, walk.member * PRIORITIES + walk.priority)
    if walk.previous == NONE:
        queue.first = walk.next
    else:
        walk_at(s, walk.previous).next = walk.next
    if walk.next == NONE:
        queue.last = walk.previous
    else:
        walk_at(s, walk.next).previous = walk.previous
    member_at(s, walk.member).waiting -= 1


@compiled
def enter_service(s: Record, walk_number: int) -> None:
    """Put a walk, which takes a server, at the end of those in service."""
    walk = walk_at(s, walk_number)
    member = member_at(s, walk.member)
    pass_busy(s, member)
    member.busy += 1
    walk.next, walk.previous = NONE, member.serving_last
    if member.serving_last == NONE:
        member.serving_first = walk_number
    else:
        walk_at(s, member.serving_last).next = walk_number
    member.serving_last = walk_number


@compiled
def leave_service(s: Record, walk_number: int) -> None:
    """Give a server back."""
    walk = walk_at(s, walk_number)
    member = member_at(s, walk.member)
    if walk.previous == NONE:
        member.serving_first = walk.next
    else:
        walk_at(s, walk.previous).next = walk.next
    if walk.next == NONE:
        member.serving_last = walk.previous
    else:
        walk_at(s, walk.next).previous = walk.previous
    walk.state = IDLE
    pass_busy(s, member)
    member.busy -= 1


@compiled
def pass_busy(s: Record, member: Record) -> None:
    """Add up the server-seconds in service until now."""
    passed_s = member.busy * (s.now_s - member.busy_changed_s)
    member.busy_s += passed_s
    member.busy_lately_s += passed_s
    member.busy_changed_s = s.now_s
