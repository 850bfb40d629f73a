"""What comes in when: cut into parts, each with the rows that its circumstances make."""

from itertools import pairwise
from math import inf
from pathlib import Path

import numpy as np
import pytest

from model.world.attributes import Attribute
from model.world.incoming import cut, means_of, parts_of, with_moments
from model.world.places import serving_zones
from model.world.reach import reach_of
from model.world.routes import COLD, EDGE_MISS, LUCKS, SHARD, ZONE
from model.world.scenario import Endpoint, ScenarioError
from model.world.scenario_files import load_scenario
from model.world.warmth import cold_share

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
SPREAD = ("fleet.zones=4", "fleet.regions=['eu-west', 'us-east']")
RUN = ("simulation.warmup=2 s", "simulation.duration=98 s")
EVENTS = {
    "zone": "{kind='zone-loss', zone=1, at='10 s', lasts='20 s'}",
    "region": "{kind='region-loss', region='eu-west', at='10 s', lasts='20 s'}",
    "later": "{kind='zone-loss', zone=1, at='98 s'}",
    "much later": "{kind='zone-loss', zone=1, at='500 s'}",
    "timelines": "{kind='cache-wipe', of='timelines', at='10 s'}",
    "edges": "{kind='cache-wipe', of='edges', at='10 s'}",
    "hot": "{kind='hot-shard', store='timeline_store', share='60 %', at='10 s', lasts='20 s'}",
}


def scenario(*events, also=()):
    happening = f"events=[{', '.join(EVENTS[event] for event in events)}]"
    return load_scenario(LAPTOP, (*RUN, *also, happening))


def parts(*events, endpoint=Endpoint.NEWSFEED, region="eu-west", also=()):
    return list(parts_of(scenario(*events, also=also), endpoint, region))


def at(instant_s, found):
    [part] = [part for part in found if part.since_s <= instant_s < part.until_s]
    return part.columns


def test_where_nothing_happens_all_is_one_part_that_brings_nothing_along():
    [part] = parts()
    assert (part.since_s, part.until_s, part.columns) == (0.0, inf, {})


@pytest.mark.parametrize("endpoint", [Endpoint.NEWSFEED, Endpoint.IMAGE, Endpoint.POST])
def test_parts_follow_one_another_without_gap_or_end(endpoint):
    found = parts("region", "timelines", "edges", endpoint=endpoint, also=SPREAD)
    assert found[0].since_s == 0.0
    assert all(one.until_s == next_one.since_s for one, next_one in pairwise(found))
    assert all(part.since_s < part.until_s for part in found)
    assert found[-1].until_s == inf


def test_nobody_is_sent_to_a_lost_zone_while_it_is_known_to_be_lost():
    found = parts("zone", also=SPREAD)
    assert [part.since_s for part in found] == [0.0, 17.0, 37.0]
    zones = [set(part.columns[ZONE]) for part in found]
    assert zones == [{0.0, 2.0}, {2.0}, {0.0, 2.0}]


@pytest.mark.parametrize("when", ["later", "much later"])
def test_what_happens_after_the_end_changes_nothing(when):
    [part] = parts(when, also=SPREAD)
    assert (part.until_s, set(part.columns[ZONE])) == (inf, {0.0, 2.0})


def test_after_a_wipe_readers_find_their_timelines_gone_less_and_less():
    found = parts("timelines")
    assert not at(11.9, found)[COLD].any()
    assert at(12.0, found)[COLD].all()
    shares = [part.columns[COLD].mean() for part in found[1:]]
    assert shares == sorted(shares, reverse=True)
    expected = [cold_share(scenario("timelines"), part.since_s - 12.0) for part in found[1:]]
    assert shares == pytest.approx(expected, abs=2 / LUCKS)


@pytest.mark.parametrize(
    ("wiped", "endpoint"),
    [("timelines", Endpoint.IMAGE), ("timelines", Endpoint.POST), ("edges", Endpoint.NEWSFEED)],
)
def test_a_wipe_concerns_only_who_asks_for_what_was_wiped(wiped, endpoint):
    [part] = parts(wiped, endpoint=endpoint)
    assert part.columns == {}


def test_a_wiped_edge_has_nothing_and_fills_up():
    found = parts("edges", endpoint=Endpoint.IMAGE)
    hit_share = scenario().fleet.cdn.hit_share
    assert at(11.9, found)[EDGE_MISS].mean() == pytest.approx(1 - hit_share, abs=1 / LUCKS)
    assert at(12.0, found)[EDGE_MISS].all()
    assert at(99.0, found)[EDGE_MISS].mean() < 1


def test_who_is_sent_to_another_region_finds_edges_that_do_not_know_them():
    found = parts("region", endpoint=Endpoint.IMAGE, also=SPREAD)
    usual = at(1.0, found)[EDGE_MISS].mean()
    assert at(17.0, found)[EDGE_MISS].all()
    assert usual < at(36.9, found)[EDGE_MISS].mean() < 1
    assert at(37.0, found)[EDGE_MISS].mean() == usual, "back home the edges know them"


def test_who_stays_in_a_region_keeps_its_edges():
    found = parts("region", endpoint=Endpoint.IMAGE, region="us-east", also=SPREAD)
    assert len({part.columns[EDGE_MISS].mean() for part in found}) == 1


