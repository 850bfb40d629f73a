"""How busy stations are in a part of a run, such as while something happens: its visits tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model.answers.legs import visits_kept
from model.answers.utilisation import busiest_of_stations, in_world, left_out, of_stations
from model.engine.codes import Outcome
from model.engine.runs import SimulatedRun, Visits
from model.world.slices import Slice

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """How busy stations are, by name, as `utilisation` says."""

    of_all: Mapping[str, float]  # of all the servers of each
    of_busiest: Mapping[str, float]  # of its busiest member


def busy_between(run: SimulatedRun, cut: Slice, *, since_s: float, until_s: float) -> Busy:
    """Return how busy stations of the world were in [since_s, until_s), which is not empty.

    What was begun, broken off by a crash and begun again counts as if it had never been broken off.
    Raises ValueError if the run kept no visits.
    """
    part, span_s = _as_if_begun(run, since_s, until_s), until_s - since_s
    of_all = in_world(of_stations(part, span_s), part, cut)
    of_busiest = busiest_of_stations(part, span_s)
    told = [name for name in of_all if name not in left_out(of_all, cut)]
    return Busy(
        of_all={name: of_all[name] for name in told},
        of_busiest={name: of_busiest[name] for name in told},
    )


def _as_if_begun(run: SimulatedRun, since_s: float, until_s: float) -> SimulatedRun:
    """Return the run as one from `since_s` on, of which only how busy all was is that of the part.

    Its other totals stay those of the whole run.
    """
    had_s, worked_s = _taken_s(visits_kept(run), run.until_s, since_s, until_s)
    members = replace(
        run.members,
        busy_s=_by_member(run, had_s),
        worked_s=_by_member(run, worked_s),
    )
    in_use = replace(run.copies_in_use, at_s=run.copies_in_use.at_s - since_s)
    return replace(run, members=members, copies_in_use=in_use)


def _by_member(run: SimulatedRun, each_s: Floats) -> Floats:
    member, members = visits_kept(run).member, len(run.members.busy_s)
    return np.bincount(member, each_s, minlength=members).astype(np.float64)


def _taken_s(visits: Visits, end_s: float, since_s: float, until_s: float) -> tuple[Floats, Floats]:
    """Return for how long each visit had a server within the part, and its work, if it was done.

    The work of a visit is spread evenly over the time for which it had a server.
    """
    left_s = np.where(np.isnan(visits.done_s), end_s, visits.done_s)
    began_s = np.where(np.isnan(visits.started_s), left_s, visits.started_s)
    inside_s = np.clip(left_s, since_s, until_s) - np.clip(began_s, since_s, until_s)
    whole_s = np.where(left_s > began_s, left_s - began_s, 1.0)
    is_done = visits.outcome == Outcome.DONE
    return inside_s, np.where(is_done, visits.work_s * inside_s / whole_s, 0.0)
