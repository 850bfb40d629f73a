"""The table of needs against the journeys: what a request visits, it needs or can do without."""

from pathlib import Path

import pytest

from model.answers.accounting import demand_of
from model.answers.availability.needs import (
    EVERY,
    INSIDE,
    NEEDED,
    Access,
    needs_of,
)
from model.world.design import journeys_of
from model.world.laws import gamma
from model.world.reach import reach_of
from model.world.scenario import Endpoint
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[4] / "scenarios" / "laptop.toml"


@pytest.fixture(scope="module")
def visited():
    reach = reach_of(load_scenario(LAPTOP))
    work = gamma(mean=0.001, scv=0.3)
    journeys = journeys_of(reach, lambda journey, station: work, lambda journey: 0.0)
    found: dict[str, set[str]] = {}
    for journey, station in demand_of(journeys):
        found.setdefault(journey, set()).add(station)
    return found


@pytest.mark.parametrize("endpoint", Endpoint)
def test_every_station_on_the_way_of_a_request_is_needed_or_done_without(endpoint, visited):
    needs = needs_of(endpoint, load_scenario(LAPTOP), falls_back=False)
    known = {need.station for need in needs}
    assert {INSIDE.get(station, station) for station in visited[endpoint.value]} <= known


def test_every_kind_of_request_has_its_needs():
    assert set(NEEDED) == set(Endpoint)


def test_only_images_that_an_edge_does_not_have_need_the_service_behind(quiet):
    scenario = quiet(mix="image", fleet={"cdn": {"hit_share": 0.6}})
    shares = {n.station: n.share for n in needs_of(Endpoint.IMAGE, scenario, falls_back=True)}
    assert shares["cdn"] == 1
    assert shares["media"] == pytest.approx(0.4)


def test_texts_need_no_media(quiet):
    scenario = quiet(mix="post")
    kinds = {"post_types": {"image": 0.5, "text": 0.4, "video": 0.1}}
    people = scenario.people.model_validate({**scenario.people.model_dump(), **kinds})
    needs = needs_of(Endpoint.POST, scenario.model_copy(update={"people": people}), falls_back=True)
    assert {need.share for need in needs if need.station == "media"} == {0.6}


@pytest.mark.parametrize(
    ("policy", "endpoint", "station", "keys"),
    [
        ({}, Endpoint.FOLLOW, "user_db", 2),
        ({"follows_kept": "follower"}, Endpoint.FOLLOW, "user_db", 1),
        ({}, Endpoint.POST, "user_db", 1),
        ({"follows_kept": "follower"}, Endpoint.POST, "user_db", EVERY),
        ({}, Endpoint.NEWSFEED, "timeline_store", 1),
        ({"timelines_by": "post"}, Endpoint.NEWSFEED, "timeline_store", EVERY),
        ({"page_limit": 50}, Endpoint.NEWSFEED, "post_db", 50),
    ],
)
def test_how_rows_are_laid_out_says_how_many_shards_a_request_meets(
    policy, endpoint, station, keys, quiet
):
    scenario = quiet()
    scenario = scenario.model_copy(update={"policy": scenario.policy.model_validate(policy)})
    needs = needs_of(endpoint, scenario, falls_back=False)
    assert {need.keys for need in needs if need.station == station} == {keys}


@pytest.mark.parametrize(
    ("endpoint", "written"),
    [
        (Endpoint.NEWSFEED, set()),
        (Endpoint.POST, {"post_db"}),
        (Endpoint.FOLLOW, {"user_db"}),
        (Endpoint.LOGIN, {"session_store"}),
        (Endpoint.REGISTER, {"user_db", "session_store"}),
    ],
)
def test_what_requests_write_waits_for_a_copy_that_takes_writes(endpoint, written, quiet):
    needs = needs_of(endpoint, quiet(), falls_back=True)
    assert {need.station for need in needs if need.access is Access.WRITE} == written
