"""The event loop: what comes next, until the run ends or Python has to help."""

from __future__ import annotations

import numpy as np

from model.engine.codes import NONE, At
from model.engine.compiled.books import close_books, count_request
from model.engine.compiled.caches import wipe
from model.engine.compiled.calls import deadline_passed, hedge
from model.engine.compiled.crashes import crash, set_speed
from model.engine.compiled.heap import (
    ARRIVAL,
    DELAY_END,
    HOST_END,
    SERVICE_END,
    class_of,
    fill_hole,
    free_notice,
    ref_of,
)
from model.engine.compiled.hosts import end_work, set_host_speed
from model.engine.compiled.jit import Record, compiled, entry, inlined
from model.engine.compiled.layout import (
    action_at,
    columns,
    host_at,
    link_at,
    member_at,
    node_at,
    notice_at,
    station_at,
    stream_at,
    user_at,
    walk_at,
)
from model.engine.compiled.members import end_service, fill, serve
from model.engine.compiled.scaling import close_copies, look
from model.engine.compiled.stepping import delay_ended, plain_ended, proceed, settle
from model.engine.compiled.users import arrives, begin_closed, next_of_user, plan_arrival
from model.engine.disruptions import ActionKind

GOING_ON, NEEDS_ARRIVALS, PAUSED, ENDED = 0, 1, 99, 100  # `status`; between: what is full
EVENTS_AT_A_STRETCH = 1 << 20  # then Python may see to a Ctrl-C

_POLL, _HEDGE = int(At.POLL), int(At.HEDGE)
_CRASH, _REPAIR = int(ActionKind.CRASH), int(ActionKind.REPAIR)
_SPEED, _HOST_SPEED = int(ActionKind.SPEED), int(ActionKind.HOST_SPEED)
_LOSS, _LAG = int(ActionKind.LOSS), int(ActionKind.LAG)
_SERVERS, _WIPE = int(ActionKind.SERVERS), int(ActionKind.WIPE)
_SPREAD = int(ActionKind.SPREAD)


@entry
def run(states: np.ndarray) -> None:
    """Let events happen until the run ends, a stream needs more arrivals, or a pool is full."""
    s = states[0]
    settle(s)
    plan_arrival(s)
    events = 0
    while s.status == GOING_ON:
        events += 1
        if events > EVENTS_AT_A_STRETCH:
            s.status = PAUSED
            break
        fill_hole(s)
        event_s = node_at(s, 0).at_s if s.heap_size > 0 else np.inf
        if _action_is_next(s, event_s):
            _act(s)
        elif s.next_arrival_s < event_s or (s.next_arrival_s == event_s and _arrival_is_first(s)):
            if s.next_arrival_s >= s.until_s:
                s.status = ENDED
                break
            _let_arrive(s)
        elif event_s < s.until_s:
            _happen(s)
        else:
            s.status = ENDED
            break
        if s.task_count > 0:
            settle(s)
    if s.status == ENDED:
        close_books(s)
        close_copies(s)


@entry
def start_users(states: np.ndarray, stream: int, users: int, rows: int) -> None:
    """Let all users of a closed stream think of their first request."""
    begin_closed(states[0], stream, users, rows)


@entry
def fold_rows(states: np.ndarray) -> None:
    """Count the requests that were kept in buckets, beside those for which there was no room."""
    s = states[0]
    s.keeps_rows = 0
    journeys, outcomes = columns(s.journey_at, np.int16), columns(s.outcome_at, np.int8)
    arrived_s, done_s = columns(s.arrived_s_at, np.float64), columns(s.done_s_at, np.float64)
    for row in range(s.uid_max):
        if outcomes[row] != 0:
            count_request(s, journeys[row], outcomes[row], done_s[row] - arrived_s[row])


@compiled
def _arrival_is_first(s: Record) -> bool:
    """Return whether a stream's arrival comes before the first event, at the same instant."""
    if s.next_stream == NONE:
        return False
    node = node_at(s, 0)
    if class_of(node.event) != ARRIVAL:
        return False
    user = user_at(s, ref_of(node.event))
    if s.next_stream != user.stream:
        return s.next_stream < user.stream
    return stream_at(s, s.next_stream).serial < user.serial


@inlined
def _action_is_next(s: Record, event_s: float) -> bool:
    if s.next_action >= s.action_count:
        return False
    at_s = action_at(s, s.next_action).at_s
    return at_s <= event_s and at_s <= s.next_arrival_s


@inlined
def _let_arrive(s: Record) -> None:
    number = s.next_stream
    walk = arrives(s)
    stream = stream_at(s, number)
    if walk != NONE:
        proceed(s, walk)
    if stream.next == stream.count and stream.ended == 0 and s.status == GOING_ON:
        settle(s)
        if s.status == GOING_ON:
            s.status = NEEDS_ARRIVALS


@inlined
def _happen(s: Record) -> None:
    """Let the first event happen."""
    node = node_at(s, 0)
    ref, cls = ref_of(node.event), class_of(node.event)
    s.now_s = node.at_s
    s.hole = 1
    if cls == SERVICE_END:
        plain_ended(s, ref)
    elif cls == DELAY_END:
        delay_ended(s, ref)
    elif cls == ARRIVAL:
        walk = next_of_user(s, ref)
        if walk != NONE:
            proceed(s, walk)
    else:
        _happen_if_it_still_means_something(s, ref, cls)


@compiled
def _happen_if_it_still_means_something(s: Record, ref: int, cls: int) -> None:
    note = notice_at(s, ref)
    walk, epoch, number, place = note.walk + 0, note.epoch + 0, note.number + 0, note.place + 0
    if cls == HOST_END:
        if host_at(s, number).plan == ref:
            end_service(s, end_work(s, number))
    elif cls == _POLL:
        member = member_at(s, place)
        member.poll = 0
        if member.up != 0:
            fill(s, place)
    elif walk_at(s, walk).epoch == epoch:
        if cls == _HEDGE:
            hedge(s, walk)
        else:
            deadline_passed(s, walk)
    free_notice(s, ref)


@compiled
def _act(s: Record) -> None:
    """Let happen what happens to the fleet."""
    action = action_at(s, s.next_action)
    s.next_action += 1
    s.now_s = action.at_s
    kind, target = action.kind, action.target
    if kind == _CRASH:
        crash(s, target)
    elif kind == _REPAIR:
        member = member_at(s, target)
        member.up = 1
        station_at(s, member.station).down -= 1
        serve(s, target)
    elif kind == _SPEED:
        set_speed(s, target, action.value)
    elif kind == _HOST_SPEED:
        set_host_speed(s, target, action.value)
    elif kind == _LOSS:
        link_at(s, target).loss = action.value
    elif kind == _LAG:
        link_at(s, target).extra_s = action.value
    elif kind == _SERVERS:
        member_at(s, target).servers = int(action.value)
        serve(s, target)
    elif kind == _WIPE:
        wipe(s, target)
    elif kind == _SPREAD:
        station_at(s, target).shards_in_use = int(action.value)
    else:
        look(s, target)
