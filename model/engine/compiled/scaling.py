"""Autoscaled stations: which of their copies are in use; see `simpy_scaling` for it in words."""

from __future__ import annotations

from model.engine.compiled.jit import Record, compiled
from model.engine.compiled.layout import copies_row_at, member_at, scaling_at, station_at
from model.engine.compiled.queues import pass_busy
from model.engine.stations import busy_share, copies_wanted


@compiled
def copies_in_use(s: Record, station_number: int) -> int:
    """Return how many copies of a station are in use now, and note since when."""
    station = station_at(s, station_number)
    if station.copies_in_use < station.copies_begun:
        _note_those_due(s, station, station_number)
    return station.copies_in_use + 0


@compiled
def _note_those_due(s: Record, station: Record, station_number: int) -> None:
    first, count, begun = station.first_member + 0, station.copies_in_use + 0, station.copies_begun
    while count < begun and member_at(s, first + count).from_s <= s.now_s:
        from_s = member_at(s, first + count).from_s
        while count < begun and member_at(s, first + count).from_s == from_s:
            count += 1
        _change(s, station_number, count, from_s)


@compiled
def _change(s: Record, station_number: int, count: int, at_s: float) -> None:
    """Have so many copies in use; there is a row for each look that may take or bring some."""
    station_at(s, station_number).copies_in_use = count
    row = copies_row_at(s, s.copies_changes)
    row.at_s, row.station, row.count = at_s, station_number, count
    s.copies_changes += 1


@compiled
def look(s: Record, number: int) -> None:
    """Begin to start the copies that are missing, or take those that are not out of use."""
    scaling = scaling_at(s, number)
    station = station_at(s, scaling.station)
    in_use = copies_in_use(s, scaling.station)
    busy_s = _take_busy_s(s, station, in_use)
    busy = busy_share(busy_s, in_use, scaling.servers, scaling.every_s)
    wanted = copies_wanted(
        in_use, busy, scaling.busy_target, scaling.copies_min, scaling.copies_max
    )
    if wanted > station.copies_begun:
        for copy in range(station.copies_begun, wanted):
            member_at(s, station.first_member + copy).from_s = s.now_s + scaling.start_up_s
        station.copies_begun = wanted
    elif wanted < station.copies_begun and scaling.shrinks != 0:
        station.copies_begun = wanted
        if wanted < in_use:
            _change(s, scaling.station, wanted, s.now_s)


@compiled
def _take_busy_s(s: Record, station: Record, in_use: int) -> float:
    """Return the server-seconds of the copies in use since the last look."""
    busy_s = 0.0
    for copy in range(station.replicas):
        member = member_at(s, station.first_member + copy)
        pass_busy(s, member)
        if copy < in_use:
            busy_s += member.busy_lately_s
        member.busy_lately_s = 0.0
    return busy_s


@compiled
def close_copies(s: Record) -> None:
    """Note the copies that have come to be in use since anybody asked."""
    for number in range(s.scalings_max):
        copies_in_use(s, scaling_at(s, number).station)
