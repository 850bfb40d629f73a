"""When a target is met: one verdict for latencies, whoever measured or simulated them."""

from __future__ import annotations

from enum import Enum


class Verdict(Enum):
    """What an interval allows one to say about a target."""

    PASS = "pass"  # noqa: S105 - the word of a verdict, not a password
    MISS = "miss"
    INCONCLUSIVE = "inconclusive"


def verdict_of(low_s: float, high_s: float, target_s: float) -> Verdict:
    """Judge a quantile known to lie in [low_s, high_s] against a target that it must stay under.

    >>> verdict_of(0.40, 0.49, 0.5).value, verdict_of(0.45, 0.55, 0.5).value
    ('pass', 'inconclusive')
    """
    if high_s < target_s:
        return Verdict.PASS
    if low_s >= target_s:
        return Verdict.MISS
    return Verdict.INCONCLUSIVE
