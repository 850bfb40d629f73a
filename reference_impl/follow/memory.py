"""A FollowStore of plain dicts, held to the same contract tests as the one on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from model.rules.followers import followers_bucket
from reference_impl.chassis.errors import Conflict, Forbidden
from reference_impl.follow.blocks import BLOCKED_MAX, Block
from reference_impl.follow.pairs import (
    BATCH_MAX,
    EVERY_SHARD,
    FOLLOWEES_MAX,
    Backlog,
    Change,
    Followees,
    FollowerCount,
    place_before,
    place_of,
    unknown,
)

Pair = tuple[int, int]


@dataclass(slots=True)
class MemoryFollowStore:
    """Both directions in one process; what would have left as events is `published` and `told`."""

    published: list[Change | Block] = field(default_factory=list)
    told: list[tuple[int, FollowerCount]] = field(default_factory=list)  # of targets
    _forward: dict[Pair, Change] = field(default_factory=dict)  # by (follower, target)
    _reverse: dict[Pair, Change] = field(default_factory=dict)  # by (target, follower)
    _counts: dict[int, FollowerCount] = field(default_factory=dict)
    _seqs: dict[int, int] = field(default_factory=dict)  # of followers
    _seq_of: dict[Pair, int] = field(default_factory=dict)  # of their pairs
    _own_seqs: dict[int, int] = field(default_factory=dict)
    _reflected: dict[int, int] = field(default_factory=dict)
    _blocks: dict[Pair, Block] = field(default_factory=dict)  # by (who blocks, who is blocked)
    _mirrored: dict[Pair, Block] = field(default_factory=dict)  # by (who is blocked, who blocks)
    _departed: set[int] = field(default_factory=set)

    async def follow(self, follower_id: int, target_id: int) -> Change | None:
        """See PairStore."""
        if follower_id in self._departed:
            raise unknown(follower_id)
        if await self.hidden_among(follower_id, [target_id]):
            raise Forbidden("one of the two has blocked the other")
        before = self._forward.get((follower_id, target_id))
        if before is not None and before.following:
            return None
        if len(self._followees(follower_id)) >= FOLLOWEES_MAX:
            raise Conflict(f"at most {FOLLOWEES_MAX} can be followed by one user")
        return self._write(follower_id, target_id, following=True)

    async def end(self, pairs: Sequence[Pair]) -> list[Change]:
        """See PairStore."""
        return self._end(pairs)

    async def reflect(self, changes: Sequence[Change]) -> list[Change]:
        """See PairStore."""
        for change in changes:
            self._reflect(change)
        return [each for each in changes if each.following and each.target_id in self._departed]

    async def followees(self, follower_id: int) -> Followees:
        """See PairStore."""
        return Followees(ids=self._followees(follower_id), seq=self._seqs.get(follower_id, 0))

    async def followees_since(self, follower_id: int, seq: int) -> Followees:
        """See PairStore."""
        ids = self._followees(follower_id)
        changed = [target for target in ids if self._seq_of[follower_id, target] > seq]
        if self._own_seqs.get(follower_id, 0) > seq:
            changed.append(follower_id)
        return Followees(ids=changed, seq=self._seqs.get(follower_id, 0))

    async def look_for_own(self, follower_id: int) -> None:
        """See PairStore."""
        self._seqs[follower_id] = self._own_seqs[follower_id] = self._seqs.get(follower_id, 0) + 1

    async def backlog(self, follower_id: int) -> Backlog:
        """See PairStore."""
        known = self._reflected.get(follower_id, 0)
        seqs = sorted(
            (seq, pair)
            for pair, seq in self._seq_of.items()
            if pair[0] == follower_id and seq > known
        )[:BATCH_MAX]
        changes = [self._forward[pair] for _, pair in seqs]
        return Backlog(changes=changes, upto=seqs[-1][0] if seqs else 0)

    async def note_reflected(self, follower_id: int, upto: int) -> None:
        """See PairStore."""
        self._reflected[follower_id] = max(self._reflected.get(follower_id, 0), upto)

    async def followed_among(self, follower_id: int, ids: Sequence[int]) -> list[int]:
        """See PairStore."""
        return sorted(set(ids) & set(self._followees(follower_id)))

    async def followees_page(self, follower_id: int, *, after: int, limit: int) -> list[int]:
        """See PairStore."""
        return _page(self._followees(follower_id), after, limit)

    async def followers(
        self, target_id: int, *, after: int, limit: int, shards: range = EVERY_SHARD
    ) -> list[int]:
        """See PairStore."""
        first = place_before(after, shards)
        places = (
            place_of(follower)
            for (target, follower), change in self._reverse.items()
            if change.following and target == target_id
        )
        chosen = sorted(place for place in places if place > first and place[0] in shards)
        return [follower for _, follower in chosen[:limit]]

    async def follower_count(self, target_id: int) -> int:
        """See PairStore."""
        return self._counts[target_id].followers if target_id in self._counts else 0

    async def follower_counts(self, ids: Sequence[int]) -> dict[int, FollowerCount]:
        """See PairStore."""
        return {each: self._counts[each] for each in ids if each in self._counts}

    async def depart(self, user_id: int) -> None:
        """See PairStore."""
        self._departed.add(user_id)

    async def block(self, user_id: int, target_id: int) -> tuple[Block, list[Change]]:
        """See BlockStore."""
        before = self._blocks.get((user_id, target_id))
        if before is not None and before.blocked:
            return before, []
        if user_id in self._departed:
            raise unknown(user_id)
        if len(await self.blocked_page(user_id, after=0, limit=BLOCKED_MAX)) >= BLOCKED_MAX:
            raise Conflict(f"at most {BLOCKED_MAX} can be blocked by one user")
        block = self._write_block(user_id, target_id, blocked=True)
        return block, self._end([(user_id, target_id)])

    async def unblock(self, user_id: int, target_id: int) -> Block | None:
        """See BlockStore."""
        before = self._blocks.get((user_id, target_id))
        if before is None or not before.blocked:
            return before
        return self._write_block(user_id, target_id, blocked=False)

    async def mirror_block(self, block: Block) -> list[Change]:
        """See BlockStore."""
        pair = (block.target_id, block.user_id)
        known = self._mirrored[pair].version if pair in self._mirrored else 0
        if known >= block.version:
            return []
        self._mirrored[pair] = block
        if not block.blocked and known == block.version - 1:
            return []
        return self._end([pair])

    async def hidden_among(self, user_id: int, ids: Sequence[int]) -> list[int]:
        """See BlockStore."""
        blocks = [
            *(self._blocks.get((user_id, each)) for each in ids),
            *(self._mirrored.get((user_id, each)) for each in ids),
        ]
        others = ({block.user_id, block.target_id} for block in blocks if block and block.blocked)
        return sorted(set().union(*others) - {user_id})

    async def blocked_page(self, user_id: int, *, after: int, limit: int) -> list[int]:
        """See BlockStore."""
        return _page(_blocked(self._blocks, user_id), after, limit)

    async def blockers_page(self, user_id: int, *, after: int, limit: int) -> list[int]:
        """See BlockStore."""
        return _page(_blocked(self._mirrored, user_id), after, limit)

    def _followees(self, follower_id: int) -> list[int]:
        pairs = self._forward.values()
        return [
            pair.target_id for pair in pairs if pair.following and pair.follower_id == follower_id
        ]

    def _write(self, follower_id: int, target_id: int, *, following: bool) -> Change:
        pair = (follower_id, target_id)
        change = Change(
            follower_id=follower_id,
            target_id=target_id,
            following=following,
            version=self._forward[pair].version + 1 if pair in self._forward else 1,
        )
        self._forward[pair] = change
        self._seqs[follower_id] = self._seq_of[pair] = self._seqs.get(follower_id, 0) + 1
        self.published.append(change)
        return change

    def _write_block(self, user_id: int, target_id: int, *, blocked: bool) -> Block:
        before = self._blocks.get((user_id, target_id))
        version = before.version + 1 if before else 1
        block = Block(user_id=user_id, target_id=target_id, blocked=blocked, version=version)
        self._blocks[user_id, target_id] = block
        self.published.append(block)
        return block

    def _end(self, pairs: Iterable[Pair]) -> list[Change]:
        standing = (self._forward.get(pair) for pair in sorted(set(pairs)))
        return [
            self._write(*change.pair, following=False)
            for change in standing
            if change is not None and change.following
        ]

    def _reflect(self, change: Change) -> None:
        pair = (change.target_id, change.follower_id)
        before = self._reverse.get(pair)
        if before is not None and before.version >= change.version:
            return
        self._reverse[pair] = change
        if delta := change.following - (before is not None and before.following):
            self._count(change.target_id, delta)

    def _count(self, target_id: int, delta: int) -> None:
        before = self._counts.get(target_id, FollowerCount(followers=0, version=0))
        now = FollowerCount(followers=before.followers + delta, version=before.version + 1)
        self._counts[target_id] = now
        if followers_bucket(now.followers) != followers_bucket(before.followers):
            self.told.append((target_id, now))


def _blocked(blocks: dict[Pair, Block], first_id: int) -> list[int]:
    return [
        second for (first, second), block in blocks.items() if first == first_id and block.blocked
    ]


def _page(ids: Iterable[int], after: int, limit: int) -> list[int]:
    return sorted(each for each in ids if each > after)[:limit]
