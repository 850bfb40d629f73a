"""A FollowStore of plain dicts, held to the same contract tests as the one on PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass, field

from reference_impl.chassis.errors import Conflict
from reference_impl.follow.service import FOLLOWEES_MAX, Change


@dataclass(slots=True)
class MemoryFollowStore:
    """Both directions in one process; `published` holds what would have left as events."""

    published: list[Change] = field(default_factory=list)
    _forward: dict[tuple[int, int], Change] = field(default_factory=dict)
    _reverse: dict[tuple[int, int], Change] = field(default_factory=dict)
    _counts: dict[int, int] = field(default_factory=dict)

    async def change(self, follower_id: int, target_id: int, *, following: bool) -> Change | None:
        """See FollowStore."""
        before = self._forward.get((follower_id, target_id))
        if following == (before is not None and before.following):
            return None
        if following and len(await self.followees(follower_id)) >= FOLLOWEES_MAX:
            raise Conflict(f"at most {FOLLOWEES_MAX} can be followed by one user")
        change = Change(
            follower_id=follower_id,
            target_id=target_id,
            following=following,
            version=before.version + 1 if before else 1,
        )
        self._forward[follower_id, target_id] = change
        self.published.append(change)
        return change

    async def reflect(self, change: Change) -> None:
        """See FollowStore."""
        pair = (change.target_id, change.follower_id)
        before = self._reverse.get(pair)
        if before is not None and before.version >= change.version:
            return
        self._reverse[pair] = change
        delta = change.following - (before is not None and before.following)
        self._counts[change.target_id] = self._counts.get(change.target_id, 0) + delta

    async def followees(self, follower_id: int) -> list[int]:
        """See FollowStore."""
        pairs = self._forward.values()
        return [
            pair.target_id for pair in pairs if pair.following and pair.follower_id == follower_id
        ]

    async def followers(self, target_id: int, *, after: int, limit: int) -> list[int]:
        """See FollowStore."""
        pairs = self._reverse.values()
        ids = [pair.follower_id for pair in pairs if pair.following and pair.target_id == target_id]
        return sorted(follower for follower in ids if follower > after)[:limit]

    async def follower_count(self, target_id: int) -> int:
        """See FollowStore."""
        return self._counts.get(target_id, 0)
