"""What may be decided anew while the services run: how posts reach feeds, and for whom."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import Enum

DAY_S = 86_400.0
FRESH_S = 1.0  # a change is followed everywhere after this long
MERGED_LISTS_FRESH_S_MAX = 3_600.0  # a reader would take an older page for a broken one


class PolicyError(ValueError):
    """A policy that cannot mean anything; the message names the field and what it takes."""


class Strategy(Enum):
    """How the posts of an author reach the feeds of the followers."""

    PUSH = "push"  # every post into every timeline
    PULL = "pull"  # no post into any timeline but the author's: readers gather
    HYBRID = "hybrid"  # pushed, but for influencers, whose posts readers merge
    PER_EDGE = "per_edge"  # pushed to whom reads often beside how often the author posts
    PUSH_ACTIVE = "push_active"  # every post into the timeline of every follower who reads


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPolicy:
    """The policy that post, fan-out and timeline services follow, whichever it is by now."""

    strategy: Strategy = Strategy.HYBRID
    influencer_followers_min: int = 10_000  # merged from here on (hybrid)
    influencer_exit_share: float = 0.8  # an influencer is one until below this share of it
    inactive_after_s: float = 30 * DAY_S  # whom nothing is written for (not under push); Twitter
    push_cost_over_pull_cost: float = 1.0  # H/L of Silberstein et al., SIGMOD 2010 (per edge)
    edges_fresh_s: float = 3_600.0  # how long a reader's choice of edges is kept (per edge)
    full_feed_followees_max: int = 0  # who follows more gets a share of posts; 0: everybody all
    merged_lists_fresh_s: float = 0.0  # how long an influencer's list that was read serves others

    def __post_init__(self) -> None:
        """Refuse what no service could follow."""
        if self.influencer_followers_min < 1:
            raise PolicyError(
                f"influencer_followers_min must be at least 1, got {self.influencer_followers_min}"
            )
        if not 0 < self.influencer_exit_share <= 1:
            raise PolicyError(
                f"influencer_exit_share must be in (0, 1], got {self.influencer_exit_share}"
            )
        for name in ("inactive_after_s", "push_cost_over_pull_cost", "edges_fresh_s"):
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                raise PolicyError(f"{name} must be above 0, got {value}")
        if self.full_feed_followees_max < 0:
            raise PolicyError(
                f"full_feed_followees_max must be 0 (off) or more, got"
                f" {self.full_feed_followees_max}"
            )
        if not 0 <= self.merged_lists_fresh_s <= MERGED_LISTS_FRESH_S_MAX:
            raise PolicyError(
                f"merged_lists_fresh_s must be in 0 (off) to {MERGED_LISTS_FRESH_S_MAX:g}, got"
                f" {self.merged_lists_fresh_s}"
            )

    @property
    def forgets_the_inactive(self) -> bool:
        """Whether the timeline of somebody who does not read is dropped."""
        return self.strategy is not Strategy.PUSH

    @property
    def lists_kept_s(self) -> float:
        """How long a process keeps what it has read of the lists of influencers; 0: not at all.

        Influencers are few, and each has many readers.  Whose edges readers gather may be
        anybody: such lists would hardly be asked for twice.
        """
        return 0.0 if self.strategy is Strategy.PER_EDGE else self.merged_lists_fresh_s

    def to_json(self) -> str:
        """Return what `from_json` reads."""
        return json.dumps({**asdict(self), "strategy": self.strategy.value})

    @classmethod
    def from_json(cls, text: str | bytes) -> FeedPolicy:
        """Read what `to_json` wrote; fields of another version are left out or take defaults."""
        said = json.loads(text)
        if not isinstance(said, dict):
            raise PolicyError(f"a policy must be an object of fields, got {said!r:.40}")
        known = {field.name for field in fields(cls)}
        return changed(cls(), {name: str(said[name]) for name in said if name in known})


def changed(policy: FeedPolicy, texts: Mapping[str, str]) -> FeedPolicy:
    """Return the policy with these fields set; raises PolicyError naming field and value.

    >>> changed(FeedPolicy(), {"strategy": "pull"}).strategy
    <Strategy.PULL: 'pull'>
    """
    defaults = FeedPolicy()
    known = [field.name for field in fields(FeedPolicy)]
    values = {}
    for name, text in texts.items():
        if name not in known:
            raise PolicyError(f"no field {name!r} in the policy; there are: {', '.join(known)}")
        values[name] = _read(name, text, getattr(defaults, name))
    return replace(policy, **values)  # type: ignore[arg-type]  # each has its default's type


def _read(name: str, text: str, default: Strategy | int | float) -> Strategy | int | float:
    try:
        return type(default)(text)
    except ValueError:
        raise PolicyError(f"{name} must be {_allowed(default)}, got {text!r}") from None


def _allowed(default: Strategy | int | float) -> str:
    if isinstance(default, Strategy):
        return " or ".join(member.value for member in Strategy)
    return "a whole number" if isinstance(default, int) else "a number"
