"""Members of stations that are not plain: arrivals and services; see README.md of the engine."""

from __future__ import annotations

import numpy as np

from model.engine.codes import NONE, At, Discipline, Draw, Kind, OnCrash, Outcome
from model.engine.compiled.books import book_arrival, book_leaving, book_start
from model.engine.compiled.chance import luck, quantile
from model.engine.compiled.heap import new_notice, push
from model.engine.compiled.hosts import begin_work, take_off
from model.engine.compiled.jit import Record, compiled
from model.engine.compiled.layout import member_at, notice_at, station_at, step_at, walk_at
from model.engine.compiled.queues import (
    AT_WORK,
    HOLDING,
    IDLE,
    dequeue,
    enqueue,
    enter_service,
    leave_service,
    next_in_queue,
    put_first,
)
from model.engine.compiled.walks import BEGIN_HELD, FAIL, GO_ON, add_task, in_order_of_noting
from model.engine.stations import poll_after

_HOLD = int(Kind.HOLD)
_PRIORITY, _PREEMPTIVE = int(Discipline.PRIORITY), int(Discipline.PREEMPTIVE)
_LOSES = int(OnCrash.LOST)
_DONE, _REFUSED, _EXPIRED = int(Outcome.DONE), int(Outcome.REFUSED), int(Outcome.EXPIRED)
_OVERHEAD = int(Draw.OVERHEAD)
_POLL = int(At.POLL)


@compiled
def arrive(s: Record, walk_number: int, member_number: int) -> None:
    """Take a visit, or who wants to hold a server, in at any other member."""
    walk, member = walk_at(s, walk_number), member_at(s, member_number)
    station = station_at(s, member.station)
    step = step_at(s, walk.at)
    walk.member, walk.left_s = member_number, walk.work_s
    walk.priority = step.priority if station.discipline >= _PRIORITY else 0
    walk.batch_next = NONE
    walk.place = NONE
    book_arrival(s, walk, member_number)
    if member.up == 0 and station.on_crash == _LOSES:
        _refuse(s, walk_number)
        return
    if member.up != 0 and station.poll_s == 0.0:
        free = member.busy < member.servers and member.waiting == 0
        preempts = station.discipline == _PREEMPTIVE
        if free or (preempts and _gives_way(s, member_number, walk.priority)):
            _begin(s, walk_number)
            return
    if station.queue_max != NONE and member.waiting >= station.queue_max:
        _refuse(s, walk_number)
        return
    enqueue(s, walk_number)
    if station.poll_s > 0.0:
        ask_for_poll(s, member_number)


@compiled
def _refuse(s: Record, walk_number: int) -> None:
    book_leaving(s, walk_number, _REFUSED)
    walk_at(s, walk_number).state = IDLE
    add_task(s, FAIL, walk_number, _REFUSED)


@compiled
def _gives_way(s: Record, member_number: int, priority: int) -> bool:
    """Send the least urgent in service back to its queue, if it is less urgent than this."""
    member = member_at(s, member_number)
    if member.busy < member.servers:
        return False
    worst, chosen = priority, NONE
    number = int(member.serving_last)
    while number != NONE:
        other = walk_at(s, number)
        if other.priority > worst:
            worst, chosen = int(other.priority), number
        number = int(other.previous)
    if chosen == NONE:
        return False
    take_off(s, chosen)
    leave_service(s, chosen)
    put_first(s, chosen)
    return True


@compiled
def _begin(s: Record, walk_number: int) -> None:
    """Give a server to a walk: one visit, or the first of a batch whose chain is made."""
    walk = walk_at(s, walk_number)
    member = member_at(s, walk.member)
    enter_service(s, walk_number)
    book_start(s, walk)
    if step_at(s, walk.at).kind == _HOLD:
        walk.state = HOLDING
        add_task(s, BEGIN_HELD, walk_number, 0)
        return
    walk.state = AT_WORK
    station = station_at(s, member.station)
    if station.overhead != NONE:
        walk.left_s = walk.left_s + _overhead_s(s, walk, station)
    number = int(walk.batch_next)
    while number != NONE:
        other = walk_at(s, number)
        book_start(s, other)
        other.state = AT_WORK
        walk.left_s += other.work_s
        number = int(other.batch_next)
    begin_work(s, walk_number)


