"""What events do to the fleet, and when."""

from math import inf
from pathlib import Path

import pytest

from model.world.edges import EDGE
from model.world.failures import (
    ALL,
    Autoscale,
    CacheWipe,
    Crash,
    MessageLoss,
    Once,
    SlowDown,
    Spread,
    ZoneLoss,
)
from model.world.happenings import (
    BYTES_PER_ENTRY,
    are_timelines_away,
    failures_of,
    stored_bytes,
)
from model.world.scenario import ScenarioError
from model.world.scenario_files import load_scenario
from model.world.topology import simulated_topology
from model.world.wiring import WIRE

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
DEDICATED = ("fleet.placement=dedicated", "simulation.slice=4")
POOLS = ("gateway", "user", "follow", "post", "media", "timeline", "fanout", "pipeline", "cdn")
SLICED = (
    *DEDICATED,
    *(f"fleet.{pool}.instances=16" for pool in POOLS),
    *(f"fleet.{store}.shards=16" for store in ("search", "user_store", "post_store")),
    "fleet.timeline_store.shards=16",
)


def happening(*events, also=()):
    said = f"events=[{', '.join(events)}]"
    scenario = load_scenario(LAPTOP, ("simulation.warmup=2 s", *also, said))
    return failures_of(scenario, simulated_topology(scenario))


def test_where_nothing_happens_nothing_fails():
    assert happening() == ()


def test_an_instance_is_down_from_the_instant_of_its_event_after_the_warm_up():
    [crash] = happening("{kind='crash', station='timeline', at='10 s', lasts='5 s'}")
    when = Once(at_s=12.0, for_s=5.0)
    assert crash == Crash(station="timeline", when=when, members=(0,))


@pytest.mark.parametrize("popular", [True, False])
def test_wiped_edges_forget_what_they_are_known_to_hold(popular):
    wipe = "{kind='cache-wipe', of='edges', at='10 s'}"
    also = ("fleet.cdn.popular={images='50 k'}",) if popular else ()
    assert happening(wipe, also=also) == (CacheWipe(cache=EDGE, at_s=12.0),) * popular


def test_what_does_not_end_lasts_for_good():
    [crash] = happening("{kind='crash', station='post_db', members=2, at='1 s'}")
    assert crash == Crash(station="post_db", when=Once(at_s=3.0, for_s=inf), members=(0, 1))


@pytest.mark.parametrize("kind", ["crash", "slow"])
def test_more_than_there_are_cannot_be_struck(kind):
    [struck] = happening(f"{{kind='{kind}', station='post_db', members=2}}")
    assert struck.members == (0, 1)
    with pytest.raises(ScenarioError, match=r"events.0.members: there are 2 of post_db, got 3"):
        happening(f"{{kind='{kind}', station='post_db', members=3}}")


def test_a_slice_loses_as_large_a_share_as_the_whole():
    [eight] = happening("{kind='crash', station='user', members=8}", also=SLICED)
    assert eight.members == (0, 1)


@pytest.mark.parametrize("members", [1, 6])
def test_what_a_slice_cannot_have_its_part_of_is_refused(members):
    with pytest.raises(ScenarioError, match=rf"events.0.members: one here .* got {members}"):
        happening(f"{{kind='crash', station='user', members={members}}}", also=SLICED)


HOT = "{kind='hot-shard', store='post_store'}"


@pytest.mark.parametrize(("copies", "most"), [(1, 16), (2, 32)])
def test_beside_a_hot_shard_as_many_can_be_struck_as_the_fleet_has(copies, most):
    also = (*SLICED, f"fleet.post_store.replicas={copies}")
    crash = f"{{kind='crash', station='post_db', members={most}}}"
    assert len(happening(HOT, crash, also=also)[0].members) == 5 * copies
    with pytest.raises(ScenarioError, match=f"there are {most} of post_db, got {most + 1}"):
        happening(HOT, crash.replace(f"{most}", f"{most + 1}"), also=also)


@pytest.mark.parametrize(
    ("struck", "here"), [(1, 1), (2, 1), (7, 3), (15, 5), (16, 5), (17, 6), (24, 8)]
)
def test_the_hot_shard_is_the_first_that_is_struck_and_of_the_rest_a_part_is(struck, here):
    crash = f"{{kind='crash', station='post_db', members={struck}}}"
    [crashed] = happening(HOT, crash, also=(*SLICED, "fleet.post_store.replicas=2"))
    assert len(crashed.members) == here
    assert 0 in crashed.members


def test_a_hot_shard_of_one_store_changes_nothing_for_the_servers_of_another():
    [crash] = happening(HOT, "{kind='crash', station='user_db', members=8}", also=SLICED)
    assert crash.members == (0, 1)


def away(*events, also=()):
    return are_timelines_away(load_scenario(LAPTOP, (*also, f"events=[{', '.join(events)}]")))


@pytest.mark.parametrize("kind", ["crash", "slow"])
def test_timelines_are_away_where_servers_of_theirs_are_struck(kind):
    assert away(f"{{kind='{kind}', station='timeline_store'}}")
    assert not away(f"{{kind='{kind}', station='post_db'}}")


ZONE = "{kind='zone-loss', zone=1, at='1 s', lasts='3 s'}"
OTHER = "{kind='zone-loss', zone=2, at='2 s', lasts='3 s'}"
LATER = "{kind='zone-loss', zone=2, at='4 s', lasts='3 s'}"
REGION = "{kind='region-loss', region='eu-west'}"
AT_ONCE = "fleet.links.noticed_after=0 s"


def zones(replicas, *more):
    regions = "fleet.regions=['eu-west', 'us-east', 'eu-west']"
    store = f"fleet.timeline_store={{shards=6, replicas={replicas}}}"
    return ("fleet.zones=3", regions, store, *more)


