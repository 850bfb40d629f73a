"""Who reads whose posts, edge by edge, and how often both do what they do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from model.world.activity import posts_per_day, reads_per_day
from model.world.population import population_of
from model.world.scenario import Scenario

EDGES_MAX = 500_000_000  # some 20 GB of columns


@dataclass(frozen=True, kw_only=True)
class Edges:
    """Edge i: user `readers[i]` follows user `authors[i]`; rates have one number per user."""

    authors: NDArray[np.int64]
    readers: NDArray[np.int64]
    posts_per_day: NDArray[np.float64]
    reads_per_day: NDArray[np.float64]  # newsfeed pages

    def __post_init__(self) -> None:
        """Refuse columns that do not fit together; raises ValueError naming the column."""
        if len(self.authors) != len(self.readers):
            raise ValueError(
                f"authors and readers must be as many, got {len(self.authors)} and"
                f" {len(self.readers)}"
            )
        if len(self.authors) > EDGES_MAX:
            raise ValueError(f"authors: at most {EDGES_MAX} edges, got {len(self.authors)}")
        if len(self.posts_per_day) != len(self.reads_per_day):
            raise ValueError(
                f"posts_per_day and reads_per_day must be as many, got {len(self.posts_per_day)}"
                f" and {len(self.reads_per_day)}"
            )
        for name in ("authors", "readers"):
            _refuse_outside(name, getattr(self, name), users=len(self.posts_per_day))
        for name in ("posts_per_day", "reads_per_day"):
            _refuse_no_rate(name, getattr(self, name))

    def __len__(self) -> int:
        """Return the number of edges."""
        return len(self.authors)

    @cached_property
    def follower_counts(self) -> NDArray[np.int64]:
        """How many follow each user."""
        return np.bincount(self.authors, minlength=len(self.posts_per_day))

    @cached_property
    def posting(self) -> NDArray[np.float64]:
        """Posts per day of the author of each edge."""
        return self.posts_per_day[self.authors]

    @cached_property
    def reading(self) -> NDArray[np.float64]:
        """Pages per day of the reader of each edge."""
        return self.reads_per_day[self.readers]


def edges_of(scenario: Scenario) -> Edges:
    """Return the edges of a scenario's people, one by one.

    Raises ScenarioError if they are too many for that, or the traffic is what was recorded.
    """
    people = population_of(scenario)
    return Edges(
        authors=people.targets,
        readers=people.followers,
        posts_per_day=posts_per_day(scenario) * people.posting,
        reads_per_day=reads_per_day(scenario) * people.reading,
    )


def _refuse_outside(name: str, ids: NDArray[np.int64], *, users: int) -> None:
    wrong = ids[(ids < 0) | (ids >= users)]
    if len(wrong):
        raise ValueError(f"{name} must be in 0..{users - 1}, got {wrong[0]}")


def _refuse_no_rate(name: str, rates: NDArray[np.float64]) -> None:
    wrong = rates[~((rates >= 0) & np.isfinite(rates))]
    if len(wrong):
        raise ValueError(f"{name} must be 0 or more and finite, got {wrong[0]}")
