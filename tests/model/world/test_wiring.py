"""What a scenario makes of the steps of its journeys."""

from pathlib import Path

import pytest

from model.world.scenario_files import load_scenario
from model.world.topology import EVENT_LOOPS
from model.world.wiring import CALLED, Wiring, wiring_of

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"


def wiring(*overrides):
    return wiring_of(load_scenario(LAPTOP, overrides))


def events(*said):
    return f"events=[{', '.join(said)}]"


def test_where_nothing_is_said_all_is_on_one_machine_that_nothing_happens_to():
    usual = wiring()
    copies = dict.fromkeys(("user_db", "post_db", "timeline_store"), 1)
    assert usual == Wiring(copies=copies, acks=copies)


@pytest.mark.parametrize(
    "override",
    [
        events("{kind='crash', station='user'}"),
        "traffic.retries={times=1}",
        "policy.protections={retries=1}",
        "policy.protections={deadline='4 s'}",
    ],
)
def test_where_anything_can_go_wrong_calls_are_guarded(override):
    assert wiring(override).is_guarded


def test_several_zones_have_copies_to_choose_among():
    spread = wiring("fleet.zones=2")
    assert spread.is_spread
    assert spread.copy == "nearest"


def test_instances_that_come_and_go_are_chosen_among_in_one_zone_too():
    scaling = wiring("fleet.timeline.autoscaling={max=4}")
    assert not scaling.is_spread
    assert scaling.copy == "nearest"


def test_every_store_has_the_copies_and_acknowledgements_that_its_table_says():
    wired = wiring("fleet.post_store={shards=2, replicas=3, acks=2}")
    assert wired.copies == {"user_db": 1, "post_db": 3, "timeline_store": 1}
    assert wired.acks == {"user_db": 1, "post_db": 2, "timeline_store": 1}


@pytest.mark.parametrize(
    ("store", "station"),
    [("user_store", "user_db"), ("post_store", "post_db"), ("timeline_store", "timeline_store")],
)
def test_the_station_is_named_whose_shard_is_hot(store, station):
    assert wiring(events(f"{{kind='hot-shard', store='{store}'}}")).hot_station == station


def test_messages_are_lost_only_where_that_is_said():
    assert wiring(events("{kind='message-loss'}")).loses_messages
    assert not wiring(events("{kind='broker-stop'}")).loses_messages


def test_a_scenario_says_where_it_is_measured_and_what_clients_do():
    wired = wiring("targets.measured_at=client", "traffic.retries={times=2, backoff='1 s'}")
    assert wired.measured_at_client
    assert (wired.retries.times, wired.retries.backoff) == (2, 1.0)


def test_who_is_called_by_others_is_a_service_of_the_fleet():
    assert set(CALLED) < set(EVENT_LOOPS)


def test_on_one_machine_the_first_copy_is_visited():
    assert Wiring().copy == "primary"