@pytest.mark.parametrize(
    ("events", "replicas", "is_away"),
    [
        ([ZONE], 1, True),
        ([ZONE], 2, False),
        ([ZONE, OTHER], 2, True),
        ([ZONE, LATER], 2, False),
        ([REGION], 2, True),
        ([REGION], 3, False),
    ],
)
def test_timelines_are_away_where_zones_are_lost_that_have_all_copies(events, replicas, is_away):
    assert away(*events, also=zones(replicas, AT_ONCE)) is is_away


@pytest.mark.parametrize(("replicas", "is_away"), [(2, True), (3, False)])
def test_until_a_loss_is_noticed_timelines_are_away_for_zones_without_copies(replicas, is_away):
    assert away(ZONE, also=zones(replicas)) is is_away


def test_what_is_slow_has_so_much_of_its_speed_left():
    [slow] = happening("{kind='slow', station='user_db', speed='20 %', lasts='1 s'}")
    when = Once(at_s=2.0, for_s=1.0)
    assert slow == SlowDown(station="user_db", factor=0.2, when=when, members=(0,))


def test_a_broker_that_is_stopped_is_paused_whole():
    [stop] = happening("{kind='broker-stop', lasts='1 s'}")
    assert (stop.station, stop.factor, stop.members) == ("broker", 0.0, ALL)


def test_messages_between_services_are_lost():
    [loss] = happening("{kind='message-loss', share='3 %', lasts='1 s'}")
    when = Once(at_s=2.0, for_s=1.0)
    assert loss == MessageLoss(link=WIRE, probability=0.03, when=when)


def test_a_lost_region_loses_all_of_its_zones():
    zones = ("fleet.zones=4", "fleet.regions=['eu-west', 'us-east']")
    lost = happening("{kind='region-loss', region='us-east', at='3 s', lasts='4 s'}", also=zones)
    when = Once(at_s=5.0, for_s=4.0)
    assert lost == (ZoneLoss(zone=1, when=when), ZoneLoss(zone=3, when=when))


@pytest.mark.parametrize("kind", ["crash", "slow"])
def test_a_station_that_the_fleet_does_not_have_is_refused(kind):
    message = r"events.1.station: must be one of gateway, user, .* got 'timelines'"
    with pytest.raises(ScenarioError, match=message):
        happening("{kind='broker-stop'}", f"{{kind='{kind}', station='timelines'}}")


def test_what_comes_from_people_is_no_failure():
    assert not happening(
        "{kind='cache-wipe'}",
        "{kind='flash-crowd', times=3}",
        "{kind='image-flood', rate='9/s'}",
        "{kind='celebrity-post', followers=1}",
        "{kind='hot-shard'}",
    )


GROWS = (
    "{kind='add-shards', store='timeline_store', shards=2, at='10 s', speed='1 M/s', slows='20 %'}"
)
EIGHT = ("fleet.timeline_store.shards=8", "people.users=1 M", "people.daily_active=50 %")


def test_a_store_grows_to_its_size_server_after_server():
    spreads = [each for each in happening(GROWS, also=EIGHT) if isinstance(each, Spread)]
    assert [spread.shards for spread in spreads] == [6, 7, 8]
    assert spreads[0].at_s == 0.0
    begun_s, half_s, done_s = 12.0, spreads[1].at_s, spreads[2].at_s
    assert half_s == pytest.approx((begun_s + done_s) / 2)


def test_old_servers_send_side_by_side_all_that_lies_on_new_ones_in_the_end():
    found = happening(GROWS, also=EIGHT)
    [sending] = [each for each in found if isinstance(each, SlowDown)]
    stored = 500_000 * 800 * BYTES_PER_ENTRY
    # Two of eight servers' worth, from six senders of 1 MB a second each.
    assert sending.when.for_s == pytest.approx(stored * 2 / 8 / 6 / 1e6)
    assert sending.members == tuple(range(6))
    assert sending.factor == pytest.approx(0.8)


def test_a_slice_of_a_store_grows_as_long_as_the_whole():
    people = ("people.users=1 M", "people.daily_active=50 %")
    event = GROWS.replace("shards=2", "shards=8")
    of_slice = happening(event, also=(*SLICED, *people))
    whole = happening(event, also=(*SLICED, *people, "simulation.slice=1"))
    one, other = (
        next(each.when.for_s for each in found if isinstance(each, SlowDown))
        for found in (of_slice, whole)
    )
    assert one == pytest.approx(other)


@pytest.mark.parametrize("store", ["user_store", "post_store", "timeline_store"])
def test_twice_as_many_people_store_twice_as_much(store):
    one, two = (
        stored_bytes(load_scenario(LAPTOP, (f"people.users={users}",)), store)
        for users in (4_000, 8_000)
    )
    assert two == pytest.approx(2 * one)
    assert one > 0


def test_instances_that_scale_are_as_many_as_their_table_says():
    table = "{instances=2, autoscaling={max=6, busy_target='50 %', every='10 s', start_up='20 s'}}"
    [scaler] = happening(also=(f"fleet.timeline={table}",))
    assert scaler == Autoscale(
        station="timeline",
        every_s=10.0,
        busy_target=0.5,
        start_up_s=20.0,
        copies_min=2,
        copies_max=6,
    )


def test_a_slice_scales_in_proportion():
    table = "{instances=16, autoscaling={max=32}}"
    [scaler] = happening(also=(*SLICED, f"fleet.timeline={table}"))
    assert (scaler.copies_min, scaler.copies_max) == (4, 8)


def test_not_all_servers_can_be_new():
    with pytest.raises(ScenarioError, match="8, and 8 cannot be new"):
        happening(GROWS.replace("shards=2", "shards=8"), also=EIGHT)
