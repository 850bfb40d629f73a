"""Stage times as the services write them into their answers."""

from __future__ import annotations

import math

import pytest

from loadtest.server_timing import MalformedTiming, Stage, stages_of


def test_each_station_has_its_visits_wall_and_work():
    gateway, store = stages_of("gateway;dur=4.5;cpu=0.5;n=1, timeline_store;dur=1.5;n=3")
    assert gateway == Stage("gateway", visits=1, wall_s=0.0045, cpu_s=0.0005)
    assert store[:3] == ("timeline_store", 3, 0.0015)
    assert math.isnan(store.cpu_s)


def test_an_answer_without_the_header_has_no_stages():
    assert stages_of("") == []


def test_a_station_counts_once_unless_it_says_otherwise():
    assert stages_of("gateway;dur=1")[0].visits == 1


@pytest.mark.parametrize("header", ["gateway;dur=soon", "gateway;dur", "gateway;n=1.5x;dur=1"])
def test_a_header_that_cannot_be_read_is_quoted(header):
    with pytest.raises(MalformedTiming, match=header.split(";", maxsplit=1)[0]):
        stages_of(header)
