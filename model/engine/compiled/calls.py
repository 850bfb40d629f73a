"""Calls: attempts with a deadline, tried again within a budget, hedged, stopped by a breaker."""

from __future__ import annotations

from model.engine.codes import NONE, At, Draw, Outcome
from model.engine.compiled.chance import quantile, unit, value_of
from model.engine.compiled.heap import DELAY_END, push, push_of_walk
from model.engine.compiled.jit import Record, compiled
from model.engine.compiled.layout import call_at, request_at, step_at, walk_at
from model.engine.compiled.walks import FAIL, GO_ON, PROCEED, add_task, child_of
from model.engine.stations import (
    attempt_of,
    backoff_s,
    breaker_opens,
    tokens_after_attempt,
)

CLOSED, OPEN, HALF_OPEN = range(3)  # what a breaker is

_DEADLINE, _HEDGE_AT = int(At.DEADLINE), int(At.HEDGE)
_VALUE, _HEDGE, _BACKOFF = int(Draw.VALUE), int(Draw.HEDGE), int(Draw.BACKOFF)
_DONE, _REFUSED, _EXPIRED = int(Outcome.DONE), int(Outcome.REFUSED), int(Outcome.EXPIRED)


@compiled
def begin_call(s: Record, walk_number: int) -> None:
    """Begin the first round of the call that a walk is at."""
    walk = walk_at(s, walk_number)
    walk.number, walk.retries = 0, 0
    begin_round(s, walk_number)


@compiled
def begin_round(s: Record, walk_number: int) -> None:
    """Begin an attempt with timers of its own, if the breaker lets it through."""
    walk = walk_at(s, walk_number)
    step = step_at(s, walk.at)
    call = call_at(s, step.call)
    if not _lets_through(s, call):
        _give_up(s, walk_number, _REFUSED)
        return
    if walk.number == 0 and call.ratio >= 0.0:
        call.tokens = tokens_after_attempt(call.tokens, call.ratio, call.burst)
    walk.first_number, walk.running = walk.number + 1, 0
    attempt = attempt_of(walk.attempt, walk.number + 1)
    chance = request_at(s, walk.request).chance
    walk.round_expires_s, walk.round_stops_s = walk.expires_s, walk.stops_s
    if step.law != NONE or step.attribute != NONE:
        outer = walk.attempt + 0
        walk.attempt = attempt
        due_s = s.now_s + value_of(s, walk, step)
        walk.attempt = outer
        walk.round_expires_s = min(walk.expires_s, due_s)
        if call.cancels != 0:
            walk.round_stops_s = min(walk.stops_s, due_s)
        push_of_walk(s, due_s, walk_number, _DEADLINE, 0, walk.first_number)
    if call.hedge_law != NONE:
        wait_s = quantile(
            s, call.hedge_law, unit(chance, step.path_hash, walk.leg, attempt, _HEDGE)
        )
        push_of_walk(s, s.now_s + wait_s, walk_number, _HEDGE_AT, 0, walk.first_number)
    walk.first_walk = _begin_attempt(s, walk_number)


@compiled
def _begin_attempt(s: Record, walk_number: int) -> int:
    """Begin an attempt, and return its walk, or NONE if there is no room for it."""
    walk = walk_at(s, walk_number)
    walk.number += 1
    walk.running += 1
    request_at(s, walk.request).attempts += 1
    child_number = child_of(s, walk_number, walk.at + 1, step_at(s, walk.at).otherwise)
    if child_number == NONE:
        return NONE
    child = walk_at(s, child_number)
    child.attempt = attempt_of(walk.attempt, walk.number)
    child.expires_s, child.stops_s = walk.round_expires_s, walk.round_stops_s
    add_task(s, PROCEED, child_number, 0)
    return child_number


@compiled
def _give_up(s: Record, walk_number: int, outcome: int) -> None:
    """Take the steps instead of the attempts, if there are any; or fail alike."""
    step = step_at(s, walk_at(s, walk_number).at)
    if step.otherwise == step.end:
        add_task(s, FAIL, walk_number, outcome)
        return
    child_number = child_of(s, walk_number, step.otherwise, step.end)
    if child_number != NONE:
        add_task(s, PROCEED, child_number, 0)


