"""What is recorded while a run goes on: requests, visits, and totals of every member."""

from __future__ import annotations

import numpy as np

from model.engine.codes import NONE, Outcome
from model.engine.compiled.histograms import place_of
from model.engine.compiled.jit import Record, compiled, inlined
from model.engine.compiled.layout import (
    columns,
    histogram,
    member_at,
    outcomes,
    queue_at,
    request_at,
    station_at,
    visit_row_at,
    walk_at,
)
from model.engine.compiled.queues import pass_busy
from model.engine.latencies import WIDTH
from model.world.journeys import PRIORITIES

OUTCOMES = len(Outcome)
FULL_VISIT_ROWS = 9

_UNDER_WAY, _DONE, _REFUSED = int(Outcome.UNDER_WAY), int(Outcome.DONE), int(Outcome.REFUSED)
_EXPIRED = int(Outcome.EXPIRED)


@inlined
def keep_request(s: Record, request: Record, outcome: int, done_s: float) -> None:
    """Write a request down, in the row that it got when it began; count it, if there is none."""
    row = np.uint64(request.row)
    if request.row >= s.uid_max:
        count_request(s, request.journey, outcome, done_s - request.arrived_s)
        return
    columns(s.uid_at, np.uint64)[row] = request.uid
    columns(s.arrived_s_at, np.float64)[row] = request.arrived_s
    columns(s.done_s_at, np.float64)[row] = done_s
    columns(s.row_at, np.int32)[row] = request.attribute_row
    # The rest is mostly zero, as fresh memory is: what is not written takes none.
    if request.parent != NONE:
        columns(s.parent_at, np.int32)[row] = request.parent - NONE
    if request.attempts != 0:
        columns(s.attempts_at, np.int32)[row] = request.attempts
    if request.journey != 0:
        columns(s.journey_at, np.int16)[row] = request.journey
    if request.stream != 0:
        columns(s.stream_at, np.int16)[row] = request.stream
    columns(s.outcome_at, np.int8)[row] = outcome


@compiled
def count_request(s: Record, journey: int, outcome: int, latency_s: float) -> None:
    """Count a request that has ended, where requests are not kept."""
    outcomes(s)[journey * OUTCOMES + outcome] += 1
    if outcome == _DONE:
        histogram(s)[journey * WIDTH + place_of(latency_s)] += 1


@compiled
def visit_arrived(s: Record, walk: Record, member_number: int) -> None:
    """Give a visit its row, where visits are kept."""
    walk.visit = NONE
    if s.visits >= s.visit_rows_max:
        s.status = FULL_VISIT_ROWS
        return
    walk.visit = s.visits
    s.visits += 1
    row = visit_row_at(s, walk.visit)
    row.request = request_at(s, walk.request).row
    row.member, row.step = member_number, walk.at
    row.leg, row.attempt = walk.leg, walk.attempt
    row.arrived_s, row.work_s = s.now_s, walk.work_s
    row.started_s, row.done_s = np.nan, np.nan
    row.outcome = _UNDER_WAY


@inlined
def book_plain(s: Record, walk: Record, member: Record, start_s: float, end_s: float) -> None:
    """Book a whole visit to a plain station on arrival."""
    if end_s < s.until_s:
        member.done += 1
        member.stay_s += end_s - s.now_s
        member.waited_s += start_s - s.now_s
        member.worked_s += walk.work_s
        return
    member.present += 1
    member.stay_s += s.until_s - s.now_s
    if start_s < s.until_s:
        member.waited_s += start_s - s.now_s
        member.busy_s += s.until_s - start_s


@compiled
def book_plain_visit(s: Record, walk: Record, start_s: float, end_s: float) -> None:
    """Write down when a visit to a plain station begins and ends."""
    if walk.visit == NONE:
        return
    row = visit_row_at(s, walk.visit)
    if start_s < s.until_s:
        row.started_s = start_s
    if end_s < s.until_s:
        row.done_s = end_s
        row.outcome = _DONE


@compiled
def _count(s: Record, member: Record, change: int) -> None:
    """Note that the number present changes."""
    member.present_s += member.present * (s.now_s - member.changed_s)
    member.changed_s = s.now_s
    member.present += change


@compiled
def book_arrival(s: Record, walk: Record, member_number: int) -> None:
    """Book an arrival."""
    member = member_at(s, member_number)
    member.arrived += 1
    _count(s, member, 1)
    walk.arrived_s = s.now_s
    walk.began_s = np.nan
    walk.visit = NONE
    if s.keeps_visits:
        visit_arrived(s, walk, member_number)


@compiled
def book_start(s: Record, walk: Record) -> None:
    """Book that a service begins; later beginnings of the same visit do not count."""
    if not np.isnan(walk.began_s):
        return
    walk.began_s = s.now_s
    member_at(s, walk.member).waited_s += s.now_s - walk.arrived_s
    if walk.visit != NONE:
        visit_row_at(s, walk.visit).started_s = s.now_s


@compiled
def book_leaving(s: Record, walk_number: int, outcome: int) -> None:
    """Book that a visit is done, refused, dropped or lost."""
    walk = walk_at(s, walk_number)
    member = member_at(s, walk.member)
    _count(s, member, -1)
    member.stay_s += s.now_s - walk.arrived_s
    if outcome == _DONE:
        member.done += 1
        member.worked_s += walk.work_s
    elif outcome == _REFUSED:
        member.refused += 1
    elif outcome == _EXPIRED:
        member.dropped += 1
    else:
        member.lost += 1
    if walk.visit != NONE:
        row = visit_row_at(s, walk.visit)
        row.done_s = s.now_s
        row.outcome = outcome


@compiled
def close_books(s: Record) -> None:
    """Book what is still under way when the run ends."""
    s.now_s = s.until_s
    for number in range(s.members_max):
        member = member_at(s, number)
        if station_at(s, member.station).plain != 0:
            member.present_s = member.stay_s  # booked on arrival, which tells as much
            member.arrived = member.done + member.present
            member.busy_s += member.worked_s
        else:
            pass_busy(s, member)
            _count(s, member, 0)
            _book_present(s, number)
    if s.keeps_rows:
        for number in range(s.requests_used):
            request = request_at(s, number)
            if request.walks > 0 and request.over == 0:
                keep_request(s, request, _UNDER_WAY, np.nan)


@compiled
def _book_present(s: Record, member_number: int) -> None:
    """Book the time so far of all in service, in order of beginning, and of all that wait."""
    member = member_at(s, member_number)
    number = member.serving_first + 0
    while number != NONE:
        following = walk_at(s, number).next + 0
        while number != NONE:
            member.stay_s += s.until_s - walk_at(s, number).arrived_s
            number = walk_at(s, number).batch_next + 0
        number = following
    for urgency in range(PRIORITIES):
        number = queue_at(s, member_number * PRIORITIES + urgency).first + 0
        while number != NONE:
            member.stay_s += s.until_s - walk_at(s, number).arrived_s
            number = walk_at(s, number).next + 0