@compiled
def _overhead_s(s: Record, walk: Record, station: Record) -> float:
    return quantile(s, station.overhead, luck(s, walk, step_at(s, walk.at), _OVERHEAD))


@compiled
def serve(s: Record, member_number: int) -> None:
    """Fill the free servers from the queue; what follows at once is noted, in order."""
    member = member_at(s, member_number)
    station = station_at(s, member.station)
    if member.up == 0:
        return
    if station.poll_s > 0.0:
        if member.waiting > 0 and member.busy < member.servers:
            ask_for_poll(s, member_number)
        return
    fill(s, member_number)


@compiled
def fill(s: Record, member_number: int) -> None:
    """Fill the free servers from the queue, now."""
    member = member_at(s, member_number)
    station = station_at(s, member.station)
    noted = s.task_count
    while member.busy < member.servers and member.waiting > 0:
        walk_number = _take(s, member_number)
        if walk_number == NONE:
            break
        if station.batch_max > 1:
            _chain(s, member_number, walk_number, station.batch_max - 1)
        _begin(s, walk_number)
    in_order_of_noting(s, noted)


@compiled
def _chain(s: Record, member_number: int, first: int, more: int) -> None:
    """Let up to so many more visits be served together with a first one."""
    last = first
    while more > 0 and member_at(s, member_number).waiting > 0:
        number = _take(s, member_number)
        if number == NONE:
            return
        walk_at(s, last).batch_next = number
        last = number
        more -= 1


@compiled
def _take(s: Record, member_number: int) -> int:
    """Return the next of the queue whose time has not passed; NONE if nobody is left."""
    station = station_at(s, member_at(s, member_number).station)
    while True:
        number = next_in_queue(s, member_number)
        if number == NONE:
            return NONE
        dequeue(s, number)
        walk = walk_at(s, number)
        late = station.drop_expired != 0 and walk.expires_s < s.now_s
        if not late and not walk.stops_s < s.now_s:
            walk.batch_next = NONE
            return number
        book_leaving(s, number, _EXPIRED)
        walk.state = IDLE
        add_task(s, FAIL, number, _EXPIRED)


@compiled
def end_service(s: Record, walk_number: int) -> None:
    """End a service: its visits are done, the next of the queue begin, and then all go on."""
    member_number = int(walk_at(s, walk_number).member)
    leave_service(s, walk_number)
    noted = s.task_count
    number = int(walk_number)
    while number != NONE:
        book_leaving(s, number, _DONE)
        add_task(s, GO_ON, number, 0)
        number = int(walk_at(s, number).batch_next)
    in_order_of_noting(s, noted)
    serve(s, member_number)


@compiled
def release(s: Record, walk_number: int) -> None:
    """Give back a server that was held; the next of the queue begin."""
    member_number = int(walk_at(s, walk_number).member)
    leave_service(s, walk_number)
    book_leaving(s, walk_number, _DONE)
    serve(s, member_number)


@compiled
def ask_for_poll(s: Record, member_number: int) -> None:
    """Plan the next poll of a member with a free server, unless one is planned."""
    member = member_at(s, member_number)
    if member.poll != 0 or member.up == 0 or member.busy >= member.servers:
        return
    at_s = poll_after(s.now_s, station_at(s, member.station).poll_s)
    if at_s >= s.until_s:
        return
    number = new_notice(s)
    if number == NONE:
        return
    note = notice_at(s, number)
    note.uid, note.place, note.leg, note.attempt = np.uint64(0), member_number, 0, 0
    note.number, note.step, note.walk, note.epoch = 0, 0, NONE, 0
    member.poll = 1
    push(s, at_s, number, _POLL)
