"""How a page of the newsfeed is put together, and how a fan-out is cut into chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import merge
from itertools import groupby, islice

TIMELINE_CAP = 800  # posts kept per timeline: Twitter 2013, Mastodon
FANOUT_CHUNK_MAX = 1_000  # followers per server-side call: a longer one blocks its shard
PAGE_LIMIT_DEFAULT = 20
PAGE_LIMIT_MAX = 100


def newsfeed_page(
    timeline: Sequence[int],
    influencer_posts: Iterable[Sequence[int]],
    *,
    before: int | None,
    limit: int,
) -> list[int]:
    """Merge newest-first sources into one newest-first page of at most `limit` post ids.

    `before` is the last id scanned for the page above, or None for the first page.  A post
    that reached the reader both ways (its author crossed the threshold in between) is shown
    once.

    >>> newsfeed_page([9, 5, 2], [[8, 5], [7]], before=9, limit=3)
    [8, 7, 5]
    """
    newest_first = merge(timeline, *influencer_posts, reverse=True)
    older = (post for post in newest_first if before is None or post < before)
    return list(islice((post for post, _ in groupby(older)), limit))


def fanout_chunks(
    followers: Iterable[int], server_of: Callable[[int], int]
) -> Iterator[tuple[int, list[int]]]:
    """Yield (server, at most 1,000 followers it owns) until every follower is in one chunk.

    >>> list(fanout_chunks([1, 2, 3], lambda follower: follower % 2))
    [(0, [2]), (1, [1, 3])]
    """
    followers_of_server: dict[int, list[int]] = {}
    for follower in followers:
        followers_of_server.setdefault(server_of(follower), []).append(follower)
    for server in sorted(followers_of_server):
        owned = followers_of_server[server]
        for start in range(0, len(owned), FANOUT_CHUNK_MAX):
            yield server, owned[start : start + FANOUT_CHUNK_MAX]
