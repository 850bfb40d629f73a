"""Keeps the books of a run while it goes on: columns that grow, closed into a SimulatedRun."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np

from model.engine.program import NONE, Program
from model.engine.runs import Floats, Indices, Members, Requests, SimulatedRun, Visits

_NOT_YET = float("nan")


class Ledger:
    """Everything that is recorded about one run; engines say what happens, and when."""

    def __init__(self, program: Program, *, keep_visits: bool) -> None:
        members = int(program.stations.members.sum())
        self._program, self._keep_visits = program, keep_visits
        self._uid, self._journey, self._parent = array("Q"), array("q"), array("q")
        self._arrived_s, self._done_s, self._attributes = array("d"), array("d"), array("d")
        self._visit_request, self._visit_member = array("q"), array("q")
        self._visit_step, self._visit_leg = array("q"), array("q")
        self._visit_arrived_s, self._visit_started_s = array("d"), array("d")
        self._visit_done_s, self._visit_work_s = array("d"), array("d")
        self._arrived, self._present = [0] * members, [0] * members
        self._present_s, self._changed_s = [0.0] * members, [0.0] * members
        self._worked_s = [0.0] * members

    def request_began(
        self, uid: int, journey: int, parent: int, at_s: float, attributes: Sequence[float]
    ) -> int:
        """Record a request and return its row."""
        self._uid.append(uid)
        self._journey.append(journey)
        self._parent.append(parent)
        self._arrived_s.append(at_s)
        self._done_s.append(_NOT_YET)
        self._attributes.extend(attributes)
        return len(self._uid) - 1

    def request_done(self, row: int, at_s: float) -> None:
        """Record that the last step of a request has ended."""
        self._done_s[row] = at_s

    def visit_arrived(
        self, request: int, member: int, step: int, leg: int, at_s: float, work_s: float
    ) -> int:
        """Record an arrival and return the visit's row, or NONE if visits are not kept."""
        self._arrived[member] += 1
        self._present_s[member] += self._present[member] * (at_s - self._changed_s[member])
        self._changed_s[member] = at_s
        self._present[member] += 1
        if not self._keep_visits:
            return NONE
        self._visit_request.append(request)
        self._visit_member.append(member)
        self._visit_step.append(step)
        self._visit_leg.append(leg)
        self._visit_arrived_s.append(at_s)
        self._visit_started_s.append(_NOT_YET)
        self._visit_done_s.append(_NOT_YET)
        self._visit_work_s.append(work_s)
        return len(self._visit_request) - 1

    def visit_started(self, row: int, at_s: float) -> None:
        """Record when the service begins, which may be known beforehand."""
        if row != NONE:
            self._visit_started_s[row] = at_s

    def visit_done(self, row: int, member: int, at_s: float, work_s: float) -> None:
        """Record the end of a service."""
        self._present_s[member] += self._present[member] * (at_s - self._changed_s[member])
        self._changed_s[member] = at_s
        self._present[member] -= 1
        self._worked_s[member] += work_s
        if row != NONE:
            self._visit_done_s[row] = at_s

    def close(self, *, seed: int, replication: int, until_s: float) -> SimulatedRun:
        """Return the run, which ends now."""
        return SimulatedRun(
            program=self._program,
            seed=seed,
            replication=replication,
            until_s=until_s,
            requests=self._requests(),
            visits=self._visits(until_s) if self._keep_visits else None,
            members=self._members(until_s),
        )

    def _requests(self) -> Requests:
        shape = len(self._uid), len(self._program.attributes)
        return Requests(
            uid=np.array(self._uid, np.uint64),
            journey=_indices(self._journey),
            parent=_indices(self._parent),
            arrived_s=_floats(self._arrived_s),
            done_s=_floats(self._done_s),
            attributes=_floats(self._attributes).reshape(shape),
        )

    def _visits(self, until_s: float) -> Visits:
        started_s = _floats(self._visit_started_s)
        started_s[started_s >= until_s] = _NOT_YET
        return Visits(
            request=_indices(self._visit_request),
            member=_indices(self._visit_member),
            step=_indices(self._visit_step),
            leg=_indices(self._visit_leg),
            arrived_s=_floats(self._visit_arrived_s),
            started_s=started_s,
            done_s=_floats(self._visit_done_s),
            work_s=_floats(self._visit_work_s),
        )

    def _members(self, until_s: float) -> Members:
        present = np.array(self._present, np.int64)
        arrived = np.array(self._arrived, np.int64)
        return Members(
            arrived=arrived,
            done=arrived - present,
            present=present,
            present_s=self._present_s + present * (until_s - np.array(self._changed_s)),
            worked_s=np.array(self._worked_s),
        )


def _floats(column: array[float]) -> Floats:
    return np.array(column, np.float64)


def _indices(column: array[int]) -> Indices:
    return np.array(column, np.int64)
