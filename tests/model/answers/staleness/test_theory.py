"""Replication lags and writes at risk against closed forms, and against counting by hand."""

from math import log

import numpy as np
import pytest

from model.answers.readings import Reading
from model.answers.staleness import Copies, with_staleness
from model.answers.statistics import over_replications, quantile_of_clusters
from model.engine.codes import Outcome
from model.engine.compiled_engine import simulate
from model.engine.network import Network
from model.world.failures import Crash, Once
from model.world.journeys import Journey, Write
from model.world.laws import Constant, Exponential

NOTHING = Reading(requests={}, lags={}, busy={}, busiest={})
REPLICATIONS = 8
WARM_UP_S, UNTIL_S = 20.0, 400.0
EVERY_SHARD_PER_S, MEAN_S = 5.0, 0.1


def network(work, *, acks=1, shards=2, **station):
    step = Write(station="db", work=work, acks=acks, key="own")
    made = Network().station("db", members=shards, **station)
    made.journey(Journey(name="write", steps=step))
    return made.arrivals("write", rate_per_s=EVERY_SHARD_PER_S * shards)


def copies(ways_s=None, crashes=(), slice_of=1):
    return Copies(
        ways_s=np.zeros((3, 3)) if ways_s is None else ways_s,
        since_s=WARM_UP_S,
        until_s=UNTIL_S,
        slice_of=slice_of,
        hot=None,
        crashes=crashes,
    )


def runs_of(made):
    program = made.build()
    return [simulate(program, seed=3, replication=n, until_s=UNTIL_S) for n in range(REPLICATIONS)]


def readings_of(made, known=None):
    return [with_staleness(NOTHING, run, known or copies()) for run in runs_of(made)]


def agrees(readings, expected):
    found = over_replications([r.unreplicated["db"] for r in readings], confidence=0.99)
    assert expected in found
    assert found.half_width < 0.15 * expected, "too noisy to prove anything"


def lag_agrees(readings, kind, q, expected_s):
    lags = [reading.lags[f"{kind}.db"].between(WARM_UP_S, UNTIL_S) for reading in readings]
    assert expected_s in quantile_of_clusters(lags, q, confidence=0.99)


def test_with_constant_work_and_room_as_many_are_at_risk_as_come_in_that_time():
    # Nobody waits, so each write is alone for its work at the next copy and the way to it.
    made = network(Constant(value=MEAN_S), replicas=2, servers=50).zones(3)
    way_s = 0.04 * (1 - np.eye(3))
    readings = readings_of(made, copies(way_s))
    agrees(readings, EVERY_SHARD_PER_S * (MEAN_S + 0.04))
    for reading in readings:
        assert reading.lags["replication.db"].between(0.0, UNTIL_S - 1) == pytest.approx(0.14)


def test_the_first_of_two_other_copies_saves_a_write():
    # The earlier of two exponential works has half the mean, the later one and a half times that.
    readings = readings_of(network(Exponential(mean=MEAN_S), replicas=3, servers=50))
    agrees(readings, EVERY_SHARD_PER_S * MEAN_S / 2)
    lag_agrees(readings, "replica", 0.5, MEAN_S * log(2))
    # Both have it by t with probability (1 - exp(-t / mean))^2.
    for q in (0.5, 0.99):
        lag_agrees(readings, "replication", q, -MEAN_S * log(1 - q**0.5))


def test_a_copy_with_a_queue_lags_as_the_second_of_two_queues_in_tandem():
    # What leaves an M/M/1 queue is Poisson (P. J. Burke, "The Output of a Queuing System",
    # Operations Research 4, 1956), so the copy is an M/M/1 queue, too.
    readings = readings_of(network(Exponential(mean=MEAN_S), replicas=2))
    spare_per_s = 1 / MEAN_S - EVERY_SHARD_PER_S
    agrees(readings, EVERY_SHARD_PER_S / spare_per_s)
    for q in (0.5, 0.95):
        lag_agrees(readings, "replication", q, -log(1 - q) / spare_per_s)


def test_nothing_that_two_copies_acknowledge_is_at_risk():
    readings = readings_of(network(Exponential(mean=MEAN_S), acks=2, replicas=3, servers=50))
    assert [reading.unreplicated["db"] for reading in readings] == [0.0] * REPLICATIONS


def spans_by_hand(run, shard):
    """Since when the first of three copies has each write of a shard, and when another has."""
    visits = run.visits
    first_s: dict[int, float] = {}
    second_s: dict[int, float] = {}
    for n in np.flatnonzero(visits.outcome == Outcome.DONE):
        at_shard, copy = divmod(int(visits.member[n]), 3)
        times_s = second_s if copy else first_s
        if at_shard == shard:
            times_s[visits.request[n]] = min(visits.done_s[n], times_s.get(visits.request[n], 1e9))
    return [(since_s, second_s.get(request, 1e9)) for request, since_s in first_s.items()]


def counted_by_hand(run, shard, instants_s):
    """How many writes no second copy had at each of these instants."""
    spans = spans_by_hand(run, shard)
    return [sum(since_s <= at_s < until_s for since_s, until_s in spans) for at_s in instants_s]


def test_as_many_are_at_risk_as_are_counted_at_random_instants():
    made = network(Exponential(mean=MEAN_S), replicas=3, shards=1)
    instants_s = np.random.default_rng(7).uniform(WARM_UP_S, UNTIL_S, 400)
    runs = runs_of(made)
    counted = [np.mean(counted_by_hand(run, 0, instants_s)) for run in runs]
    shown = [with_staleness(NOTHING, run, copies()).unreplicated["db"] for run in runs]
    difference = over_replications(np.subtract(counted, shown), confidence=0.99)
    assert 0.0 in difference
    assert difference.half_width < 0.15 * np.mean(counted), "too noisy to prove anything"


def test_as_many_are_lost_in_a_crash_as_are_counted_by_hand():
    # Work is slow, so that dozens are on their way to copies when both primaries go down at 200 s.
    made = network(Exponential(mean=4.0), replicas=3, servers=500, noticed_after_s=10.0)
    made.failure(Crash(station="db", members=(0, 3), when=Once(at_s=200.0, for_s=50.0)))
    for run in runs_of(made)[:3]:
        expected = sum(sum(counted_by_hand(run, shard, [200.0])) for shard in (0, 1))
        assert expected > 10
        assert with_staleness(NOTHING, run, copies()).lost["db"] == expected
