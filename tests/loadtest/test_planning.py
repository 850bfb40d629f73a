"""The plan of a measurement: what is due when, and where to."""

from collections import Counter
from pathlib import Path

import pytest

from loadtest.plan import load_plan, save_plan
from loadtest.planning import plan_of
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[2] / "scenarios" / "laptop.toml"
GATEWAYS, EDGES = ("http://one", "http://two", "http://three"), ("unix:/edge-1", "unix:/edge-2")


@pytest.fixture(scope="module")
def plan():
    scenario = load_scenario(LAPTOP, ["traffic.rate=60/s", "load.duration=60 s"])
    return plan_of(scenario, GATEWAYS, EDGES, stream=1)


def test_images_are_asked_of_edges_at_random_and_everything_else_of_gateways(plan):
    rows = plan.arrivals
    is_image = rows.endpoint == "image"
    for some, urls in ((rows[is_image], EDGES), (rows[~is_image], GATEWAYS)):
        sent = Counter(some.gateway)
        assert sorted(sent) == list(range(len(urls)))
        fair, deviation = len(some) / len(urls), (len(some) / len(urls)) ** 0.5
        assert all(abs(count - fair) < 5 * deviation for count in sent.values())


def test_a_plan_comes_out_of_its_folder_as_it_went_in(plan, people, tmp_path):
    save_plan(tmp_path, plan, people)
    read, persons = load_plan(tmp_path)
    assert (read.gateway_urls, read.cdn_urls) == (GATEWAYS, EDGES)
    assert read.arrivals.equals(plan.arrivals)
    assert persons == people


def test_images_without_an_edge_to_ask_are_refused():
    scenario = load_scenario(LAPTOP, ["load.duration=10 s"])
    with pytest.raises(ValueError, match="cdn_urls must name at least one edge"):
        plan_of(scenario, GATEWAYS, (), stream=1)
