"""The numbers of lost writes, by name."""

from pathlib import Path

import pytest

from model.answers.numbers import is_count, is_share
from model.answers.readings import Reading
from model.answers.staleness import lost_writes
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[4] / "scenarios" / "laptop.toml"


def numbers(*overrides, alone=(0.2, 0.3, 0.4), lost=None):
    readings = [
        Reading(
            requests={},
            lags={},
            busy={},
            busiest={},
            unreplicated={"post_db": value},
            lost={} if lost is None else {"post_db": lost[n]},
        )
        for n, value in enumerate(alone)
    ]
    return dict(lost_writes(load_scenario(LAPTOP, overrides), readings))


def test_a_crash_costs_what_one_copy_alone_has_of_a_shard():
    found = numbers()["lost_writes.post_db.per_crash"]
    assert found.value == pytest.approx(0.3)
    assert 0 < found.low < 0.3 < found.high


def test_in_a_year_every_shard_loses_as_often_as_a_server_fails():
    every = "availability.server={every='73 d', repair='2 h'}"
    found = numbers(every, "fleet.post_store.shards=4")["lost_writes.post_db.per_year"]
    often = 4 * 365.25 / 73
    assert found.value == pytest.approx(0.3 * often)
    alone = numbers()["lost_writes.post_db.per_crash"]
    assert (found.low, found.high) == pytest.approx((alone.low * often, alone.high * often))


def test_fewer_than_none_are_never_lost():
    assert numbers(alone=(0.0, 0.0, 1.0))["lost_writes.post_db.per_crash"].low == 0.0


def test_what_the_run_itself_lost_is_said_if_anything_crashed():
    assert "lost_writes.post_db" not in numbers()
    assert numbers(lost=(1.0, 2.0, 3.0))["lost_writes.post_db"].value == pytest.approx(2.0)


def test_where_nothing_has_copies_nothing_is_said():
    nothing = Reading(requests={}, lags={}, busy={}, busiest={})
    assert dict(lost_writes(load_scenario(LAPTOP), [nothing] * 2)) == {}


def test_lost_writes_are_counts_and_nothing_else_is():
    assert is_count("lost_writes.post_db.per_year")
    assert not is_share("lost_writes.post_db.per_year")
    assert not is_count("lag.replication.post_db.p99")
