"""Which shard of the index is asked first: any that is not known to be away."""

from pathlib import Path

import numpy as np
import pytest

from model.world.incoming import parts_of
from model.world.index_shards import are_index_shards_away, shards_asked
from model.world.routes import INDEX_SHARD, ZONE
from model.world.scenario import Endpoint
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


@pytest.mark.parametrize(
    ("event", "at_s", "asked"),
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
def test_those_known_to_be_away_are_not_asked_first(event, at_s, asked):
    assert shards_asked(scenario(event), at_s).tolist() == [*asked]


def test_what_is_away_of_one_event_and_another_is_away():
    assert shards_asked(scenario(ZONE_LOSS, CRASH), 20.0).tolist() == [2, 4, 5]


def test_where_all_are_away_any_is_asked():
    assert shards_asked(scenario(ZONE_LOSS, shards=1), 20.0).tolist() == [0]


@pytest.mark.parametrize(
    ("events", "shards", "named"),
    [
        ((), 6, False),
        ((OF_OTHERS,), 6, False),
        ((ZONE_LOSS,), 1, False),
        ((ZONE_LOSS,), 6, True),
        ((CRASH,), 6, True),
    ],
)
def test_requests_name_a_shard_only_where_some_of_several_are_away(events, shards, named):
    told = scenario(*events, shards=shards)
    assert are_index_shards_away(told) == named
    assert wiring_of(told).names_index_shards == named
    parts = parts_of(told, Endpoint.SEARCH, "eu-west")
    assert all((INDEX_SHARD in part.columns) == named for part in parts)


def test_only_searches_name_one():
    assert INDEX_SHARD not in next(parts_of(scenario(CRASH), Endpoint.PROFILE, "eu-west")).columns


def test_each_is_asked_as_often_from_every_zone():
    parts = {part.since_s: part for part in parts_of(scenario(CRASH), Endpoint.SEARCH, "eu-west")}
    assert set(parts) == {0.0, 17.0, 37.0}
    columns = parts[17.0].columns
    pairs, often = np.unique([columns[ZONE], columns[INDEX_SHARD]], axis=1, return_counts=True)
    assert pairs.shape == (2, 12)
    assert len(set(often)) == 1


def test_a_slice_has_its_part_of_what_is_away():
    told = scenario(CRASH, also=("simulation.slice=2", *TWO_OF_EACH))
    assert shards_asked(told, 20.0).tolist() == [1, 2]
