"""Blocks: pairs of (who blocks, who is blocked), and what a store of them promises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from reference_impl.follow.pairs import Change, PairStore

BLOCKED_MAX = 10_000  # blocked by one user: they are counted whenever one more is


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A pair as it became; `version` counts the changes of this pair, from 1: odd ones block."""

    user_id: int
    target_id: int
    blocked: bool
    version: int


class BlockStore(Protocol):
    """Who blocks whom, and that nobody follows across a block.

    The server of the one who blocks has the truth, the server of the one who is blocked a mirror
    of it.  Each of the two ends the follow that it owns in the transaction in which it learns of
    the block, under the lock under which follows begin: so none can slip in between.
    """

    async def block(self, user_id: int, target_id: int) -> tuple[Block, list[Change]]:
        """Block the target, end the user's follow of it, and write the events of both.

        Returns the block as it now stands, also if it did before, and the follow ended, if any.
        Raises Conflict if more than BLOCKED_MAX would be blocked, NotFound if the user has
        departed.
        """

    async def unblock(self, user_id: int, target_id: int) -> Block | None:
        """Block the target no longer, and write the event of it.

        Returns the block as it now stands, also if it was lifted before; None if there never
        was one.
        """

    async def mirror_block(self, block: Block) -> list[Change]:
        """Bring the target's server up to the block, and end the target's follow of the user.

        Does nothing if that server knows this version or a newer one.  Returns the follow
        ended, if any.
        """

    async def hidden_among(self, user_id: int, ids: Sequence[int]) -> list[int]:
        """Return those of the ids who have blocked the user or are blocked by the user."""

    async def blocked_page(self, user_id: int, *, after: int, limit: int) -> list[int]:
        """Return the first `limit` ids above `after` whom the user has blocked, ascending."""

    async def blockers_page(self, user_id: int, *, after: int, limit: int) -> list[int]:
        """Return the first `limit` ids above `after` who have blocked the user, ascending."""


class FollowStore(PairStore, BlockStore, Protocol):
    """Who follows and who blocks whom."""
