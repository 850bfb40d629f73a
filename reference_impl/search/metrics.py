"""What a shard of the index counts."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

COMMITS = Counter("feedtwin_search_commits", "Times that changes were made to last in an index.")
USERS = Gauge("feedtwin_search_users", "Users that can be found in this shard.")
COMPLETE = Gauge("feedtwin_search_complete", "1 if all users of this shard can be found, else 0.")
REBUILDING = Gauge("feedtwin_search_rebuilding", "1 while another index is being filled, else 0.")
LAG_S = Gauge(
    "feedtwin_search_lag_seconds", "Age of the oldest event not yet in the index.", ("stream",)
)
AWAY = Counter("feedtwin_search_shards_away", "Questions that another shard did not answer.")
