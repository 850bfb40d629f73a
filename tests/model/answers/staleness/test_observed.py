"""What one replication shows of copies, beside what it shows of everything else."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.answers.readings import Reading, Timed
from model.answers.staleness import Copies, copies_of, is_replicated, with_staleness
from model.answers.staleness.observed import outages_of
from model.world.failures import Once, SlowDown, ZoneLoss
from model.world.hot_shards import Hot
from model.world.journeys import Visit
from model.world.laws import Constant
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[4] / "scenarios" / "laptop.toml"
READING = Reading(
    requests={},
    lags={"fanout": Timed(began_s=np.zeros(1), took_s=np.ones(1))},
    busy={"db": 0.5},
    busiest={"db": 0.6},
)


def copies(*crashes, slice_of=1, zones=3, hot=None):
    return Copies(
        ways_s=np.zeros((zones, zones)),
        since_s=0.0,
        until_s=100.0,
        slice_of=slice_of,
        hot=hot,
        crashes=crashes,
    )


def observed(run, *crashes, **how):
    return with_staleness(READING, run, copies(*crashes, **how))


def test_what_the_reading_had_stays(written):
    reading = observed(written(0.0))
    assert reading.busy == {"db": 0.5}
    assert set(reading.lags) == {"fanout", "replication.db", "replica.db"}


def test_the_lag_of_a_write_is_that_of_its_last_copy(written):
    ways_s = np.asarray([[0.0, 0.5, 2.0], [0.5, 0.0, 9.0], [2.0, 9.0, 0.0]])
    known = Copies(ways_s=ways_s, since_s=0.0, until_s=9.0, slice_of=1, hot=None, crashes=())
    lags = with_staleness(READING, written(0.0, 4.0), known).lags
    assert lags["replication.db"].began_s.tolist() == [1.0, 5.0]
    assert lags["replication.db"].took_s.tolist() == [3.0, 3.0]
    assert lags["replica.db"].began_s.tolist() == [1.0, 1.0, 5.0, 5.0]
    assert lags["replica.db"].took_s.tolist() == [1.5, 3.0, 1.5, 3.0]


def test_what_copies_had_before_the_acknowledgement_lags_by_nothing(written):
    # Both have it at 2.5 s, and the primary hears of it at 3 s.
    known = replace(copies(), ways_s=0.5 * (1 - np.eye(3)))
    lags = with_staleness(READING, written(0.0, acks=3), known).lags
    assert lags["replication.db"].began_s.tolist() == [3.0]
    assert lags["replication.db"].took_s.tolist() == [0.0]
    assert lags["replica.db"].took_s.tolist() == [0.0, 0.0]


def test_copies_that_are_known_to_be_down_have_no_lag(written, down):
    one_left = observed(written(9.0, failures=[down(1, at_s=5.0)]))
    assert one_left.lags["replica.db"].took_s.tolist() == [1.0]
    none_left = observed(written(9.0, failures=[down(1, 2, at_s=5.0)]))
    assert none_left.lags["replication.db"].took_s.tolist() == []


def test_a_copy_that_was_told_in_vain_lags_for_ever(written, down):
    run = written(9.0, failures=[down(1, at_s=5.0)], noticed_after_s=90.0)
    assert observed(run).lags["replication.db"].took_s.tolist() == [np.inf]


def test_a_write_that_copies_are_still_at_is_unended(written):
    found = observed(written(0.0, 98.5))
    assert found.lags["replication.db"].took_s.tolist() == [1.0, np.inf]
    assert found.unended["replication.db"].began_s.tolist() == [99.5]
    assert found.unended["replication.db"].took_s.tolist() == [0.5]
    assert found.unended["replica.db"].took_s.tolist() == [0.5, 0.5]


def test_what_a_copy_was_told_in_vain_is_not_under_way(written, down):
    run = written(9.0, failures=[down(1, at_s=5.0)], noticed_after_s=90.0)
    assert observed(run).unended["replication.db"].took_s.tolist() == []


def test_what_crashes_lose_is_said_only_if_there_are_any(written, down):
    assert observed(written(0.0)).lost == {}
    assert observed(written(0.0, failures=[down(0, at_s=1.5)])).lost == {"db": 1.0}
    assert observed(written(0.0, failures=[down(0, at_s=2.5)])).lost == {"db": 0.0}


def test_failover_is_when_the_store_notices(written, down):
    crash = [down(0, at_s=1.5, for_s=5.0)]
    assert observed(written(0.0, failures=crash, noticed_after_s=4.0)).lost == {"db": 1.0}
    assert observed(written(0.0, failures=crash, noticed_after_s=6.0)).lost == {"db": 0.0}


def test_a_lost_zone_takes_the_primaries_that_stand_there(written):
    zone = ZoneLoss(zone=0, when=Once(at_s=1.5))
    assert observed(written(0.0, failures=[zone])).lost == {"db": 1.0}
    assert observed(written(0.0, failures=[zone]), slice_of=4).lost == {"db": 4.0}
    other = ZoneLoss(zone=1, when=Once(at_s=1.5))
    assert observed(written(0.0, failures=[other])).lost == {"db": 0.0}


def test_in_a_slice_a_crash_stands_for_as_many_as_it_says(written, down):
    run = written(0.0, failures=[down(0, at_s=1.5)])
    assert observed(run, ("db", 1.5, 1), slice_of=4).lost == {"db": 1.0}
    assert observed(run, ("db", 1.5, 7), slice_of=4).lost == {"db": 7.0}
    assert observed(run, ("db", 1.5, 7)).lost == {"db": 1.0}  # here is all there is


def test_only_crashes_of_the_store_itself_are_its_outages(written, down):
    slow = SlowDown(station="db", factor=0.5, when=Once(at_s=1.0), members=(0,))
    program = written(0.0, failures=[slow, down(2, at_s=3.0, for_s=4.0)]).program
    [found] = outages_of(program, "db", copies())
    assert (found.shard, found.copy, found.since_s, found.until_s) == (0, 2, 3.0, 7.0)


def test_a_run_that_kept_no_visits_says_nothing_of_copies(written):
    assert observed(replace(written(0.0), visits=None)) is READING


@pytest.mark.parametrize(("replicas", "expected"), [(1, False), (2, True)])
def test_a_store_is_replicated_if_writes_go_on_to_other_copies(written, replicas, expected):
    assert is_replicated(written(0.0, replicas=replicas).program) is expected


def test_reads_of_copies_are_no_writes(written):
    read = Visit(station="db", work=Constant(value=1.0), replica="any")
    run = written(0.0, steps=read)
    assert not is_replicated(run.program)
    assert observed(run).unreplicated == {}


def test_what_is_to_be_known_is_read_off_the_scenario():
    events = "events=[{kind='crash', station='post_db', members=2, at='4 s', lasts='9 s'}]"
    runs = ("simulation.warmup=3 s", "simulation.duration=20 s")
    known = copies_of(load_scenario(LAPTOP, (*runs, events, "fleet.zones=2")))
    assert (known.since_s, known.slice_of) == (3.0, 1)
    assert known.crashes == (("post_db", 7.0, 2),)
    assert known.ways_s == pytest.approx(0.0005 * (1 - np.eye(2)))  # half of links.zone_rtt


@pytest.mark.parametrize(
    ("at", "until_s"), [((), 23.0), (("9 s", "4 s"), 7.0), (("0 s",), 3.0), (("90 s",), 23.0)]
)
def test_all_is_as_usual_until_the_first_event(at, until_s):
    runs = ("simulation.warmup=3 s", "simulation.duration=20 s")
    tables = ", ".join(f"{{kind='cache-wipe', at='{each}'}}" for each in at)
    assert copies_of(load_scenario(LAPTOP, (*runs, f"events=[{tables}]"))).until_s == until_s


def test_what_a_crash_would_cost_is_of_the_time_before_anything_happens(written):
    # One write is on one copy alone from 1 to 2 s, one from 51 to 52 s.
    run = written(0.0, 50.0)
    usual, whole = (
        with_staleness(READING, run, replace(copies(), until_s=until_s)).unreplicated["db"]
        for until_s in (10.0, 100.0)
    )
    assert (usual, whole) == pytest.approx((1 / 10, 2 / 100))


def test_where_something_happens_at_once_nobody_knows_what_a_usual_crash_costs(written, down):
    found = with_staleness(
        READING, written(0.0, failures=[down(0, at_s=1.5)]), replace(copies(), until_s=0.0)
    )
    assert found.unreplicated == {}
    assert found.lost == {"db": 1.0}


def test_in_a_slice_a_hot_shard_stands_for_itself_and_the_others_for_all_that_are_not_hot():
    hot = Hot(station="db", shards=65, copies=2, share=0.5)
    assert copies(slice_of=8, hot=hot).stand_for("db", 9).tolist() == [1.0, *[8.0] * 8]
    assert copies(slice_of=8, hot=hot).stand_for("other", 2).tolist() == [8.0, 8.0]
    assert copies(hot=hot).stand_for("db", 65).tolist() == [1.0] * 65
