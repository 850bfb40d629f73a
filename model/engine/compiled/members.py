"""Members of stations: arrivals, queues, services; see README.md of the engine."""

from __future__ import annotations

import numpy as np

from model.engine.compiled.books import (
    book_arrival,
    book_leaving,
    book_plain,
    book_plain_visit,
    book_start,
    visit_arrived,
)
from model.engine.compiled.chance import luck, quantile
from model.engine.compiled.heap import SERVICE_END, new_notice, push, push_often
from model.engine.compiled.hosts import begin_work, take_off
from model.engine.compiled.jit import Record, compiled, inlined
from model.engine.compiled.layout import (
    free_at,
    member_at,
    notice_at,
    queue_at,
    station_at,
    step_at,
    walk_at,
)
from model.engine.compiled.walks import BEGIN_HELD, FAIL, GO_ON, add_task, in_order_of_noting
from model.engine.program import NONE, At, Discipline, Draw, Kind, OnCrash, Outcome
from model.engine.stations import end_of_service, poll_after, start_of_service
from model.world.journeys import PRIORITIES

IDLE, WAITING, AT_WORK, HOLDING = range(4)  # what a walk is doing at its member

_HOLD = int(Kind.HOLD)
_LIFO, _PRIORITY = int(Discipline.LIFO), int(Discipline.PRIORITY)
_PREEMPTIVE = int(Discipline.PREEMPTIVE)
_LOSES, _RESTARTS = int(OnCrash.LOST), int(OnCrash.RESTART)
_DONE, _REFUSED = int(Outcome.DONE), int(Outcome.REFUSED)
_EXPIRED, _LOST = int(Outcome.EXPIRED), int(Outcome.LOST)
_OVERHEAD = int(Draw.OVERHEAD)
_POLL = int(At.POLL)


@inlined
def plain_end_s(s: Record, walk: Record, member_number: int) -> float:
    """Take a visit in at a plain member, book it, and return when it will end."""
    member = member_at(s, member_number)
    start_s = start_of_service(s.now_s, free_at(s, member.free).at_s)
    end_s = end_of_service(start_s, walk.work_s, 1.0)
    if member.servers == 1:
        free_at(s, member.free).at_s = end_s
    else:
        _replace_first(s, member.free, member.servers, end_s)
    walk.member = member_number
    if s.keeps_visits:
        visit_arrived(s, walk, member_number)
        book_plain_visit(s, walk, start_s, end_s)
    book_plain(s, walk, member, start_s, end_s)
    return end_s


@compiled
def _replace_first(s: Record, first: int, servers: int, value: float) -> None:
    """Put `value` in the place of the least of a heap."""
    place = 0
    while True:
        below = 2 * place + 1
        if below >= servers:
            break
        if below + 1 < servers:
            right_s = free_at(s, first + below + 1).at_s
            below += 1 if right_s < free_at(s, first + below).at_s else 0
        below_s = free_at(s, first + below).at_s
        if value <= below_s:
            break
        free_at(s, first + place).at_s = below_s
        place = below
    free_at(s, first + place).at_s = value


@inlined
def arrive_plain(s: Record, walk_number: int, member_number: int) -> None:
    """Take a visit in at a plain member.

    One server ends visits in the order in which they came, so only the first end of each such
    member need be among the events; the others wait in a chain.  Ends at one instant have an
    order of their own, and so are all among the events.
    """
    walk = walk_at(s, walk_number)
    end_s = plain_end_s(s, walk, member_number)
    walk.next = NONE
    member = member_at(s, member_number)
    if member.servers == 1:
        if member.last == NONE:
            member.last, member.last_s = walk_number, end_s
        elif end_s > member.last_s:
            walk_at(s, member.last).next = walk_number
            walk.tag_s = end_s
            member.last, member.last_s = walk_number, end_s
            return
    push_often(s, end_s, walk_number, SERVICE_END)


@inlined
def end_plain(s: Record, walk_number: int) -> None:
    """Let the next end in a member's chain be among the events."""
    walk = walk_at(s, walk_number)
    following = walk.next
    if following != NONE:
        push_often(s, walk_at(s, following).tag_s, following, SERVICE_END)
        return
    member = member_at(s, walk.member)
    if member.last == walk_number:
        member.last = NONE


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
    _enqueue(s, walk_number)
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
    _leave_service(s, chosen)
    _put_first(s, chosen)
    return True


@compiled
def _begin(s: Record, walk_number: int) -> None:
    """Give a server to a walk: one visit, or the first of a batch whose chain is made."""
    walk = walk_at(s, walk_number)
    member = member_at(s, walk.member)
    member.busy += 1
    _enter_service(s, walk_number)
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
        number = _next_in_queue(s, member_number)
        if number == NONE:
            return NONE
        _dequeue(s, number)
        walk = walk_at(s, number)
        late = station.drop_expired != 0 and walk.expires_s < s.now_s
        if not late and not walk.stops_s < s.now_s:
            walk.batch_next = NONE
            return number
        book_leaving(s, number, _EXPIRED)
        walk.state = IDLE
        add_task(s, FAIL, number, _EXPIRED)


