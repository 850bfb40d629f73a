"""Availability on paper: series, parallel, k of n, repair crews, common causes, copies.

Exact unless the name or the sentence says about.  Where no other source is given: R. E. Barlow &
F. Proschan, *Statistical Theory of Reliability and Life Testing* (1975), ch. 2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from model.answers.availability.components import Members
from model.answers.availability.counts import steady
from model.answers.availability.outages import YEAR_S
from model.world.laws import refuse_unless


def availability(every_s: float, repair_s: float) -> float:
    """Return the share of time that one thing is up; any laws with these means."""
    refuse_unless(every_s > 0, "every_s must be positive", every_s)
    refuse_unless(repair_s >= 0, "repair_s must not be negative", repair_s)
    return every_s / (every_s + repair_s)


def series(parts: Sequence[float]) -> float:
    """Return the availability of what needs all of its independent parts.

    >>> round(series([0.9999, 0.99995, 0.9999, 0.9995]), 5)
    0.99925
    """
    return math.prod(map(_share, parts))


def parallel(parts: Sequence[float]) -> float:
    """Return the availability of what needs any one of its independent parts.

    >>> round(parallel([0.99, 0.99]), 6)
    0.9999
    """
    return 1 - math.prod(1 - _share(part) for part in parts)


def k_of_n(k: int, n: int, part: float) -> float:
    """Return the availability of what needs `k` of `n` equal, independent parts."""
    _share(part)
    refuse_unless(0 <= k <= n, "k must be in 0..n", k)
    return math.fsum(math.comb(n, up) * part**up * (1 - part) ** (n - up) for up in range(k, n + 1))


def k_of_members(k: int, members: Members) -> float:
    """Return the share of time that `k` of the members are up, repaired by as many crews as said.

    Failures of all at once included: independent of those of one.  Source as `counts.steady`.
    """
    refuse_unless(0 <= k <= members.count, "k must be in 0..count", k)
    alone = float(steady(members).time_share[: members.count - k + 1].sum())
    if k == 0 or not members.common_share:
        return alone
    return alone * availability(members.every_s / members.common_share, members.repair_s)


def common_cause_of_two(unavailable: float, common_share: float) -> float:
    """Return about the availability of two in parallel that fail together now and then.

    Source: beta-factor model, K. N. Fleming, General Atomic GA-A13284 (1975).

    >>> round(common_cause_of_two(0.01, 0.1), 5)
    0.99891
    """
    _share(unavailable)
    _share(common_share)
    return 1 - (1 - common_share) * unavailable**2 - common_share * unavailable


def after_outages(per_year: float, lasting_s: float, failing_share: float = 1.0) -> float:
    """Return the share of requests answered with so many outages a year.

    `failing_share` of the requests fail meanwhile.

    >>> round(after_outages(4, 30, 1 / 3), 7), round(after_outages(10, 300), 5)
    (0.9999987, 0.9999)
    """
    refuse_unless(per_year >= 0, "per_year must not be negative", per_year)
    refuse_unless(lasting_s >= 0, "lasting_s must not be negative", lasting_s)
    return 1 - per_year * lasting_s / YEAR_S * _share(failing_share)


def shard_readable(copies: Members) -> float:
    """Return the share of time that a copy of a shard is up; as `k_of_members`."""
    return k_of_members(1, copies)


def shard_writable(copies: Members, failover_s: float, acks: int = 1) -> float:
    """Return about the share of time that a shard takes writes.

    Not while fewer than `acks` copies are up, nor for `failover_s` after the loss of the copy
    that takes the writes while there is another, unless it is repaired before.  Renewal reward
    (S. M. Ross, *Stochastic Processes*, 2nd ed. 1996, sec. 3.6); only that two failovers may
    overlap is left out.
    """
    refuse_unless(failover_s >= 0, "failover_s must not be negative", failover_s)
    down = steady(copies)
    two_up = float(down.time_share[: max(0, copies.count - 1)].sum())
    moving_s = -copies.repair_s * float(np.expm1(-failover_s / copies.repair_s))
    return k_of_members(acks, copies) - two_up * copies.fails_alone_per_s * moving_s


def headroom(zones: int, busy_after: float) -> float:
    """Return how busy each zone may be for the others to be `busy_after` without one.

    >>> round(headroom(3, 0.8), 3)
    0.533
    """
    refuse_unless(zones >= 1, "zones must be at least 1", zones)
    return (zones - 1) / zones * _share(busy_after)


def _share(value: float) -> float:
    refuse_unless(0 <= value <= 1, "must be a share between 0 and 1", value)
    return value
