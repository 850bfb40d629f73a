"""Requests that come by themselves: from streams, closed users and sessions."""

from __future__ import annotations

import numpy as np

from model.engine.codes import NONE, Draw, StreamKind
from model.engine.compiled.chance import child_uid, quantile, request_key, unit
from model.engine.compiled.heap import ARRIVAL, push
from model.engine.compiled.jit import Record, Word, carray, compiled, inlined, pointer
from model.engine.compiled.layout import stream_at, user_at
from model.engine.compiled.walks import begin_request, new_user
from model.engine.limits import AT_ONCE_MAX

FULL_INSTANT = 12  # a status, beside those of the pools
BY_NUMBER = 0  # an address of uids: none is kept, as `arrivals.go_by_number` allows
FOR_EVER = 1 << 62  # requests that a closed user sends

_SESSIONS, _RECORDED = int(StreamKind.SESSIONS), int(StreamKind.RECORDED)
_MEMBER, _COUNT, _THINK = int(Draw.MEMBER), int(Draw.COUNT), int(Draw.THINK)
_MANY = 1 << 40


@compiled
def plan_arrival(s: Record) -> None:
    """Find the stream whose next arrival comes first; of equals the first stream."""
    s.next_arrival_s, s.next_stream = np.inf, NONE
    for number in range(s.stream_count):
        stream = stream_at(s, number)
        if stream.next < stream.count:
            at_s = carray(pointer(stream.at_s), _MANY, np.float64)[np.uint64(stream.next)]
            if at_s < s.next_arrival_s:
                s.next_arrival_s, s.next_stream = at_s, number


@inlined
def arrives(s: Record) -> int:
    """Begin the next request of a stream, and return its walk."""
    number = s.next_stream
    stream = stream_at(s, number)
    s.now_s = s.next_arrival_s
    serial = stream.serial + 0
    if stream.uids == BY_NUMBER:
        uid = child_uid(stream.path_hash, stream.path_hash, serial)
        row = serial if stream.kind == _RECORDED else 0
    else:
        uid = carray(pointer(stream.uids), _MANY, np.uint64)[np.uint64(stream.next)]
        row = carray(pointer(stream.rows), _MANY, np.int64)[np.uint64(stream.next)]
    stream.next += 1
    stream.serial += 1
    plan_arrival(s)
    if stream.kind == _SESSIONS:
        return _begin_session(s, number, uid, row, serial)
    return begin_request(s, stream.journey, uid, number, row, NONE, NONE)


@compiled
def _begin_session(s: Record, stream_number: int, root: Word, row: int, serial: int) -> int:
    user_number = new_user(s)
    if user_number == NONE:
        return NONE
    stream, user = stream_at(s, stream_number), user_at(s, user_number)
    chance = unit(request_key(s.run, root), stream.path_hash, 0, 0, _COUNT)
    user.root, user.number, user.serial = root, 0, serial
    user.left = max(1, int(quantile(s, stream.length, chance)))
    user.stream, user.attribute_row = stream_number, row
    return next_of_user(s, user_number)


@compiled
def next_of_user(s: Record, user_number: int) -> int:
    """Begin a user's next request, and return its walk."""
    if s.now_s != s.user_instant_s:
        s.user_instant_s, s.user_requests = s.now_s, 0
    s.user_requests += 1
    if s.user_requests > AT_ONCE_MAX:
        s.status = FULL_INSTANT
        return NONE
    user = user_at(s, user_number)
    stream = stream_at(s, user.stream)
    user.number += 1
    uid = child_uid(user.root, stream.path_hash, user.number)
    return begin_request(s, stream.journey, uid, user.stream, user.attribute_row, NONE, user_number)


@compiled
def begin_closed(s: Record, stream_number: int, users: int, rows: int) -> None:
    """Let all users of a closed stream think of their first request."""
    stream = stream_at(s, stream_number)
    place = stream.path_hash
    for serial in range(users):
        user_number = new_user(s)
        if user_number == NONE:
            return
        user = user_at(s, user_number)
        user.root, user.number, user.serial = child_uid(place, place, serial), 0, serial
        user.left, user.stream = FOR_EVER, stream_number
        chance = unit(request_key(s.run, place), place, serial, 0, _MEMBER)
        user.attribute_row = int(chance * rows)
        thought = unit(request_key(s.run, user.root), place, 0, 0, _THINK)
        push(s, quantile(s, stream.think, thought), user_number, ARRIVAL)
