"""The use case: fill a cluster with a scenario's world."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import perf_counter

from model.world.scenario import Scenario
from reference_impl.chassis.settings import Settings
from reference_impl.seeding import stores
from reference_impl.seeding.people import (
    MEDIA_PATHS_MAX,
    PASSWORD,
    NotSeeded,
    People,
    save_people,
    seeded_people,
)
from reference_impl.seeding.pictures import avatars_of, pictures_of
from reference_impl.seeding.timelines import write_timelines
from reference_impl.seeding.uploads import Upload, clear_objects, store_pictures
from reference_impl.seeding.world import world_of


class AlreadySeeded(ValueError):
    """The cluster holds data that seeding would destroy; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """How much was written, and how long it took."""

    users: int
    follows: int
    posts: int
    rows: int  # of all tables and timelines
    seconds: float


def seed(
    scenario: Scenario,
    settings: Settings,
    home: Path,
    *,
    replace: bool,
    report: Callable[[str], None],
) -> Seeded:
    """Write the scenario's people, follows, posts and timelines into the stores of a cluster.

    The people are left in `home` for `seeded_people`.  Raises AlreadySeeded if anybody is
    there and `replace` is not set; with it, all that is there is removed first.
    """
    if not stores.is_empty(settings):
        if not replace:
            raise AlreadySeeded(f"{home}: users are there already; --replace removes them")
        report("removing what was there")
        clear_objects(settings)
        stores.clear(settings)
    begun_s = perf_counter()
    report("making people")
    world = world_of(scenario)
    report("painting pictures")
    avatars = store_pictures(settings, avatars_of(scenario.seed))
    pictures = store_pictures(settings, pictures_of(scenario.seed, scenario.people.image_size))
    report("writing users and follows")
    rows = stores.write_users(settings, world, avatars)
    report("writing posts and timelines")
    rows += stores.write_posts(settings, world, pictures)
    rows += write_timelines(settings, world)
    report("beginning sessions")
    tokens = stores.write_sessions(settings, world.user_ids.tolist())
    people = People(
        population=population_key(scenario),
        password=PASSWORD,
        user_ids=world.user_ids.tolist(),
        usernames=[person.username for person in world.persons],
        tokens=tokens,
        image_bytes=scenario.people.image_size,
        media_paths=_rendition_paths(pictures),
    )
    save_people(home, people)
    return Seeded(
        users=len(world.user_ids),
        follows=len(world.population.followers),
        posts=len(world.post_ids),
        rows=rows + len(tokens),
        seconds=perf_counter() - begun_s,
    )


def _rendition_paths(pictures: Sequence[Upload]) -> list[str]:
    """Return where the renditions of posted pictures are: of as many as there is room for."""
    paths = (made.url for picture in pictures for made in picture.manifest.renditions)
    return list(islice(paths, MEDIA_PATHS_MAX))


def people_of(scenario: Scenario, home: Path) -> People:
    """Return the people seeded in `home`; NotSeeded if they are not this scenario's."""
    people = seeded_people(home)
    if people.population != population_key(scenario):
        raise NotSeeded(f"{home}: other people were seeded: feedtwin seed SCENARIO --replace")
    return people


def population_key(scenario: Scenario) -> str:
    """Return what decides who the people are, and nothing that does not.

    The policy is not part of it: what was seeded under one is right under any.
    """
    return f"{scenario.seed} {scenario.people.model_dump_json()}"
