"""Which shard of the index is asked first, any that is not known to be away, and how far it is."""

from pathlib import Path

import numpy as np
import pytest

from model.world.incoming import parts_of
from model.world.index_shards import names_index_shards, with_shards_asked
from model.world.places import rtts_s
from model.world.routes import FIRST_OF_INDEX, INDEX_SHARD, OTHERS_OF_INDEX, ZONE
from model.world.scenario import Endpoint, ScenarioError
from model.world.scenario_files import load_scenario
from model.world.wiring import wiring_of

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
ZONE_LOSS = "{kind='zone-loss', zone=1, at='10 s', lasts='20 s'}"
CRASH = "{kind='crash', station='search', members=2, at='10 s', lasts='20 s'}"
OF_INDEX = "{kind='crash', station='search_index', members=2, at='10 s'}"
OF_OTHERS = "{kind='crash', station='timeline', at='10 s'}"

INSTANCES = (
    "gateway", "user", "follow", "post", "media", "timeline", "fanout", "pipeline", "web", "cdn",
)  # fmt: skip
TWO_OF_EACH = (
    *(f"fleet.{each}.instances=2" for each in INSTANCES),
    *(f"fleet.{each}.shards=2" for each in ("user_store", "post_store", "timeline_store")),
)
ONE_ZONE = ("fleet.zones=1",)
CONTINENTS = ("fleet.regions=['eu-west', 'us-east', 'ap-south']",)


def scenario(*events, shards=6, also=()):
    return load_scenario(
        LAPTOP,
        (
            "simulation.warmup=2 s",
            "simulation.duration=98 s",
            "fleet.zones=3",
            "fleet.placement=dedicated",
            f"fleet.search.shards={shards}",
            f"events=[{', '.join(events)}]",
            *also,
        ),
    )


def rows(told, at_s):
    """The rows of searches from each zone."""
    zones = np.arange(told.fleet.zones, dtype=float)
    return with_shards_asked({ZONE: zones}, told, at_s)


def asked(told, at_s):
    return np.unique(rows(told, at_s)[INDEX_SHARD]).tolist()


@pytest.mark.parametrize(
    ("event", "at_s", "expected"),
    [
        (ZONE_LOSS, 16.9, range(6)),  # lost at 12, noticed 5 s later
        (ZONE_LOSS, 17.0, (1, 2, 4, 5)),
        (ZONE_LOSS, 36.9, (1, 2, 4, 5)),
        (ZONE_LOSS, 37.0, range(6)),
        (CRASH, 16.9, range(6)),
        (CRASH, 17.0, range(2, 6)),
        (CRASH, 37.0, range(6)),
        (OF_INDEX, 90.0, range(2, 6)),
    ],
)
def test_those_known_to_be_away_are_not_asked_first(event, at_s, expected):
    assert asked(scenario(event), at_s) == [*expected]


def test_what_is_away_of_one_event_and_another_is_away():
    assert asked(scenario(ZONE_LOSS, CRASH), 20.0) == [2, 4, 5]


def test_where_all_are_away_any_is_asked():
    assert asked(scenario(ZONE_LOSS, shards=1), 20.0) == [0]


@pytest.mark.parametrize(
    ("events", "shards", "also", "named"),
    [
        ((), 6, ONE_ZONE, False),
        ((OF_OTHERS,), 6, ONE_ZONE, False),
        ((CRASH,), 1, ONE_ZONE, False),
        ((CRASH,), 6, ONE_ZONE, True),
        ((), 6, (), True),
        ((), 1, (), True),
    ],
)
def test_requests_name_a_shard_only_where_some_of_several_are_away_or_far(
    events, shards, also, named
):
    told = scenario(*events, shards=shards, also=also)
    assert names_index_shards(told) == named
    assert wiring_of(told).names_index_shards == named
    parts = parts_of(told, Endpoint.SEARCH, "eu-west")
    assert all((INDEX_SHARD in part.columns) == named for part in parts)


def test_in_one_zone_no_shard_is_far():
    [part, *_] = parts_of(scenario(CRASH, also=ONE_ZONE), Endpoint.SEARCH, "eu-west")
    assert [*part.columns] == [INDEX_SHARD]


@pytest.mark.parametrize("shards", [1, 2, 4, 6])
@pytest.mark.parametrize(("events", "lost"), [((), set()), ((ZONE_LOSS,), {0}), ((CRASH,), set())])
def test_a_search_goes_to_the_shard_it_names_and_from_there_to_the_farthest_that_is_up(
    shards, events, lost
):
    told = scenario(*events, shards=shards, also=CONTINENTS)
    found, far_s = rows(told, 20.0), rtts_s(told.fleet)
    crashed = {0, 1} if CRASH in events else set()
    up = {n for n in range(shards) if n % 3 not in lost and n not in crashed} or {*range(shards)}
    ways = zip(
        *(found[name] for name in (ZONE, INDEX_SHARD, FIRST_OF_INDEX, OTHERS_OF_INDEX)), strict=True
    )
    for zone, first, first_s, others_s in ways:
        at = int(first) % 3
        assert first in up
        assert first_s == far_s[int(zone), at]
        assert others_s == max((far_s[at, n % 3] for n in up - {first}), default=0.0)


def test_shards_that_are_not_there_are_not_far():
    assert not rows(scenario(shards=1, also=CONTINENTS), 0.0)[OTHERS_OF_INDEX].any()


def test_only_searches_name_one():
    assert INDEX_SHARD not in next(parts_of(scenario(CRASH), Endpoint.PROFILE, "eu-west")).columns


def test_each_is_asked_as_often_from_every_zone():
    parts = {part.since_s: part for part in parts_of(scenario(CRASH), Endpoint.SEARCH, "eu-west")}
    assert set(parts) == {0.0, 17.0, 37.0}
    columns = parts[17.0].columns
    pairs, often = np.unique([columns[ZONE], columns[INDEX_SHARD]], axis=1, return_counts=True)
    assert pairs.shape == (2, 12)
    assert len(set(often)) == 1


SLICED = ("simulation.slice=2", *TWO_OF_EACH)


def test_a_slice_has_its_part_of_what_is_away():
    assert asked(scenario(CRASH, also=SLICED), 20.0) == [1, 2]


@pytest.mark.parametrize(("shards", "also"), [(4, ()), (6, ()), (6, CONTINENTS)])
def test_in_a_slice_searches_go_as_far_as_often_as_in_the_whole(shards, also):
    whole, sliced = (
        np.unique(
            [found[name] for name in (ZONE, FIRST_OF_INDEX, OTHERS_OF_INDEX)],
            axis=1,
            return_counts=True,
        )
        for more in ((), SLICED)
        for found in [rows(scenario(shards=shards, also=(*also, *more)), 0.0)]
    )
    assert whole[0].tolist() == sliced[0].tolist()
    assert (whole[1] == sliced[1]).all()


def test_in_a_slice_each_shard_is_asked_as_often():
    told = scenario(ZONE_LOSS, shards=8, also=SLICED)  # five are left, two of them in the slice
    _, often = np.unique(rows(told, 20.0)[INDEX_SHARD], return_counts=True)
    assert len(often) == 2
    assert len(set(often)) == 1


def test_more_kinds_of_searches_than_can_be_held_are_refused():
    many = scenario(shards=4096, also=("fleet.zones=8", "targets.measured_at=client"))
    with pytest.raises(ScenarioError, match=r"6,553,600: .* fewer search.shards"):
        next(parts_of(many, Endpoint.SEARCH, "eu-west"))
