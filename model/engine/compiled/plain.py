"""Plain stations: first come, first served, never disturbed, so that a visit knows its end."""

from __future__ import annotations

from model.engine.codes import NONE
from model.engine.compiled.books import book_plain, book_plain_visit, visit_arrived
from model.engine.compiled.heap import SERVICE_END, push_often
from model.engine.compiled.jit import Record, compiled, inlined
from model.engine.compiled.layout import free_at, member_at, walk_at
from model.engine.stations import end_of_service, start_of_service

FEW = 12  # servers, among which looking at all is quicker than a heap


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


@inlined
def plain_end_s(s: Record, walk: Record, member_number: int) -> float:
    """Take a visit in at a plain member, book it, and return when it will end."""
    member = member_at(s, member_number)
    few = member.servers <= FEW
    soonest = _soonest(s, member.free, member.servers) if few else int(member.free)
    start_s = start_of_service(s.now_s, free_at(s, soonest).at_s)
    end_s = end_of_service(start_s, walk.work_s, 1.0)
    if few:
        free_at(s, soonest).at_s = end_s
    else:
        _replace_first(s, member.free, member.servers, end_s)
    walk.member = member_number
    if s.keeps_visits:
        visit_arrived(s, walk, member_number)
        book_plain_visit(s, walk, start_s, end_s)
    book_plain(s, walk, member, start_s, end_s)
    return end_s


@inlined
def _soonest(s: Record, first: int, servers: int) -> int:
    """Return which of a few servers is free first."""
    soonest, least_s = first, free_at(s, first).at_s
    for server in range(first + 1, first + servers):
        at_s = free_at(s, server).at_s
        sooner = at_s < least_s
        soonest = server if sooner else soonest
        least_s = at_s if sooner else least_s
    return soonest


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