@compiled
def _next_in_queue(s: Record, member_number: int) -> int:
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
def _enqueue(s: Record, walk_number: int) -> None:
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
def _put_first(s: Record, walk_number: int) -> None:
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
def _dequeue(s: Record, walk_number: int) -> None:
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
def _enter_service(s: Record, walk_number: int) -> None:
    """Put a walk at the end of those in service."""
    walk = walk_at(s, walk_number)
    member = member_at(s, walk.member)
    walk.next, walk.previous = NONE, member.serving_last
    if member.serving_last == NONE:
        member.serving_first = walk_number
    else:
        walk_at(s, member.serving_last).next = walk_number
    member.serving_last = walk_number


@compiled
def _leave_service(s: Record, walk_number: int) -> None:
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
    member.busy -= 1


@compiled
def end_service(s: Record, walk_number: int) -> None:
    """End a service: its visits are done, the next of the queue begin, and then all go on."""
    member_number = int(walk_at(s, walk_number).member)
    _leave_service(s, walk_number)
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
    _leave_service(s, walk_number)
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


@compiled
def crash(s: Record, member_number: int) -> None:
    """Take a member down, and with it what its station loses in a crash."""
    member = member_at(s, member_number)
    station = station_at(s, member.station)
    member.up = 0
    station.down += 1
    noted = s.task_count
    if station.on_crash == _LOSES:
        _lose_all(s, member_number)
    else:
        _keep_all(s, member_number, station.on_crash == _RESTARTS)
    in_order_of_noting(s, noted)


@compiled
def _lose_all(s: Record, member_number: int) -> None:
    """Lose what is in service, in order of beginning, and then what waits."""
    member = member_at(s, member_number)
    while member.serving_first != NONE:
        _lose_served(s, int(member.serving_first))
    for urgency in range(PRIORITIES):
        queue = queue_at(s, member_number * PRIORITIES + urgency)
        while queue.first != NONE:
            number = int(queue.first)
            _dequeue(s, number)
            _lose(s, number)


@compiled
def _lose_served(s: Record, walk_number: int) -> None:
    """Lose what one server was doing: a visit, a batch, or a hold, whose steps go on unheeded."""
    take_off(s, walk_number)
    _leave_service(s, walk_number)
    number = int(walk_number)
    while number != NONE:
        following = int(walk_at(s, number).batch_next)
        _lose(s, number)
        number = following


@compiled
def _lose(s: Record, walk_number: int) -> None:
    walk = walk_at(s, walk_number)
    walk.epoch += 1
    walk.state = IDLE
    book_leaving(s, walk_number, _LOST)
    add_task(s, FAIL, walk_number, _LOST)


@compiled
def _keep_all(s: Record, member_number: int, anew: bool) -> None:
    """Send what is in service back to the queue; only holds are lost."""
    member = member_at(s, member_number)
    number = int(member.serving_first)
    while number != NONE:
        following = int(walk_at(s, number).next)
        if walk_at(s, number).state == HOLDING:
            _lose_served(s, number)
        number = following
    while member.serving_last != NONE:
        number = int(member.serving_last)
        take_off(s, number)
        _leave_service(s, number)
        _apart(s, number, anew)


@compiled
def _apart(s: Record, walk_number: int, anew: bool) -> None:
    """Put the visits of one service back at the front, the first of a batch first."""
    walk = walk_at(s, walk_number)
    following = int(walk.batch_next)
    station = station_at(s, member_at(s, walk.member).station)
    if anew or station.batch_max > 1 or station.overhead != NONE:
        walk.left_s = walk.work_s
    _put_chain_first(s, following)
    walk.batch_next = NONE
    _put_first(s, walk_number)


@compiled
def _put_chain_first(s: Record, first: int) -> None:
    """Put visits at the front, so that they stand there in the order of their chain."""
    reversed_first = int(NONE)
    number = int(first)
    while number != NONE:
        walk = walk_at(s, number)
        following = int(walk.batch_next)
        walk.batch_next = reversed_first
        reversed_first = number
        number = following
    number = reversed_first
    while number != NONE:
        walk = walk_at(s, number)
        following = int(walk.batch_next)
        walk.left_s, walk.batch_next = walk.work_s, NONE
        _put_first(s, number)
        number = following


@compiled
def set_speed(s: Record, member_number: int, speed: float) -> None:
    """Let a member work faster or slower from now on."""
    member = member_at(s, member_number)
    number = int(member.serving_first)
    while number != NONE:
        walk = walk_at(s, number)
        if walk.state == AT_WORK:
            take_off(s, number)
        number = int(walk.next)
    member.speed = speed
    number = int(member.serving_first)
    while number != NONE:
        walk = walk_at(s, number)
        if walk.state == AT_WORK:
            begin_work(s, number)
        number = int(walk.next)