def test_while_a_region_is_lost_its_people_are_served_in_the_nearest_that_is_left():
    fleet = scenario(also=SPREAD).fleet
    found = parts("region", also=SPREAD)
    assert set(at(20.0, found)[ZONE]) == set(serving_zones(fleet, "eu-west", {0, 2}))


def shares_by_shard(columns, shards):
    return np.bincount(columns[SHARD].astype(int), minlength=shards) / len(columns[SHARD])


def test_a_shard_is_hot_only_while_it_is_said_to_be():
    found = parts("hot", also=("fleet.timeline_store.shards=4",))
    assert [part.since_s for part in found] == [0.0, 12.0, 32.0]
    even = pytest.approx([0.25] * 4, abs=1 / LUCKS)
    assert shares_by_shard(found[0].columns, 4) == even
    assert shares_by_shard(found[1].columns, 4) == pytest.approx([0.6, *[0.4 / 3] * 3], abs=0.01)
    assert shares_by_shard(found[2].columns, 4) == even


def test_a_hot_shard_is_asked_alike_from_every_zone():
    columns = at(20.0, parts("hot", also=(*SPREAD, "fleet.timeline_store.shards=4")))
    for zone in set(columns[ZONE]):
        here = {SHARD: columns[SHARD][columns[ZONE] == zone]}
        assert shares_by_shard(here, 4)[0] == pytest.approx(0.6, abs=1 / LUCKS)


def test_who_finds_a_timeline_gone_asks_the_hot_shard_as_often_as_others():
    columns = at(20.0, parts("hot", "timelines", also=("fleet.timeline_store.shards=4",)))
    cold = columns[COLD] == 1
    assert 0 < cold.mean() < 1
    assert np.mean(columns[SHARD][cold] == 0) == np.mean(columns[SHARD][~cold] == 0)


def test_images_lie_on_no_shard():
    assert not any(part.columns for part in parts("hot", endpoint=Endpoint.IMAGE))


@pytest.mark.parametrize("shards", [1, 51])
def test_one_of_one_and_one_of_very_many_cannot_be_hot(shards):
    with pytest.raises(ScenarioError, match=rf"timeline_store.shards: must be 2 to 50 .* {shards}"):
        parts("hot", also=(f"fleet.timeline_store.shards={shards}",))


def test_too_many_kinds_of_one_request_are_refused_before_they_are_made():
    wide = ("fleet.zones=8", "targets.measured_at=client")
    with pytest.raises(ScenarioError, match=r"at most 1,000,000 kinds .* make 64,000,000"):
        parts("hot", "timelines", also=wide)


def rate_at(pieces, instant_s):
    return next((rate for since_s, rate in reversed(pieces) if since_s <= instant_s), 0.0)


@pytest.mark.parametrize("pieces", [((0.0, 5.0), (10.0, 7.0), (20.0, 0.0)), ((6.0, 3.0),)])
@pytest.mark.parametrize("span", [(0.0, 4.0), (0.0, inf), (6.0, 10.0), (8.0, 12.0), (30.0, inf)])
def test_a_rate_is_cut_to_what_it_was_inside_and_nothing_outside(pieces, span):
    since_s, until_s = span
    found = cut(pieces, since_s, until_s)
    for instant_s in np.arange(0.0, 40.0, 0.5):
        inside = since_s <= instant_s < until_s
        assert rate_at(found, instant_s) == (rate_at(pieces, instant_s) if inside else 0.0)
    begins = [at_s for at_s, _ in found]
    assert begins == sorted(set(begins))


def test_what_depends_on_the_moment_is_left_to_the_rows_that_have_it():
    usual = reach_of(scenario())
    assert with_moments(scenario(), usual) == usual
    wiped = with_moments(scenario("timelines", "edges"), usual)
    assert wiped.cold_share == Attribute(name=COLD)
    assert wiped.image_miss_share == Attribute(name=EDGE_MISS)


def test_over_a_run_without_a_wipe_shares_are_the_usual_ones():
    usual = scenario()
    assert means_of(usual) == pytest.approx({COLD: 0.0, EDGE_MISS: 1 - usual.fleet.cdn.hit_share})


@pytest.mark.parametrize(("wiped", "column"), [("timelines", COLD), ("edges", EDGE_MISS)])
def test_over_a_run_a_wipe_counts_for_as_long_as_it_is_felt(wiped, column):
    instants_s = np.arange(0.0, 100.0, 0.05) + 0.025
    endpoint = Endpoint.NEWSFEED if column == COLD else Endpoint.IMAGE
    found = parts(wiped, endpoint=endpoint)
    # Within a part the share of its beginning stays, and is more than what comes after it.
    stepwise = np.mean([at(instant_s, found)[column].mean() for instant_s in instants_s])
    assert means_of(scenario(wiped))[column] == pytest.approx(stepwise, rel=0.2)
    assert means_of(scenario(wiped))[column] < stepwise


def test_a_wipe_at_the_very_beginning_is_felt_too():
    begun = scenario("timelines", also=("simulation.warmup=0 s",))
    at_once = begun.model_copy(update={"events": (begun.events[0].model_copy(update={"at": 0.0}),)})
    assert means_of(at_once)[COLD] > means_of(begun)[COLD]
