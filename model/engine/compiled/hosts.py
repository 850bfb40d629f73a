"""Hosts: cores shared by what is at work on them; see `simpy_hosts` for the same in words.

The work of a host is a heap of walks by tag; what ties goes in the order of its events.
"""

from __future__ import annotations

import numpy as np

from model.engine.codes import NONE
from model.engine.compiled.heap import HOST_END, push_of_walk
from model.engine.compiled.jit import Record, compiled
from model.engine.compiled.layout import host_at, host_jobs, member_at, request_at, walk_at
from model.engine.stations import advance, end_of_service, host_rate, left_of, tag_of

OFF_HOST = NONE


@compiled
def begin_work(s: Record, walk_number: int) -> None:
    """Put a walk's `left_s` on its member's host, or aside while the member stands still."""
    walk = walk_at(s, walk_number)
    member = member_at(s, walk.member)
    if member.speed == 0.0:
        walk.place = OFF_HOST
        return
    host = host_at(s, member.host)
    _advance(s, host)
    walk.tag_s = tag_of(host.served_s, walk.left_s, member.speed)
    host.busy += 1
    _sift_up(s, host, host.busy - 1, walk_number)
    plan(s, member.host)


@compiled
def take_off(s: Record, walk_number: int) -> None:
    """Take a walk off its host; `left_s` is then what is left of its work."""
    walk = walk_at(s, walk_number)
    if walk.place == OFF_HOST:
        return
    member = member_at(s, walk.member)
    host = host_at(s, member.host)
    _advance(s, host)
    walk.left_s = left_of(walk.tag_s, host.served_s, member.speed)
    _remove(s, host, walk.place)
    walk.place = OFF_HOST
    if host.busy == 0:
        host.served_s = 0.0
    plan(s, member.host)


@compiled
def end_work(s: Record, host_number: int) -> int:
    """Return the walk whose work has ended, now off its host."""
    host = host_at(s, host_number)
    walk_number = int(host_jobs(s)[np.uint64(host.jobs)])
    walk = walk_at(s, walk_number)
    tag_s = walk.tag_s
    _remove(s, host, 0)
    walk.place = OFF_HOST
    host.changed_s = s.now_s
    host.plan, host.planned = NONE, NONE
    if host.busy > 0:
        host.served_s = tag_s  # what all have had exactly, free of rounding
        plan(s, host_number)
    else:
        host.served_s = 0.0
    return walk_number


@compiled
def set_host_speed(s: Record, host_number: int, speed: float) -> None:
    """Let a host work faster or slower from now on."""
    host = host_at(s, host_number)
    _advance(s, host)
    host.speed = speed
    plan(s, host_number)


@compiled
def _advance(s: Record, host: Record) -> None:
    if host.busy > 0:
        host.served_s = advance(host.served_s, s.now_s - host.changed_s, host.rate)
    host.changed_s = s.now_s


@compiled
def plan(s: Record, host_number: int) -> None:
    """Plan the next end, if another work is first or the rate is another than planned."""
    host = host_at(s, host_number)
    host.rate = host.speed * host_rate(host.cores, host.busy)
    if host.busy == 0 or host.rate == 0.0:
        host.plan, host.planned = NONE, NONE
        return
    first = int(host_jobs(s)[np.uint64(host.jobs)])
    if host.planned == first and host.planned_rate == host.rate:
        return
    walk = walk_at(s, first)
    end_s = end_of_service(s.now_s, walk.tag_s - host.served_s, host.rate)
    host.planned, host.planned_rate = first, host.rate
    host.plan = push_of_walk(s, end_s, first, HOST_END, walk.member, host_number)


@compiled
def _comes_before(s: Record, one: int, other: int) -> bool:
    """Return whether the work of one walk ends before that of another."""
    mine, theirs = walk_at(s, one), walk_at(s, other)
    if mine.tag_s != theirs.tag_s:
        return mine.tag_s < theirs.tag_s
    if mine.member != theirs.member:
        return mine.member < theirs.member
    uid, their_uid = request_at(s, mine.request).uid, request_at(s, theirs.request).uid
    if uid != their_uid:
        return uid < their_uid
    if mine.at != theirs.at:
        return mine.at < theirs.at
    if mine.leg != theirs.leg:
        return mine.leg < theirs.leg
    return mine.attempt < theirs.attempt


@compiled
def _set(s: Record, host: Record, place: int, walk_number: int) -> None:
    host_jobs(s)[np.uint64(host.jobs + place)] = walk_number
    walk_at(s, walk_number).place = place


@compiled
def _sift_up(s: Record, host: Record, place: int, walk_number: int) -> None:
    jobs = host_jobs(s)
    while place > 0:
        above = (place - 1) >> 1
        other = int(jobs[np.uint64(host.jobs + above)])
        if not _comes_before(s, walk_number, other):
            break
        _set(s, host, place, other)
        place = above
    _set(s, host, place, walk_number)


@compiled
def _sift_down(s: Record, host: Record, place: int, walk_number: int) -> None:
    jobs = host_jobs(s)
    while True:
        below = 2 * place + 1
        if below >= host.busy:
            break
        other = int(jobs[np.uint64(host.jobs + below)])
        if below + 1 < host.busy:
            right = int(jobs[np.uint64(host.jobs + below + 1)])
            if _comes_before(s, right, other):
                below, other = below + 1, right
        if _comes_before(s, walk_number, other):
            break
        _set(s, host, place, other)
        place = below
    _set(s, host, place, walk_number)


@compiled
def _remove(s: Record, host: Record, place: int) -> None:
    """Take the work at a place of the heap away."""
    host.busy -= 1
    if place == host.busy:
        return
    last = int(host_jobs(s)[np.uint64(host.jobs + host.busy)])
    above = (place - 1) >> 1
    if place > 0 and _comes_before(s, last, int(host_jobs(s)[np.uint64(host.jobs + above)])):
        _sift_up(s, host, place, last)
    else:
        _sift_down(s, host, place, last)