@compiled
def hedge(s: Record, walk_number: int) -> None:
    """Begin a second attempt beside the first, which has not answered, unless there is one."""
    walk = walk_at(s, walk_number)
    if not _is_hedged(walk):
        _begin_hedge(s, walk_number, _copy_at(s, walk_at(s, walk.first_walk)))


@compiled
def _is_hedged(walk: Record) -> bool:
    return walk.number > walk.first_number


@compiled
def _begin_hedge(s: Record, walk_number: int, avoided: int) -> None:
    """Begin a second attempt, that avoids a copy."""
    child_number = _begin_attempt(s, walk_number)
    if child_number != NONE:
        walk_at(s, child_number).avoids = avoided


@compiled
def _copy_at(s: Record, walk: Record) -> int:
    """Return the member that a walk is at, or was at when it failed; NONE: at none."""
    return walk.member + 0 if step_at(s, walk.at).station != NONE else NONE


@compiled
def inside_ended(s: Record, walk_number: int, child_number: int, outcome: int) -> None:
    """Hear of an attempt, or of the steps instead, that it has ended."""
    walk = walk_at(s, walk_number)
    if walk_at(s, child_number).end == step_at(s, walk.at).otherwise:
        _attempt_ended(s, walk_number, child_number, outcome)
    elif outcome == _DONE:
        add_task(s, GO_ON, walk_number, 0)
    else:
        add_task(s, FAIL, walk_number, outcome)


@compiled
def _attempt_ended(s: Record, walk_number: int, attempt_number: int, outcome: int) -> None:
    """Take the first success of a round as the answer, and the last failure as its end.

    A first attempt that fails is hedged at once.
    """
    walk = walk_at(s, walk_number)
    if outcome == _DONE:
        call = call_at(s, step_at(s, walk.at).call)
        call.failures, call.state = 0, CLOSED
        add_task(s, GO_ON, walk_number, 0)
        return
    walk.running -= 1
    if walk.running > 0:
        return
    hedges = call_at(s, step_at(s, walk.at).call).hedge_law != NONE and not _is_hedged(walk)
    if hedges and s.now_s < walk.round_expires_s:
        _begin_hedge(s, walk_number, _copy_at(s, walk_at(s, attempt_number)))
    else:
        round_failed(s, walk_number, outcome)


@compiled
def deadline_passed(s: Record, walk_number: int) -> None:
    """Give the round up: whoever is still under way goes on unheeded."""
    round_failed(s, walk_number, _EXPIRED)


@compiled
def round_failed(s: Record, walk_number: int, outcome: int) -> None:
    """Try again, if that is allowed, or give up."""
    walk = walk_at(s, walk_number)
    walk.epoch += 1
    step = step_at(s, walk.at)
    call = call_at(s, step.call)
    _count_failure(s, call)
    if walk.retries >= call.retries:
        _give_up(s, walk_number, outcome)
        return
    wait_s = backoff_s(walk.retries + 1, call.base_s, call.factor, call.cap_s)
    if call.jitter != 0:
        attempt = attempt_of(walk.attempt, walk.first_number)
        chance = request_at(s, walk.request).chance
        wait_s *= unit(chance, step.path_hash, walk.leg, attempt, _BACKOFF)
    too_late = s.now_s + wait_s >= walk.expires_s
    if too_late or (call.ratio >= 0.0 and call.tokens < 1.0):
        _give_up(s, walk_number, outcome)
        return
    if call.ratio >= 0.0:
        call.tokens -= 1.0
    walk.retries += 1
    if wait_s == 0.0:
        begin_round(s, walk_number)
    else:
        push(s, s.now_s + wait_s, walk_number, DELAY_END)


@compiled
def _lets_through(s: Record, call: Record) -> bool:
    """Return whether a round may begin; a breaker that has been open long enough tries one."""
    if call.breaker == 0 or call.state == CLOSED:
        return True
    if call.state == OPEN and call.open_until_s <= s.now_s:
        call.state = HALF_OPEN
        return True
    return False


@compiled
def _count_failure(s: Record, call: Record) -> None:
    if call.breaker == 0:
        return
    call.failures += 1
    if breaker_opens(call.failures, call.breaker, call.state == HALF_OPEN):
        call.state, call.open_until_s = OPEN, s.now_s + call.open_s
