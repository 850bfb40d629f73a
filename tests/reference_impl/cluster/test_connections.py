from __future__ import annotations

import dataclasses

import pytest

from model.world.scenario import Fleet, Instances
from reference_impl.cluster.connections import GROWTH, needed, refuse_too_many, room_for
from reference_impl.cluster.errors import NotReady, Refused

FLEET = Fleet.model_validate({"user_store": {"connections": 10}})


def scaled(fleet, **counts):
    update = {name: Instances(instances=count) for name, count in counts.items()}
    return fleet.model_copy(update=update)


def test_a_server_of_users_is_connected_to_by_user_and_follow_services():
    more = needed(scaled(FLEET, user=4, follow=3, post=9, timeline=9), "user_db")
    assert more - needed(FLEET, "user_db") == (3 + 2) * 10


def test_a_server_of_posts_is_connected_to_by_post_services():
    more = needed(scaled(FLEET, user=4, post=9), "post_db")
    assert more - needed(FLEET, "post_db") == 8 * 8


def test_an_embedded_server_has_room_for_later():
    assert room_for(FLEET, "user_db") == needed(FLEET, "user_db") + GROWTH


@pytest.fixture
def taken(engines):
    """What the session's servers take, which were started for a fleet as it comes."""
    return room_for(engines.cluster.fleet, "user_db")


def test_more_instances_than_a_server_can_take_are_refused_with_the_number(engines, taken):
    fleet = engines.cluster.fleet
    most = 1 + GROWTH // 8
    refuse_too_many(scaled(fleet, user=most), "user", engines.settings)
    words = f"would need {taken + 8} connections .* takes {taken}: at most {most} instances"
    with pytest.raises(Refused, match=words):
        refuse_too_many(scaled(fleet, user=most + 1), "user", engines.settings)


def test_who_connects_to_no_database_may_be_many(engines):
    refuse_too_many(scaled(engines.cluster.fleet, timeline=64), "timeline", engines.settings)


def test_a_server_that_cannot_be_asked_is_no_room(engines):
    nowhere = ("postgresql://nobody@/nothing?host=%2Fnowhere",)
    settings = dataclasses.replace(engines.settings, post_databases=nowhere)
    with pytest.raises(NotReady, match="a database does not answer"):
        refuse_too_many(engines.cluster.fleet, "post", settings)
