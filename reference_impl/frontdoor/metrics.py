"""What the front door counts besides its answers."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

RELAYED = Counter(
    "feedtwin_relayed", "Requests answered by an instance, by its box and zone.", ("box", "zone")
)
MOVED_ON = Counter(
    "feedtwin_moved_on", "Requests that an instance failed and another was asked.", ("box", "zone")
)
READY = Gauge("feedtwin_ready_instances", "Instances that are ready, by box.", ("box",))
