"""Where timelines and pairs of followers lie, and so how many servers are asked about one."""

from __future__ import annotations

from dataclasses import dataclass

from model.world.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The two choices that a scenario has, and the servers that there are."""

    by_post: bool  # a timeline has a part on every server, and an entry lies with its post
    is_mirrored: bool  # a follow is written by its target too: one server knows all followers
    timeline_servers: int
    user_servers: int

    @property
    def delivery_servers(self) -> int:
        """Over how many servers the timelines of those who get a post are spread."""
        return 1 if self.by_post else self.timeline_servers

    @property
    def follower_servers(self) -> int:
        """Over how many servers the followers of one user are spread."""
        return 1 if self.is_mirrored else self.user_servers


def layout_of(scenario: Scenario) -> Layout:
    """Return the layout of a scenario's fleet."""
    return Layout(
        by_post=scenario.policy.timelines_by == "post",
        is_mirrored=scenario.policy.follows_kept == "both",
        timeline_servers=scenario.fleet.timeline_store.shards,
        user_servers=scenario.fleet.user_store.shards,
    )
