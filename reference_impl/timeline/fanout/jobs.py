"""What is left to do of a post: one entry of a bulk stream, or of those that wait for a server.

An entry stands for one chunk.  Where that ends is not known before, so the entry of the next
chunk is made when this one is done.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from enum import StrEnum

from model.rules.fanouts import ALL_SHARDS, ShardRange
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


class Part(StrEnum):
    """To whom a post is brought."""

    READERS = "readers"  # the followers of a range of shards
    OWN = "own"  # the author
    KEPT = "kept"  # whoever gathers the author's posts


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One part of those to whom a post is still to be brought, mostly a range of followers.

    When its last chunk is done, one part of `ranges` of the fan-out is; a job that is cut into n
    is done when n are that say n times as many.
    """

    post_id: int
    author_id: int
    is_edge: bool
    followers: int  # that the author had; says how urgent the post is
    created_s: float  # Unix times at which the event was written and its fan-out begun
    begun_s: float
    ranges: int  # as many parts as this one would make up the fan-out
    shards: ShardRange = ALL_SHARDS
    part: Part = Part.READERS
    after: int = 0  # the last follower reached, in the order of shard, then id
    reached: Reach = Reach()  # by the chunks of this range before this one

    def continued(self, after: int, reach: Reach) -> Job:
        """Return what is left when a chunk has ended with the follower `after`."""
        return replace(self, after=after, reached=self.reached + reach)

    def cut(self, parts: Sequence[ShardRange]) -> list[Job]:
        """Return a job for each of these parts of what is left of the range, in order.

        The first is charged with what has been reached.
        """
        return [
            replace(
                self,
                shards=part,
                ranges=self.ranges * len(parts),
                after=0 if number else self.after,
                reached=Reach() if number else self.reached,
            )
            for number, part in enumerate(parts)
        ]

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
            "part": self.part.value,
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
            part=Part(said[b"part"].decode()),
            after=int(said[b"after"]),
            reached=Reach.read(said[b"reached"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Purge:
    """A deleted post, still to be taken out of the timelines that it was delivered to.

    It concerns one server `only`, or all `without` some, for which others wait.
    """

    post_id: int
    author_id: int
    delivery: Delivery
    after: int = 0  # the last follower seen to
    only: int | None = None
    without: frozenset[int] = frozenset()

    def concerns(self, server: int) -> bool:
        """Whether it is to be taken out of what lies on this server."""
        return server == self.only if self.only is not None else server not in self.without

    def waiting_for(self, server: int) -> Purge:
        """Return what is left to do on a server that is away."""
        return replace(self, only=server, without=frozenset())

    def past(self, servers: Collection[int]) -> Purge:
        """Return what is left to do on all other servers."""
        return replace(self, without=self.without.union(servers))

    def to_fields(self) -> dict[str, str]:
        """Return the fields of the entry."""
        return {
            "post_id": str(self.post_id),
            "author_id": str(self.author_id),
            "delivery": self.delivery.value,
            "after": str(self.after),
            "only": "" if self.only is None else str(self.only),
            "without": " ".join(str(server) for server in sorted(self.without)),
        }

    @classmethod
    def from_fields(cls, said: Mapping[bytes, bytes]) -> Purge:
        """Read what `to_fields` wrote; raises KeyError or ValueError if it is something else."""
        return cls(
            post_id=int(said[b"post_id"]),
            author_id=int(said[b"author_id"]),
            delivery=Delivery(said[b"delivery"].decode()),
            after=int(said[b"after"]),
            only=int(said[b"only"]) if said[b"only"] else None,
            without=frozenset(int(server) for server in said[b"without"].split()),
        )
