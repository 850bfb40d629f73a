"""How warm caches are after a wipe."""

from pathlib import Path

import numpy as np
import pytest

from model.world.scenario import Endpoint
from model.world.scenario_files import load_scenario
from model.world.warmth import cold_share, edge_miss_share, looks_after_s, wiped_at_s

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
WIPES = "events=[{kind='cache-wipe', at='9 s'}, {kind='cache-wipe', at='4 s'}]"
HABITS = ("traffic.sessions={pages=4.0, think='20 s'}", "traffic.rate=6/s")


@pytest.fixture(scope="module")
def scenario():
    return load_scenario(LAPTOP, (*HABITS, WIPES, "simulation.warmup=2 s"))


def test_the_first_wipe_counts(scenario):
    assert wiped_at_s(scenario, "timelines") == 6.0
    assert wiped_at_s(scenario, "edges") is None


@pytest.mark.parametrize("popular", ["", "{images='50 k'}"])
def test_how_warm_edges_are_is_not_said_where_it_is_known_what_they_hold(popular):
    known = (f"fleet.cdn.popular={popular}",) if popular else ()
    wiped = load_scenario(LAPTOP, (*known, "events=[{kind='cache-wipe', of='edges'}]"))
    assert wiped_at_s(wiped, "edges") == (None if popular else wiped.simulation.warmup)


def test_nobody_finds_a_timeline_gone_before_and_everybody_at_once_after_a_wipe(scenario):
    assert cold_share(scenario, -0.1) == 0.0
    assert cold_share(scenario, 0.0) == pytest.approx(1.0)


def test_cold_are_the_pages_of_readers_who_have_not_come_since(scenario):
    """Pages at one instant after the wipe, each with its reader's past drawn backwards."""
    rng, since_s, pages = np.random.default_rng(3), 30.0, 200_000
    readers = scenario.people.users * scenario.people.daily_active
    share = scenario.traffic.mix[Endpoint.NEWSFEED]
    between_sessions_s = 4.0 / (share * 6.0 / readers)
    begins_session = rng.random(pages) < 1 / 4
    last_before_s = np.where(
        begins_session, rng.exponential(between_sessions_s, pages), rng.exponential(20.0, pages)
    )
    found = np.mean(last_before_s > since_s)
    error = np.sqrt(found * (1 - found) / pages)
    assert cold_share(scenario, since_s) == pytest.approx(found, abs=4 * error)
    assert error < 0.01 * found


def test_an_empty_edge_has_nothing_and_fills_up(scenario):
    edges = scenario.fleet.cdn
    assert edge_miss_share(scenario, None) == pytest.approx(1 - edges.hit_share)
    assert edge_miss_share(scenario, 0.0) == 1.0
    after = edge_miss_share(scenario, edges.fills_in)
    assert after == pytest.approx(1 - edges.hit_share * (1 - 1 / np.e))


def test_it_is_looked_at_closely_at_first():
    looks_s = looks_after_s(10.0, 110.0)
    assert looks_s[:2].tolist() == [10.0, 11.0]
    assert looks_s[-1] < 110.0
    assert (np.diff(looks_s[1:], 2) > 0).all()


def test_after_the_end_there_is_nothing_to_look_at():
    assert not len(looks_after_s(10.0, 10.0))
