"""Walks take steps until one takes time; what ends tells whoever waits for it."""

from __future__ import annotations

from model.engine.codes import NONE, Draw, Kind, Outcome
from model.engine.compiled.caches import fetched, look_up
from model.engine.compiled.calls import begin_call, begin_round, inside_ended
from model.engine.compiled.chance import attribute_of, luck, quantile, value_of
from model.engine.compiled.choosing import member_for, simple_member_for
from model.engine.compiled.forks import begin_legs, fork, leg_ended
from model.engine.compiled.heap import DELAY_END, push
from model.engine.compiled.jit import Record, compiled, inlined
from model.engine.compiled.layout import (
    link_at,
    request_at,
    station_at,
    step_at,
    task_at,
    walk_at,
)
from model.engine.compiled.members import arrive, release
from model.engine.compiled.plain import arrive_plain, end_plain
from model.engine.compiled.walks import (
    BEGIN_HELD,
    FAIL,
    GO_ON,
    LEGS,
    PROCEED,
    add_task,
    child_of,
    emitted,
    end_request,
    free_walk,
)
from model.engine.compiled.works import work_of
from model.engine.stations import link_s

_VISIT, _DELAY, _ALL_OF, _EACH = (
    int(Kind.VISIT), int(Kind.DELAY), int(Kind.ALL_OF), int(Kind.FOR_EACH)
)  # fmt: skip
_MAYBE, _EMIT, _HOLD = int(Kind.MAYBE), int(Kind.EMIT), int(Kind.HOLD)
_LINK, _CACHED, _CALL = int(Kind.LINK), int(Kind.CACHED), int(Kind.CALL)
_VALUE, _LOSS, _RTT = int(Draw.VALUE), int(Draw.LOSS), int(Draw.RTT)
_DONE, _EXPIRED, _LOST = int(Outcome.DONE), int(Outcome.EXPIRED), int(Outcome.LOST)


@compiled
def settle(s: Record) -> None:
    """Do all that is still to be done at this instant."""
    while s.task_count > 0 and s.status == 0:
        s.task_count -= 1
        task = task_at(s, s.task_count)
        kind, walk, value = task.kind + 0, task.walk + 0, task.value + 0
        if kind == PROCEED:
            proceed(s, walk)
        elif kind == GO_ON:
            go_on(s, walk)
        elif kind == LEGS:
            begin_legs(s, walk, value)
        elif kind == FAIL:
            finish(s, walk, value)
        elif kind == BEGIN_HELD:
            _begin_held(s, walk)
        else:
            begin_round(s, walk)


@compiled
def go_on(s: Record, walk_number: int) -> None:
    """Leave the step that took time, and take those after it."""
    walk = walk_at(s, walk_number)
    walk.epoch += 1  # children that are still under way go on unheeded
    walk.at = step_at(s, walk.at).end
    proceed(s, walk_number)


@inlined
def plain_ended(s: Record, walk_number: int) -> None:
    """Go on after a visit to a plain station, or the last of those that a fork has sent."""
    end_plain(s, walk_number)
    walk = walk_at(s, walk_number)
    if walk.joined_step != NONE:
        walk.joined_step = NONE
    walk.at = step_at(s, walk.at).end
    proceed(s, walk_number)


@compiled
def proceed(s: Record, walk_number: int) -> None:
    """Take steps until one takes time or the last is done."""
    walk = walk_at(s, walk_number)
    while True:
        if walk.stops_s < s.now_s:
            finish(s, walk_number, _EXPIRED)
            return
        if walk.at >= walk.end:
            finish(s, walk_number, _DONE)
            return
        step = step_at(s, walk.at)
        kind = step.kind
        if kind == _VISIT:
            _visit(s, walk_number, walk, step)
            return
        if kind == _MAYBE:
            taken = luck(s, walk, step, _VALUE) < _probability(s, walk, step)
            walk.at = walk.at + 1 if taken else step.end
            continue
        if kind == _EMIT:
            emitted_number = emitted(s, walk_number)
            walk.at = step.end
            add_task(s, PROCEED, walk_number, 0)
            if emitted_number != NONE:
                add_task(s, PROCEED, emitted_number, 0)
            return
        _take(s, walk_number, walk, step)
        return


