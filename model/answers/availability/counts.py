"""How many of equal things are down, over time: followed event by event, or exactly on average."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.answers.availability.components import ALL_CREWS, Members

Floats = NDArray[np.float64]
Uniform = Callable[[], float]  # the next number in (0, 1) of a stream

FAILURES_MAX = 2_000  # followed per pool and repetition; see `followed`
_NEVER = 1e-18  # share of time below which so many down are left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """By how many are down: the share of time, and how often a second one more fails meanwhile."""

    time_share: Floats
    failures_per_s: Floats

    @property
    def levels(self) -> NDArray[np.int64]:
        """The numbers down: 0, 1, 2, ..."""
        return np.arange(len(self.time_share))


def steady(members: Members) -> Counted:
    """Return the steady state of machines that so many crews repair; exact to rounding.

    Source: D. Gross et al., *Fundamentals of Queueing Theory*, 4th ed. (2008), sec. 2.8
    (finite-source queues).
    """
    down = np.arange(members.count)
    fails = np.log((members.count - down) * members.fails_alone_per_s)
    repairs = np.log(np.minimum(down + 1, _crews(members)) / members.repair_s)
    logarithms = np.concatenate(([0.0], np.cumsum(fails - repairs)))
    shares = np.exp(logarithms - logarithms.max())
    shares = shares[: int(np.flatnonzero(shares > _NEVER)[-1]) + 1]
    shares /= shares.sum()
    up = members.count - np.arange(len(shares))
    return Counted(time_share=shares, failures_per_s=shares * up * members.fails_alone_per_s)


def followed(members: Members, span_s: float, uniform: Uniform) -> Counted:
    """Follow the number that are down for `span_s` seconds, from a steady state on.

    Of what fails very often, FAILURES_MAX failures are followed and stand for the whole time:
    thousands of instances have hundreds of failures a day, and nobody need see all of them to
    know how many are down together.
    """
    down = _begins(members, uniform)
    passed_s, failures, crews = 0.0, 0, _crews(members)
    times_s, failed = [0.0] * (members.count + 1), [0] * (members.count + 1)
    while passed_s < span_s and failures < FAILURES_MAX:
        fails_per_s = (members.count - down) * members.fails_alone_per_s
        change_per_s = fails_per_s + min(down, crews) / members.repair_s
        stay_s = min(-math.log(uniform()) / change_per_s, span_s - passed_s)
        times_s[down] += stay_s
        passed_s += stay_s
        if passed_s < span_s:
            fails = uniform() * change_per_s < fails_per_s
            failed[down] += fails
            failures += fails
            down += 1 if fails else -1
    seen = max(down for down, time_s in enumerate(times_s) if time_s > 0) + 1
    return Counted(
        time_share=np.asarray(times_s[:seen]) / passed_s,
        failures_per_s=np.asarray(failed[:seen]) / passed_s,
    )


def _begins(members: Members, uniform: Uniform) -> int:
    """Draw how many are down to begin with."""
    shares = np.cumsum(steady(members).time_share)
    return min(int(np.searchsorted(shares, uniform())), len(shares) - 1)


def _crews(members: Members) -> int:
    return members.count if members.crews == ALL_CREWS else members.crews
