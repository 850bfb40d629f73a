"""What sums of costs do not see: one post by somebody with many followers is a burst."""

from __future__ import annotations

from dataclasses import dataclass

from model.answers.push_pull.edges import Edges

FRESH_S = 5.0  # Twitter's aim (Krikorian, "Timelines at Scale", noted by High Scalability, 2013)


@dataclass(frozen=True, slots=True, kw_only=True)
class Few:
    """Those with many followers, of all: few accounts cause many of the copies."""

    accounts_share: float
    copies_share: float


def few_with(edges: Edges, followers_min: int) -> Few:
    """Return which part of the accounts has so many followers, and which of all copies they cause.

    Copies are those of pushing everything to everybody.  Raises ValueError if there are none.
    """
    copies = edges.posts_per_day * edges.follower_counts
    if not copies.sum():
        raise ValueError("posts_per_day: nobody who is followed posts")
    many = edges.follower_counts >= followers_min
    return Few(
        accounts_share=float(many.mean()), copies_share=float(copies[many].sum() / copies.sum())
    )


def fanout_s(followers: float, *, copies_per_s: float, busy_share: float = 0.0) -> float:
    """Return for how long a post is on its way to its last follower, in seconds.

    `copies_per_s` is what one post gets of an idle fleet, of which `busy_share` is at work for
    other posts; infinite if that is all of it.
    """
    _refuse_impossible(copies_per_s, busy_share)
    free_per_s = copies_per_s * (1 - busy_share)
    return followers / free_per_s if free_per_s else float("inf")


def followers_fresh_max(
    copies_per_s: float, *, fresh_s: float = FRESH_S, busy_share: float = 0.0
) -> float:
    """Return how many followers a post reaches within `fresh_s`: a threshold by time alone.

    Take the lower of this and the one that is cheapest.
    """
    _refuse_impossible(copies_per_s, busy_share)
    if fresh_s <= 0:
        raise ValueError(f"fresh_s must be above 0, got {fresh_s}")
    return copies_per_s * (1 - busy_share) * fresh_s


def _refuse_impossible(copies_per_s: float, busy_share: float) -> None:
    if not 0 < copies_per_s < float("inf"):
        raise ValueError(f"copies_per_s must be above 0 and finite, got {copies_per_s}")
    if not 0 <= busy_share <= 1:
        raise ValueError(f"busy_share must be in 0..1, got {busy_share}")
