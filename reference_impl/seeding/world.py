"""The rows of a seeded world: who everybody is, what they posted, and who sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from model.rules.ids import IdMinter
from model.world import chance
from model.world.population import Population, merged_among, population_of
from model.world.scenario import Scenario, ScenarioError
from reference_impl.seeding.persons import Person, persons_of

JOINED_MS = 1_735_689_600_000  # 2025-01-01T00:00Z, when the first user registered
POSTED_MS = 1_751_328_000_000  # 2025-07-01T00:00Z, when the first post was made
MS_BETWEEN_POSTS = 10_000
POSTS_MAX = 20_000_000

_PLACE, _AUTHOR, _POST_PLACE = 31, 32, 33  # what a random number is for


@dataclass(frozen=True, kw_only=True)
class World:
    """User i is `persons[i]` and has id `user_ids[i]`; post j is by `authors[j]`, older first."""

    population: Population
    persons: Sequence[Person]
    user_ids: NDArray[np.int64]
    post_ids: NDArray[np.int64]
    authors: NDArray[np.int64]
    is_merged: NDArray[np.bool_]  # per user: whether their posts are merged on read
    timeline_cap: int

    @cached_property
    def posts_of(self) -> dict[int, NDArray[np.int64]]:
        """The post ids of every user who posted, oldest first."""
        order = np.argsort(self.authors, kind="stable")
        starts = np.flatnonzero(np.diff(self.authors[order], prepend=-1))
        groups = np.split(self.post_ids[order], starts[1:])
        return {int(self.authors[order[s]]): group for s, group in zip(starts, groups, strict=True)}

    @property
    def merged_posts(self) -> dict[int, NDArray[np.int64]]:
        """The post ids of every author whose posts are merged on read, oldest first."""
        return {author: ids for author, ids in self.posts_of.items() if self.is_merged[author]}

    @cached_property
    def followees(self) -> list[NDArray[np.int64]]:
        """Whom each user follows."""
        people = self.population
        order = np.argsort(people.followers, kind="stable")
        ends = np.cumsum(np.bincount(people.followers, minlength=len(people)))
        return np.split(people.targets[order], ends[:-1])

    def timeline_of(self, user: int) -> NDArray[np.int64]:
        """Return what was pushed to a user, and what the user posted; newest first, capped."""
        authors = [user, *(author for author in self.followees[user] if not self.is_merged[author])]
        lists = [self.posts_of[author] for author in authors if author in self.posts_of]
        if not lists:
            return np.empty(0, dtype=np.int64)
        return np.sort(np.concatenate(lists))[::-1][: self.timeline_cap]


def world_of(scenario: Scenario) -> World:
    """Return the rows to seed.

    Raises ScenarioError for a population or a number of posts that is too large to be seeded.
    """
    population = population_of(scenario)
    authors = _authors(scenario, population)
    return World(
        population=population,
        persons=persons_of(scenario.seed, len(population)),
        user_ids=_ids(scenario.seed, _PLACE, JOINED_MS, len(population), ms_apart=1_000),
        post_ids=_ids(scenario.seed, _POST_PLACE, POSTED_MS, len(authors), MS_BETWEEN_POSTS),
        authors=authors,
        is_merged=merged_among(population.follower_counts, scenario.policy.of_feeds),
        timeline_cap=scenario.policy.timeline_cap,
    )


def _authors(scenario: Scenario, population: Population) -> NDArray[np.int64]:
    """Return who made each post: users in proportion to how often they post."""
    count = round(scenario.people.posts_per_user * len(population))
    if count > POSTS_MAX:
        raise ScenarioError(f"people.posts_per_user: at most {POSTS_MAX} posts in all, got {count}")
    weights = np.cumsum(population.posting)
    u = chance.u_block(scenario.seed, 0, np.arange(count), _AUTHOR, 0, 0, 0)
    authors: NDArray[np.int64] = np.searchsorted(weights, u * weights[-1], side="right")
    return authors


def _ids(seed: int, purpose: int, first_ms: int, count: int, ms_apart: int) -> NDArray[np.int64]:
    """Return ids made one after another, at a steady pace."""
    instants = iter(range(first_ms, first_ms + count * ms_apart, ms_apart))
    place = int(chance.u(seed, 0, 0, purpose, 0, 0, 0) * 2**22)
    minter = IdMinter(clock_ms=lambda: next(instants), first_place=place)
    return np.asarray([minter.mint() for _ in range(count)], dtype=np.int64)
