"""Loads: how often each station is visited for what is asked and what that leads to."""

import pytest

from model.answers.accounting import demand_of
from model.answers.sizing.loads import _A_SECOND, flows_of, loads_of, visits_of
from model.answers.sizing.rates import rates_of
from model.world.design import journeys_of
from model.world.reach import reach_of


@pytest.fixture
def journeys(asked):
    return lambda **changes: journeys_of(
        reach_of(asked(**changes)), lambda *_: _A_SECOND, lambda _: 0.0
    )


IMAGES = {"post_types": {"image": 1, "text": 0, "video": 0}}


def test_visits_are_those_by_which_the_calibration_learns(journeys):
    some = journeys(people=IMAGES)
    learnt = demand_of(some)
    for journey in some:
        for station, visits in visits_of(journey).items():
            assert visits == pytest.approx(learnt[journey.name, station])


def test_a_video_counts_for_as_many_images_as_its_pipeline_works(journeys):
    types = {"image": 0.75, "text": 0, "video": 0.25, "video_work": 30}
    development = next(j for j in journeys(people={"post_types": types}) if j.name == "development")
    assert visits_of(development)["pipeline"] == pytest.approx(0.75 + 0.25 * 30)


def test_each_post_is_brought_to_its_readers_and_developed_once(asked, journeys):
    _, peak = rates_of(asked(), reach_of(asked()))
    flows = flows_of(journeys(), peak)
    posts, changes, registered = flows["post"].value, flows["follow"].value, flows["register"].value
    assert flows["fanout"].value == flows["development"].value == posts == pytest.approx(100)
    assert flows["reflection"].value == changes == pytest.approx(60)
    assert flows["announcement"].value == flows["portrait"].value == registered


def test_the_work_of_a_station_is_rate_times_visits_times_work(asked, learnt):
    scenario = asked()
    reach = reach_of(scenario)
    _, peak = rates_of(scenario, reach)
    loads = loads_of(reach, learnt(0.002), peak)
    assert loads["gateway"].value == pytest.approx(1_000 * 0.002)
    assert loads["password"].value == pytest.approx(40 * 0.002)  # of those who register


def test_a_work_that_nobody_learnt_is_not_needed_where_nobody_goes(asked, learnt):
    traffic = {"mix": {"newsfeed": 1.0, "post": 0.0}}
    scenario = asked(traffic=traffic)
    reach = reach_of(scenario)
    _, peak = rates_of(scenario, reach)
    loads = loads_of(reach, learnt(but={("post", "media")}), peak)
    assert all(load.is_known for load in loads.values())
    assert "media" not in loads
