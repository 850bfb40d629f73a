"""When a target is met: one verdict for latencies, whoever measured or simulated them."""

from __future__ import annotations

from enum import Enum

P99_BEYOND_MAX = 0.01  # what "p99 under the target" says: less than this share takes longer


class Verdict(Enum):
    """What an interval allows one to say about a target."""

    PASS = "pass"  # noqa: S105 - the word of a verdict, not a password
    MISS = "miss"
    INCONCLUSIVE = "inconclusive"


def verdict_of(low: float, high: float, limit: float) -> Verdict:
    """Judge a number known to lie in [low, high] against a limit that it must stay under.

    For a p99 the number is the share of requests that take longer than the target.

    >>> verdict_of(0.000, 0.009, P99_BEYOND_MAX).value, verdict_of(0.002, 0.03, 0.01).value
    ('pass', 'inconclusive')
    """
    if high < limit:
        return Verdict.PASS
    if low >= limit:
        return Verdict.MISS
    return Verdict.INCONCLUSIVE
