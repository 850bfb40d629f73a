"""What a worker counts about itself."""

from __future__ import annotations

from bisect import bisect_left

from prometheus_client import Counter, Histogram

from reference_impl.timeline.fanout.jobs import Reach

SIZES = ("1k", "10k", "100k", "1m", "more")
SIZES_MAX = (1_000, 10_000, 100_000, 1_000_000)  # followers; the last size has more
BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)

LAG_S = Histogram(
    "feedtwin_fanout_lag_seconds",
    "From a post's event written to its last delivery, by followers of the author: up to so many.",
    ("followers",),
    buckets=BUCKETS_S,
)
CHUNKS = Counter("feedtwin_fanout_chunks", "Calls of timeline servers.")
DELIVERIES = Counter("feedtwin_fanout_deliveries", "Timelines that a post was put into.")
SKIPPED = Counter(
    "feedtwin_fanout_skipped",
    "Timelines that a post was not put into: not there, or not for this reader.",
)
LATE = Counter(
    "feedtwin_fanout_late", "Parts of deliveries and purges left to wait for a timeline server."
)


def count(reach: Reach) -> None:
    """Count what was done."""
    CHUNKS.inc(reach.calls)
    DELIVERIES.inc(reach.delivered)
    SKIPPED.inc(reach.skipped)


def count_lag(*, followers: int, seconds: float) -> None:
    """Count the lag of a post by an author with that many followers."""
    LAG_S.labels(SIZES[bisect_left(SIZES_MAX, followers)]).observe(max(0.0, seconds))
