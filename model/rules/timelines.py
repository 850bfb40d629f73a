"""How a page of the newsfeed is put together, and how a fan-out is cut into chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from heapq import merge
from itertools import groupby, islice

TIMELINE_CAP = 800  # posts kept per timeline: Twitter 2013, Mastodon
FANOUT_CHUNK_MAX = 1_000  # followers per server-side call: a longer one blocks its shard
MERGE_AUTHORS_MAX = 10_000  # with more, knowing whose posts are merged costs more than asking all
MERGE_AUTHORS_FRESH_S = 1.0  # for which a process remembers whose posts are merged
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


def halvings_of(followee_count: int, full_feed_followees_max: int) -> int:
    """Return how often a reader's share of posts is halved: 0 for a full feed.

    Who follows up to `full_feed_followees_max` (0: any number) gets every post; who follows up
    to twice as many every second, and so on, so that what is written for one reader in a day is
    bounded however many they follow (the "lossy timelines" of Bluesky, jazco.dev 2025-02-19).

    >>> [halvings_of(count, 2_000) for count in (2_000, 2_001, 4_001)]
    [0, 1, 2]
    """
    if full_feed_followees_max == 0 or followee_count <= full_feed_followees_max:
        return 0
    return (-(-followee_count // full_feed_followees_max) - 1).bit_length()


def halvings_survived(post_id: int, reader_id: int) -> int:
    """Return how many halvings a post survives for a reader; each halves the survivors.

    >>> sum(halvings_survived(post, 7) >= 2 for post in range(4_000)) // 100
    9
    """
    digest = blake2b(post_id.to_bytes(8) + reader_id.to_bytes(8), digest_size=4).digest()
    luck = int.from_bytes(digest)
    return 32 - luck.bit_length()
