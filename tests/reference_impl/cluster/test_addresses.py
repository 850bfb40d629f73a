from __future__ import annotations

import json
from pathlib import Path

import pytest

from model.world.scenario import Fleet
from reference_impl.chassis.addresses import LOOK_S
from reference_impl.cluster import addresses
from reference_impl.cluster.addresses import publish
from reference_impl.cluster.members import CALLED, services_of

SOCKETS = Path("/tmp/feedtwin-x")
MEMBERS = services_of(Fleet.model_validate({"zones": 2}), SOCKETS)


@pytest.fixture
def book(tmp_path):
    return tmp_path / "addresses.json"


def test_the_book_tells_place_and_zone_of_every_instance_that_is_called(book):
    publish(book, MEMBERS)
    told = json.loads(book.read_text())
    assert told["timeline"] == [
        {"url": "unix:/tmp/feedtwin-x/timeline-1.sock", "zone": "zone-1"},
        {"url": "unix:/tmp/feedtwin-x/timeline-2.sock", "zone": "zone-2"},
    ]
    assert told["gateway"][0]["url"] == "unix:/tmp/feedtwin-x/gateway-1.in.sock"
    assert set(told) == set(CALLED)


def test_before_who_was_left_out_is_stopped_every_caller_has_looked():
    assert addresses.RE_READ_S >= 2 * LOOK_S


def test_a_service_without_instances_is_listed_with_none(book):
    publish(book, [member for member in MEMBERS if member.station != "post"])
    assert json.loads(book.read_text())["post"] == []


def test_who_has_the_old_book_open_reads_it_to_its_end(book):
    publish(book, MEMBERS)
    with book.open() as reader:
        publish(book, [])
        assert json.loads(reader.read())["timeline"] != []
    assert json.loads(book.read_text())["timeline"] == []
