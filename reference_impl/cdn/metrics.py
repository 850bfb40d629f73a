"""What an edge counts about itself; the share of hits is hit / (all but error)."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

REQUESTS = Counter(
    "feedtwin_edge_requests",
    "Requests by outcome: hit, miss, stale, revalidated, pass (not to be kept) or error.",
    ("outcome",),
)
ANSWERED_BYTES = Counter(
    "feedtwin_edge_answered_bytes",
    "Bytes of content answered, by source: cache, or origin where it was asked for all of it.",
    ("source",),
)
FETCHED_BYTES = Counter("feedtwin_edge_fetched_bytes", "Bytes of content that origins sent.")
CACHE_BYTES = Gauge("feedtwin_edge_cache_bytes", "Bytes of the files kept.")
CACHE_ENTRIES = Gauge("feedtwin_edge_cache_entries", "Answers kept.")
EVICTIONS = Counter("feedtwin_edge_evictions", "Answers that had to go for others.")
