"""Who reads, and what a timeline must be like to serve them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from model.rules.policy import FeedPolicy, Strategy
from model.rules.timelines import halvings_of, halvings_survived
from reference_impl.timeline.lists import OUTDATED_S
from reference_impl.timeline.questions import Followees
from reference_impl.timeline.timelines import Timeline


class Need(Enum):
    """What must happen to a timeline before it serves its reader."""

    BUILD = "build"  # it is not there, or not all of it
    REBUILD = "rebuild"  # it holds a smaller share of posts than the reader gets, or is outdated
    COVER = "cover"  # it lacks posts of those whom the reader has followed since
    NEW_EDGES = "new edges"  # it serves, but whose posts the reader gathers was chosen long ago


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One reader at one moment."""

    user_id: int
    followees: Followees
    policy: FeedPolicy

    @property
    def authors(self) -> frozenset[int]:
        """Whose posts the newsfeed shows: the followees' and the reader's own."""
        return self.followees.ids | {self.user_id}

    @property
    def halvings(self) -> int:
        """How often the reader's share of others' posts is halved."""
        return halvings_of(len(self.followees.ids), self.policy.full_feed_followees_max)

    @property
    def idle_s(self) -> float | None:
        """How long what the reader has read is kept; None: for good."""
        return idle_s_of(self.policy)

    def gets(self, post_id: int, author_id: int) -> bool:
        """Say whether the newsfeed shows the post."""
        if author_id == self.user_id:
            return True
        if author_id not in self.followees.ids:
            return False
        return self.halvings == 0 or halvings_survived(post_id, self.user_id) >= self.halvings

    def need_of(self, timeline: Timeline) -> Need | None:
        """Say what must happen to the timeline first; None if nothing must."""
        if not timeline.is_built:
            return Need.BUILD
        if timeline.halvings > self.halvings or timeline.age_s > OUTDATED_S:
            return Need.REBUILD
        if timeline.seq < self.followees.seq or timeline.halvings < self.halvings:
            return Need.COVER
        if self.policy.strategy is Strategy.PER_EDGE:
            age_s = timeline.edges_age_s
            return Need.NEW_EDGES if age_s is None or age_s > self.policy.edges_fresh_s else None
        return None

    def is_served_by(self, timeline: Timeline) -> bool:
        """Say whether the timeline holds all that it should for this reader."""
        return self.need_of(timeline) in (None, Need.NEW_EDGES)


def idle_s_of(policy: FeedPolicy) -> float | None:
    """Return how long a list that nobody reads is kept; None: for good."""
    return policy.inactive_after_s if policy.forgets_the_inactive else None
