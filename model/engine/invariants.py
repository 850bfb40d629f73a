"""What holds at the end of every run, whatever the network: nobody vanishes, and Little's law.

The engines check it of themselves, so it costs a few passes over arrays and no more.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.engine.codes import NONE, Outcome
from model.engine.disruptions import ActionKind
from model.engine.program import Program
from model.engine.runs import SimulatedRun

Flags = NDArray[np.bool_]

_ROUNDING = 1e-6  # of sums over a whole run, relative, or in seconds if they are shorter than one
_COUNTS = "arrived", "done", "refused", "dropped", "lost", "present"
_TIMES = "present_s", "stay_s", "waited_s", "worked_s", "busy_s"


class BrokenInvariant(RuntimeError):
    """A run that contradicts itself: the engine is wrong; the message says where."""


def check(run: SimulatedRun) -> None:
    """Raise BrokenInvariant unless the totals of every member and all requests add up."""
    _check_counts(run)
    _check_times(run)
    _check_capacity(run)
    _check_requests(run)


def _check_counts(run: SimulatedRun) -> None:
    members = run.members
    nothing = np.zeros_like(members.arrived)
    for name in _COUNTS:
        count = getattr(members, name)
        _hold(run, count >= nothing, f"{name}, at least", count, nothing)
    ways = (members.done, members.refused, members.dropped, members.lost, members.present)
    accounted = np.sum(ways, axis=0)
    rule = "arrived, and done, refused, dropped, lost or present"
    _hold(run, members.arrived == accounted, rule, members.arrived, accounted)


def _check_times(run: SimulatedRun) -> None:
    """Check Little's law, of which both sides were summed by themselves."""
    members = run.members
    nothing = np.zeros_like(members.stay_s)
    for name in _TIMES:
        seconds = getattr(members, name)
        _hold(run, seconds >= nothing, f"{name}, at least", seconds, nothing)
    slack_s = _ROUNDING * np.maximum(1.0, members.stay_s)
    close = np.abs(members.present_s - members.stay_s) <= slack_s
    _hold(run, close, "present_s and stay_s", members.present_s, members.stay_s)
    waited = members.waited_s <= members.stay_s + slack_s
    _hold(run, waited, "waited_s, at most stay_s", members.waited_s, members.stay_s)


def _check_capacity(run: SimulatedRun) -> None:
    """Check that nobody did more than its servers, or its host, can do at full speed."""
    stations, worked_s = run.program.stations, run.members.worked_s
    of_member, slack_s = stations.of_member, _ROUNDING * (1.0 + run.until_s)
    capacity_s = stations.servers[of_member] * (run.until_s + slack_s)
    speeds = ActionKind.SPEED, ActionKind.HOST_SPEED
    resized = _changed(run.program, ActionKind.SERVERS)
    within = (worked_s <= capacity_s) | _changed(run.program, *speeds) | resized
    _hold(run, within, "worked_s, at most the capacity", worked_s, capacity_s)
    within, busy_s = (run.members.busy_s <= capacity_s) | resized, run.members.busy_s
    _hold(run, within, "busy_s, at most the capacity", busy_s, capacity_s)
    host = stations.host[of_member]
    cores, changed = run.program.hosts.cores, _changed(run.program, *speeds)
    placed = host != NONE
    by_host_s = np.bincount(host[placed], weights=worked_s[placed], minlength=len(cores))
    uncertain = np.bincount(host[placed & changed], minlength=len(cores)) > 0
    broken = np.flatnonzero((by_host_s > cores * (run.until_s + slack_s)) & ~uncertain)
    if len(broken):
        name, most_s = run.program.hosts.names[broken[0]], cores[broken[0]] * run.until_s
        raise BrokenInvariant(f"host {name}: worked_s {by_host_s[broken[0]]}, at most {most_s}")


def _changed(program: Program, *kinds: ActionKind) -> Flags:
    """Return which members may at some time not be as they began, in these respects."""
    stations = program.stations
    host, changed = stations.host[stations.of_member], np.zeros(len(stations.of_member), np.bool_)
    for disruption in program.disruptions:
        if disruption.kind in kinds and disruption.kind is ActionKind.HOST_SPEED:
            changed |= np.isin(host, disruption.targets)
        elif disruption.kind in kinds:
            changed[list(disruption.targets)] = True
    return changed


def _check_requests(run: SimulatedRun) -> None:
    """Check that each request is under way, or has ended in a known way and not before it came."""
    requests = run.requests
    known = (requests.outcome >= 0) & (requests.outcome < len(Outcome))
    _hold_of_requests(run, known, "outcome, below", requests.outcome, len(Outcome))
    ended = requests.outcome != Outcome.UNDER_WAY
    timely = requests.done_s >= requests.arrived_s  # never if it has not ended: NaN
    rule = "ended or under way, done_s, and not before arrived_s"
    _hold_of_requests(run, ended == timely, rule, requests.done_s, requests.arrived_s)
    _hold_of_requests(run, requests.attempts >= 0, "attempts, at least", requests.attempts, 0)


def _hold(run: SimulatedRun, holds: Flags, rule: str, one: Any, other: Any) -> None:
    """Raise BrokenInvariant for the first member of which something does not hold."""
    if holds.all():
        return
    member, stations = int(np.argmin(holds)), run.program.stations
    station = int(stations.of_member[member])
    raise BrokenInvariant(
        f"station {stations.names[station]}, member {member - stations.first_member[station]}:"
        f" {rule}: {one[member]} and {other[member]}"
    )


def _hold_of_requests(run: SimulatedRun, holds: Flags, rule: str, one: Any, other: Any) -> None:
    """Raise BrokenInvariant for the first request of which something does not hold."""
    if holds.all():
        return
    row = int(np.argmin(holds))
    journey = run.program.journeys[run.requests.journey[row]]
    against = np.broadcast_to(other, one.shape)[row]
    raise BrokenInvariant(f"request {row}, {journey}: {rule}: {one[row]} and {against}")