@inlined
def _probability(s: Record, walk: Record, step: Record) -> float:
    """Return how likely it is that a walk takes the steps inside its step."""
    if step.attribute != NONE:
        return attribute_of(request_at(s, walk.request), step.attribute)
    return step.probability


@compiled
def _take(s: Record, walk_number: int, walk: Record, step: Record) -> None:
    """Take a step that lets time pass, or begins child walks."""
    kind = step.kind
    if kind in (_ALL_OF, _EACH):
        fork(s, walk_number, step)
    elif kind == _DELAY:
        walk.lost = 0
        push(s, s.now_s + value_of(s, walk, step), walk_number, DELAY_END)
    elif kind == _CALL:
        begin_call(s, walk_number)
    elif kind == _HOLD:
        walk.work_s = 0.0
        arrive(s, walk_number, member_for(s, walk, step))
    elif kind == _LINK:
        _send(s, walk_number, walk, step)
    else:
        look_up(s, walk_number, step)


@inlined
def _visit(s: Record, walk_number: int, walk: Record, step: Record) -> None:
    """Take a visit, by the shortest way where nothing but time matters."""
    if step.simple != 0:
        walk.work_s = value_of(s, walk, step)
        arrive_plain(s, walk_number, simple_member_for(s, walk, step))
    else:
        _visit_any(s, walk_number, walk, step)


@compiled
def _visit_any(s: Record, walk_number: int, walk: Record, step: Record) -> None:
    walk.work_s = work_of(s, walk, step)
    member = member_for(s, walk, step)
    if station_at(s, step.station).plain != 0:
        arrive_plain(s, walk_number, member)
    else:
        arrive(s, walk_number, member)


@compiled
def _send(s: Record, walk_number: int, walk: Record, step: Record) -> None:
    link = link_at(s, step.link)
    size = value_of(s, walk, step)
    rtt_s = quantile(s, link.rtt, luck(s, walk, step, _RTT))
    walk.lost = 1 if link.loss > 0.0 and luck(s, walk, step, _LOSS) < link.loss else 0
    if walk.lost != 0:
        push(s, max(walk.expires_s, s.now_s), walk_number, DELAY_END)
    else:
        push(
            s,
            s.now_s + link_s(rtt_s, size, link.bytes_per_s, link.extra_s),
            walk_number,
            DELAY_END,
        )


@compiled
def delay_ended(s: Record, walk_number: int) -> None:
    """Go on after a delay or a message, fail after a lost one, or try a call again."""
    walk = walk_at(s, walk_number)
    if step_at(s, walk.at).kind == _CALL:
        begin_round(s, walk_number)
    elif walk.lost != 0:
        finish(s, walk_number, _LOST)
    else:
        go_on(s, walk_number)


@compiled
def _begin_held(s: Record, walk_number: int) -> None:
    """Begin the steps that a server is held for."""
    walk = walk_at(s, walk_number)
    child_number = child_of(s, walk_number, walk.at + 1, step_at(s, walk.at).end)
    if child_number != NONE:
        add_task(s, PROCEED, child_number, 0)


@compiled
def finish(s: Record, walk_number: int, outcome: int) -> None:
    """End a walk, well or not, and tell whoever waits for it."""
    walk = walk_at(s, walk_number)
    parent_number, epoch, request = walk.parent + 0, walk.parent_epoch + 0, walk.request + 0
    if parent_number == NONE:
        end_request(s, request, outcome)
        free_walk(s, walk_number)
        return
    free_walk(s, walk_number)
    parent = walk_at(s, parent_number)
    if parent.epoch != epoch:
        return
    kind = step_at(s, parent.at).kind
    if kind in (_ALL_OF, _EACH):
        leg_ended(s, parent_number, walk.leg + 0, outcome)
    elif kind == _CALL:
        inside_ended(s, parent_number, walk_number, outcome)
    elif kind == _HOLD:
        if outcome == _DONE:
            add_task(s, GO_ON, parent_number, 0)
        else:
            add_task(s, FAIL, parent_number, outcome)
        release(s, parent_number)
    else:
        fetched(s, parent_number, outcome)
