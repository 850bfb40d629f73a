"""Whether posts by many hold up posts by few, at workers who go by urgency and at others."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.engine.network import Network
from model.engine.parts import Queue
from model.engine.simpy_engine import simulate
from model.world.design import journeys_of
from model.world.journeys import Journey
from model.world.laws import QuantileTable
from model.world.reach import reach_of
from model.world.scenario_files import load_scenario
from model.world.spreading import spreading_of

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
CHUNK_S = 0.002  # of a worker, for one chunk
STATIONS = ("relay", "broker", "post_db", "follow", "user_db", "timeline_store", "post", "pipeline")


def always(value_s):
    return QuantileTable(probabilities=(0.0, 1.0), values=(value_s, value_s))


def work_of(_, station):
    return always(CHUNK_S if station == "fanout" else 0.0)


@pytest.fixture(scope="module")
def scenario():
    return load_scenario(LAPTOP, ["fleet.fanout.instances=1"])


def fanout_of(scenario, followers, *, is_fair):
    """The journeys of a post by somebody with so many followers: its fan-out, its image."""
    usual = reach_of(scenario)
    reach = replace(
        usual,
        merge_share=0.0,
        spreading=spreading_of(scenario, np.full(10, followers)),
        is_fair=is_fair,
    )
    steps = {each.name: each.steps for each in journeys_of(reach, work_of, lambda _: 0.0)}
    return steps["fanout"], steps["development"]


def lag_of_one_among_big_ones(scenario, *, is_fair):
    """Return the lag, in seconds, of a post to few that comes while many are brought to many."""
    order = "priority" if is_fair else "fifo"
    network = Network().station("fanout", queue=Queue(order=order))
    for station in STATIONS:
        network.station(station)
    small, development = fanout_of(scenario, 10, is_fair=is_fair)
    big, _ = fanout_of(scenario, 50_000, is_fair=is_fair)
    network.journey(Journey(name="development", steps=development))
    for name, steps in (("small", small), ("big", big)):
        network.journey(Journey(name=name, steps=steps))
    network.recorded("small", at_s=np.array([0.1])).recorded("big", at_s=np.zeros(20))
    [lag_s] = simulate(network.build(), seed=1, until_s=60.0).latencies_s("small")
    return lag_s


def test_a_post_to_few_waits_for_one_chunk_of_posts_to_many_at_fair_workers(scenario):
    # Begun and ended at the worker, each time behind the half of a chunk that is in hand.
    assert lag_of_one_among_big_ones(scenario, is_fair=True) <= 2 * CHUNK_S + 1e-9


def test_a_post_to_few_waits_for_all_that_came_before_at_other_workers(scenario):
    # Twenty posts, of each a chunk in hand.
    assert lag_of_one_among_big_ones(scenario, is_fair=False) > 20 * CHUNK_S / 2
