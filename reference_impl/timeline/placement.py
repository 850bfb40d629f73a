"""On which servers a timeline lies: whole on one by its user, or spread over all by its posts."""

from __future__ import annotations

from dataclasses import dataclass

from model.rules.sharding import ShardTable


@dataclass(frozen=True, slots=True)
class Placement:
    """Where entries of timelines are."""

    table: ShardTable
    server_count: int
    by: str  # "user": all entries of one; "post": each entry of each

    def __post_init__(self) -> None:
        """Refuse a layout that there is not."""
        if self.by not in ("user", "post"):
            raise ValueError(f"timelines lie by user or by post, not by {self.by!r}")

    def server_of(self, post_id: int, user_id: int) -> int:
        """Return the server of this post's entry in this user's timeline."""
        return self.table.server_of_id(user_id if self.by == "user" else post_id)

    def servers_of(self, user_id: int) -> list[int]:
        """Return the servers that hold a part of the user's timeline."""
        if self.by == "user":
            return [self.table.server_of_id(user_id)]
        return list(range(self.server_count))

    def part_cap(self, cap: int) -> int:
        """Return how many posts one part keeps, of a timeline that keeps `cap`."""
        return cap if self.by == "user" else -(-cap // self.server_count)
