"""What is left to do of a post by somebody with many followers: one entry of a bulk stream.

An entry stands for one chunk.  Where that ends is not known before, so the entry of the next
chunk is made when this one is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace

from model.rules.fanouts import ShardRange
from model.rules.influencers import Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far a chunk, or all of them so far, have brought a post."""

    followers: int = 0  # whom it was brought to, whether or not they had a timeline
    delivered: int = 0  # timelines that it now is in, the author's included
    skipped: int = 0  # which had none, or do not get posts of this author
    calls: int = 0  # of timeline servers
    cpu_ns: int = 0  # of the workers

    def __add__(self, other: Reach) -> Reach:
        return Reach(
            followers=self.followers + other.followers,
            delivered=self.delivered + other.delivered,
            skipped=self.skipped + other.skipped,
            calls=self.calls + other.calls,
            cpu_ns=self.cpu_ns + other.cpu_ns,
        )

    def __str__(self) -> str:
        return " ".join(str(count) for count in astuple(self))

    @classmethod
    def read(cls, text: bytes) -> Reach:
        """Read what `str` wrote; raises ValueError if it is something else."""
        followers, delivered, skipped, calls, cpu_ns = (int(count) for count in text.split())
        return cls(
            followers=followers, delivered=delivered, skipped=skipped, calls=calls, cpu_ns=cpu_ns
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One range of an author's followers, to whom a post is still to be brought."""

    post_id: int
    author_id: int
    is_edge: bool
    followers: int  # that the author had; says how urgent the post is
    created_s: float  # Unix times at which the event was written and its fan-out begun
    begun_s: float
    ranges: int  # into which the followers were cut
    shards: ShardRange
    after: int = 0  # the last follower reached, in the order of shard, then id
    reached: Reach = Reach()  # by the chunks of this range before this one

    def continued(self, after: int, reach: Reach) -> Job:
        """Return what is left when a chunk has ended with the follower `after`."""
        return replace(self, after=after, reached=self.reached + reach)

    def to_fields(self) -> dict[str, str]:
        """Return the fields of the entry."""
        return {
            "post_id": str(self.post_id),
            "author_id": str(self.author_id),
            "edge": str(int(self.is_edge)),
            "followers": str(self.followers),
            "created": repr(self.created_s),
            "begun": repr(self.begun_s),
            "ranges": str(self.ranges),
            "shards": str(self.shards),
            "after": str(self.after),
            "reached": str(self.reached),
        }

    @classmethod
    def from_fields(cls, said: Mapping[bytes, bytes]) -> Job:
        """Read what `to_fields` wrote; raises KeyError or ValueError if it is something else."""
        return cls(
            post_id=int(said[b"post_id"]),
            author_id=int(said[b"author_id"]),
            is_edge=said[b"edge"] == b"1",
            followers=int(said[b"followers"]),
            created_s=float(said[b"created"]),
            begun_s=float(said[b"begun"]),
            ranges=int(said[b"ranges"]),
            shards=ShardRange.read(said[b"shards"].decode()),
            after=int(said[b"after"]),
            reached=Reach.read(said[b"reached"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Purge:
    """A deleted post, still to be taken out of the timelines that it was delivered to."""

    post_id: int
    author_id: int
    delivery: Delivery
    after: int = 0  # the last follower seen to

    def to_fields(self) -> dict[str, str]:
        """Return the fields of the entry."""
        return {
            "post_id": str(self.post_id),
            "author_id": str(self.author_id),
            "delivery": self.delivery.value,
            "after": str(self.after),
        }

    @classmethod
    def from_fields(cls, said: Mapping[bytes, bytes]) -> Purge:
        """Read what `to_fields` wrote; raises KeyError or ValueError if it is something else."""
        return cls(
            post_id=int(said[b"post_id"]),
            author_id=int(said[b"author_id"]),
            delivery=Delivery(said[b"delivery"].decode()),
            after=int(said[b"after"]),
        )
