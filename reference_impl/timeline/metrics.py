"""What the timeline service counts about itself."""

from __future__ import annotations

from prometheus_client import Counter

PAGES = Counter(
    "feedtwin_newsfeed_pages",
    "Newsfeed pages answered, by where their posts were found: timeline, built or pull.",
    ("source",),
)
FORGOTTEN = Counter(
    "feedtwin_timeline_forgotten",
    "Lists, and sets of merged authors, forgotten as a post could not be put in: to be built anew.",
    ("reason",),
)
PAGES_WITHOUT_STORE = Counter(
    "feedtwin_newsfeed_pages_without_store",
    "Newsfeed pages that came by pull since the timeline store was away or full.",
)
