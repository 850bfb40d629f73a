"""What becomes of visits when their member crashes, pauses, or works slower."""

from __future__ import annotations

from model.engine.codes import NONE, OnCrash, Outcome
from model.engine.compiled.books import book_leaving
from model.engine.compiled.hosts import begin_work, take_off
from model.engine.compiled.jit import Record, compiled
from model.engine.compiled.layout import member_at, queue_at, station_at, walk_at
from model.engine.compiled.queues import (
    AT_WORK,
    HOLDING,
    IDLE,
    dequeue,
    leave_service,
    put_first,
)
from model.engine.compiled.walks import FAIL, add_task, in_order_of_noting
from model.world.journeys import PRIORITIES

_LOSES, _RESTARTS = int(OnCrash.LOST), int(OnCrash.RESTART)
_LOST = int(Outcome.LOST)


@compiled
def crash(s: Record, member_number: int) -> None:
    """Take a member down, and with it what its station loses in a crash."""
    member = member_at(s, member_number)
    station = station_at(s, member.station)
    member.up, member.down_s = 0, s.now_s
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
            dequeue(s, number)
            _lose(s, number)


@compiled
def _lose_served(s: Record, walk_number: int) -> None:
    """Lose what one server was doing: a visit, a batch, or a hold, whose steps go on unheeded."""
    take_off(s, walk_number)
    leave_service(s, walk_number)
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
        leave_service(s, number)
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
    put_first(s, walk_number)


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
        put_first(s, number)
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
