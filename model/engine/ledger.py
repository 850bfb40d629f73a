"""Keeps the books of a run while it goes on: columns that grow, closed into a SimulatedRun."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model.engine.codes import NONE, Outcome
from model.engine.program import Program
from model.engine.runs import (
    REQUEST_TYPES,
    CopiesInUse,
    Members,
    Requests,
    SimulatedRun,
    Visits,
    copies_in_use_of,
)

if TYPE_CHECKING:  # walks keep books; books only ask a walk where it is
    from model.engine.simpy_walks import Walk

_NOT_YET = float("nan")
_REQUEST_COLUMNS = 6  # journey, parent, stream, row, outcome, attempts
_OUTCOME, _ATTEMPTS = 4, 5
_VISIT_COLUMNS = 6  # request, member, step, leg, attempt, outcome
_VISIT_OUTCOME = 5
_VISIT_TIMES = 4  # arrived, started, done, work
_STARTED, _DONE = 1, 2


@dataclass(slots=True, kw_only=True)
class Totals:
    """The totals of one member, up to now; as in `runs.Members`."""

    arrived: int = 0
    done: int = 0
    refused: int = 0
    dropped: int = 0
    lost: int = 0
    present: int = 0
    present_s: float = 0.0
    changed_s: float = 0.0  # when the number present last changed
    stay_s: float = 0.0
    waited_s: float = 0.0
    worked_s: float = 0.0
    busy_s: float = 0.0

    def come(self, now_s: float) -> None:
        """Count a visit that arrives."""
        self.arrived += 1
        self._pass(now_s)
        self.present += 1

    def go(self, now_s: float, arrived_s: float, outcome: Outcome) -> None:
        """Count a visit that leaves, if only because it is refused."""
        self._pass(now_s)
        self.present -= 1
        self.stay_s += now_s - arrived_s
        if outcome == Outcome.DONE:
            self.done += 1
        elif outcome == Outcome.EXPIRED:
            self.dropped += 1
        elif outcome == Outcome.LOST:
            self.lost += 1
        else:
            self.refused += 1

    def foresee(self, now_s: float, start_s: float, end_s: float, work_s: float) -> None:
        """Count a visit whose service is known on arrival, if it ends before the run does."""
        self.arrived += 1
        self.done += 1
        self.present_s += end_s - now_s
        self.stay_s += end_s - now_s
        self.waited_s += start_s - now_s
        self.worked_s += work_s

    def foresee_unfinished(self, now_s: float, start_s: float, until_s: float) -> None:
        """Count a visit whose service is known on arrival to end too late."""
        self.arrived += 1
        self.present += 1
        self.present_s += until_s - now_s
        self.stay_s += until_s - now_s
        if start_s < until_s:
            self.waited_s += start_s - now_s
            self.busy_s += until_s - start_s

    def close(self, until_s: float, arrived_s: Sequence[float]) -> None:
        """Count those who are present at the end, given when they came."""
        self._pass(until_s)
        for at_s in arrived_s:
            self.stay_s += until_s - at_s

    def _pass(self, now_s: float) -> None:
        self.present_s += self.present * (now_s - self.changed_s)
        self.changed_s = now_s


class Ledger:
    """Everything that is recorded about one run; the engine says what happens, and when."""

    def __init__(self, program: Program, *, until_s: float, keep_visits: bool) -> None:
        self._program, self._until_s, self._keep_visits = program, until_s, keep_visits
        self._uids, self._requests, self._request_times = array("Q"), array("q"), array("d")
        self._visits, self._visit_times = array("q"), array("d")
        self.totals = [Totals() for _ in range(int(program.stations.members.sum()))]

    def request_began(
        self, uid: int, journey: int, parent: int, stream: int, attribute_row: int, at_s: float
    ) -> int:
        """Record a request and return its row."""
        self._uids.append(uid)
        self._requests.extend((journey, parent, stream, attribute_row, Outcome.UNDER_WAY, 0))
        self._request_times.extend((at_s, _NOT_YET))
        return len(self._uids) - 1

    def request_ended(self, row: int, at_s: float, outcome: Outcome) -> None:
        """Record how a request's own walk has ended."""
        self._request_times[2 * row + 1] = at_s
        self._requests[_REQUEST_COLUMNS * row + _OUTCOME] = outcome

    def attempt_began(self, row: int) -> None:
        """Count an attempt, unless its request has ended already."""
        place = _REQUEST_COLUMNS * row
        if self._requests[place + _OUTCOME] == Outcome.UNDER_WAY:
            self._requests[place + _ATTEMPTS] += 1

    def visit_foreseen(
        self, walk: Walk, member: int, at_s: float, start_s: float, end_s: float, work_s: float
    ) -> None:
        """Record an arrival of which it is known when its service begins and ends."""
        if end_s < self._until_s:
            self.totals[member].foresee(at_s, start_s, end_s, work_s)
            outcome = Outcome.DONE
        else:
            self.totals[member].foresee_unfinished(at_s, start_s, self._until_s)
            start_s = start_s if start_s < self._until_s else _NOT_YET
            end_s, outcome = _NOT_YET, Outcome.UNDER_WAY
        if self._keep_visits:
            self._visits.extend(
                (walk.request.row, member, walk.at, walk.leg, walk.attempt, outcome)
            )
            self._visit_times.extend((at_s, start_s, end_s, work_s))

    def visit_arrived(self, walk: Walk, member: int, at_s: float, work_s: float) -> int:
        """Record an arrival and return the visit's row, or NONE if visits are not kept."""
        if not self._keep_visits:
            return NONE
        outcome = Outcome.UNDER_WAY
        self._visits.extend((walk.request.row, member, walk.at, walk.leg, walk.attempt, outcome))
        self._visit_times.extend((at_s, _NOT_YET, _NOT_YET, work_s))
        return len(self._visit_times) // _VISIT_TIMES - 1

    def visit_began(self, row: int, at_s: float) -> None:
        """Record when the service begins for the first time."""
        if row != NONE:
            self._visit_times[_VISIT_TIMES * row + _STARTED] = at_s

    def visit_left(self, row: int, at_s: float, outcome: Outcome) -> None:
        """Record when a visit has left the member, and why."""
        if row != NONE:
            self._visit_times[_VISIT_TIMES * row + _DONE] = at_s
            self._visits[_VISIT_COLUMNS * row + _VISIT_OUTCOME] = outcome

    def close(
        self,
        *,
        seed: int,
        replication: int,
        hits: Sequence[int],
        misses: Sequence[int],
        copies: Sequence[tuple[float, int, int]],
    ) -> SimulatedRun:
        """Return the run, which ends now; `copies` are rows of `runs.CopiesInUse`."""
        return SimulatedRun(
            program=self._program,
            seed=seed,
            replication=replication,
            until_s=self._until_s,
            requests=self._request_table(),
            visits=self._visit_table() if self._keep_visits else None,
            members=self._member_table(),
            hits=np.array(hits, np.int64),
            misses=np.array(misses, np.int64),
            copies_in_use=self._copies_table(copies),
        )

    def _request_table(self) -> Requests:
        journey, parent, stream, row, outcome, attempts = _columns(self._requests, _REQUEST_COLUMNS)
        arrived_s, done_s = _columns(self._request_times, 2)
        columns = {
            "uid": self._uids, "journey": journey, "parent": parent, "stream": stream, "row": row,
            "arrived_s": arrived_s, "done_s": done_s, "outcome": outcome, "attempts": attempts,
        }  # fmt: skip
        return Requests(
            **{name: np.array(columns[name], kind) for name, kind in REQUEST_TYPES.items()}
        )

    def _visit_table(self) -> Visits:
        request, member, step, leg, attempt, outcome = _columns(self._visits, _VISIT_COLUMNS)
        arrived_s, started_s, done_s, work_s = _columns(self._visit_times, _VISIT_TIMES)
        return Visits(
            request=request,
            member=member,
            step=step,
            leg=leg,
            attempt=attempt,
            outcome=outcome,
            arrived_s=arrived_s,
            started_s=started_s,
            done_s=done_s,
            work_s=work_s,
        )

    def _copies_table(self, copies: Sequence[tuple[float, int, int]]) -> CopiesInUse:
        at_s, station, count = zip(*copies, strict=True) if copies else ((), (), ())
        return copies_in_use_of(
            np.array(at_s, np.float64),
            np.array(station, np.int64),
            np.array(count, np.int64),
            until_s=self._until_s,
        )

    def _member_table(self) -> Members:
        columns: dict[str, Any] = {
            column.name: np.array(
                [getattr(totals, column.name) for totals in self.totals],
                np.float64 if column.name.endswith("_s") else np.int64,
            )
            for column in fields(Members)
        }
        return Members(**columns)


def _columns(rows: array[Any], width: int) -> list[NDArray[Any]]:
    """Return the columns of a table that was written row by row."""
    table = np.array(rows).reshape(-1, width)
    return [np.ascontiguousarray(table[:, column]) for column in range(width)]
