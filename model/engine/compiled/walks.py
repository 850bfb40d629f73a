"""Walks and requests: taken from their pools, given back, begun and ended."""

from __future__ import annotations

import numpy as np

from model.engine.codes import NONE, Draw
from model.engine.compiled.books import count_request, keep_request
from model.engine.compiled.chance import child_uid, quantile, request_key, unit
from model.engine.compiled.heap import (
    ARRIVAL,
    FULL_REQUESTS,
    FULL_TASKS,
    FULL_USERS,
    FULL_WALKS,
    push,
)
from model.engine.compiled.jit import Record, Word, compiled, inlined
from model.engine.compiled.layout import (
    journey_begin,
    journey_end,
    request_at,
    spare,
    step_at,
    stream_at,
    task_at,
    user_at,
    walk_at,
)

PROCEED, GO_ON, FAIL, LEGS, BEGIN_HELD, BEGIN_ROUND = range(6)

_THINK = int(Draw.THINK)


@compiled
def add_task(s: Record, kind: int, walk: int, value: int) -> None:
    """Note what is to be done next at this instant, before all that was noted earlier."""
    if s.task_count >= s.tasks_max:
        s.status = FULL_TASKS
        return
    task = task_at(s, s.task_count)
    task.kind, task.walk, task.value = kind, walk, value
    s.task_count += 1


@compiled
def in_order_of_noting(s: Record, first: int) -> None:
    """Turn around the tasks noted since there were `first`, so that the earliest comes first."""
    low, high = first, s.task_count - 1
    while low < high:
        one, other = task_at(s, low), task_at(s, high)
        kind, walk, value = one.kind, one.walk, one.value
        one.kind, one.walk, one.value = other.kind, other.walk, other.value
        other.kind, other.walk, other.value = kind, walk, value
        low += 1
        high -= 1


@inlined
def new_walk(s: Record, request_number: int) -> int:
    """Return a walk of a request; the caller says where it is, and inside what."""
    if s.walks_freed > 0:
        s.walks_freed -= 1
        number = spare(s.free_walks_at)[np.uint64(s.walks_freed)]
    elif s.walks_used >= s.walks_max:
        s.status = FULL_WALKS
        return NONE
    else:
        number = s.walks_used
        s.walks_used += 1
    walk = walk_at(s, number)
    walk.request = request_number
    walk.joined_step, walk.avoids = NONE, NONE
    request_at(s, request_number).walks += 1
    return int(number)


@inlined
def free_walk(s: Record, number: int) -> None:
    """Give a walk back, and its request with the last of its walks."""
    walk = walk_at(s, number)
    walk.epoch += 1  # what still refers to it is about another one
    spare(s.free_walks_at)[np.uint64(s.walks_freed)] = number
    s.walks_freed += 1
    request = request_at(s, walk.request)
    request.walks -= 1
    if request.walks == 0:
        spare(s.free_requests_at)[np.uint64(s.requests_freed)] = walk.request
        s.requests_freed += 1


@compiled
def child_of(s: Record, parent_number: int, begin: int, end: int) -> int:
    """Return a walk through the steps from `begin` to `end`, that its parent waits for."""
    parent = walk_at(s, parent_number)
    number = new_walk(s, parent.request)
    if number == NONE:
        return NONE
    walk = walk_at(s, number)
    walk.at, walk.end = begin, end
    walk.parent, walk.parent_epoch = parent_number, parent.epoch
    walk.leg, walk.attempt = parent.leg, parent.attempt
    walk.lane, walk.lanes = parent.lane, parent.lanes
    walk.expires_s, walk.stops_s = parent.expires_s, parent.stops_s
    return number


@inlined
def begin_request(
    s: Record, journey: int, uid: Word, stream: int, attribute_row: int, parent_row: int, user: int
) -> int:
    """Begin a request, and return its walk, which has not taken a step."""
    if s.requests_freed > 0:
        s.requests_freed -= 1
        number = int(spare(s.free_requests_at)[np.uint64(s.requests_freed)])
    elif s.requests_used >= s.requests_max:
        s.status = FULL_REQUESTS
        return NONE
    else:
        number = s.requests_used
        s.requests_used += 1
    request = request_at(s, number)
    request.uid, request.chance = uid, request_key(s.run, uid)
    request.arrived_s, request.journey = s.now_s, journey
    request.stream, request.attribute_row = stream, attribute_row
    request.attributes = stream_at(s, stream).attributes + attribute_row * s.attribute_bytes
    request.walks, request.attempts, request.user, request.over = 0, 0, user, 0
    request.row, request.parent = s.rows, parent_row
    s.rows += 1
    walk_number = new_walk(s, number)
    if walk_number == NONE:
        return NONE
    walk = walk_at(s, walk_number)
    walk.at, walk.end = journey_begin(s)[np.uint64(journey)], journey_end(s)[np.uint64(journey)]
    walk.parent, walk.leg, walk.attempt, walk.lane, walk.lanes = NONE, 0, 0, 0, 1
    walk.expires_s, walk.stops_s = np.inf, np.inf
    return walk_number


@compiled
def emitted(s: Record, walk_number: int) -> int:
    """Begin the request that a walk's step emits, and return its walk."""
    walk = walk_at(s, walk_number)
    step, request = step_at(s, walk.at), request_at(s, walk.request)
    uid = child_uid(request.uid, step.path_hash, walk.leg)
    if walk.attempt != 0:
        uid = child_uid(uid, step.path_hash, walk.attempt)
    return begin_request(
        s, step.journey, uid, request.stream, request.attribute_row, request.row, NONE
    )


@inlined
def end_request(s: Record, request_number: int, outcome: int) -> None:
    """Record how a request has ended, and let its user think of the next."""
    request = request_at(s, request_number)
    request.over = 1
    if s.keeps_rows:
        keep_request(s, request, outcome, s.now_s)
    else:
        count_request(s, request.journey, outcome, s.now_s - request.arrived_s)
    if request.user != NONE:
        _think(s, request)


@compiled
def _think(s: Record, request: Record) -> None:
    """Let a user send the next request after some time, or leave for good."""
    user = user_at(s, request.user)
    stream = stream_at(s, user.stream)
    user.left -= 1
    if user.left == 0:
        spare(s.free_users_at)[np.uint64(s.users_freed)] = request.user
        s.users_freed += 1
        return
    chance = unit(request.chance, stream.path_hash, 0, 0, _THINK)
    push(s, s.now_s + quantile(s, stream.think, chance), request.user, ARRIVAL)


@compiled
def new_user(s: Record) -> int:
    """Return a user that is free, or NONE and say that there is none."""
    if s.users_freed > 0:
        s.users_freed -= 1
        return int(spare(s.free_users_at)[np.uint64(s.users_freed)])
    if s.users_used >= s.users_max:
        s.status = FULL_USERS
        return NONE
    s.users_used += 1
    return s.users_used - 1
