"""Loads: how often each station is visited for what is asked and what that leads to."""

from dataclasses import replace

import pytest

from model.answers.accounting import demand_of
from model.answers.sizing.loads import _A_SECOND, flows_of, loads_of, visits_of
from model.answers.sizing.rates import rates_of
from model.rules.image_work import developing_times, taking_in_times
from model.world.design import journeys_of
from model.world.entries import ENTRY_S
from model.world.reach import reach_of


@pytest.fixture
def journeys(asked):
    return lambda **changes: journeys_of(
        reach_of(asked(**changes)), lambda *_: _A_SECOND, lambda _: 0.0
    )


# As the load sends them: work is learnt of those.
IMAGES = {"image_size": "20 kB", "post_types": {"image": 1, "text": 0, "video": 0}}


def test_visits_are_those_by_which_the_calibration_learns(journeys):
    some = journeys(people=IMAGES)
    learnt = demand_of(some)
    for journey in some:
        for station, visits in visits_of(journey).items():
            assert visits == pytest.approx(learnt[journey.name, station])


def test_a_video_counts_for_as_many_images_as_its_pipeline_works(journeys):
    types = {"image": 0.75, "text": 0, "video": 0.25, "video_work": 30}
    some = journeys(people={"image_size": "20 kB", "post_types": types})
    development = next(each for each in some if each.name == "development")
    assert visits_of(development)["pipeline"] == pytest.approx(0.75 + 0.25 * 30)


def test_a_larger_image_counts_for_as_many_as_its_work_is(journeys):
    some = {each.name: visits_of(each) for each in journeys(people=IMAGES | {"image_size": "1 MB"})}
    assert some["post"]["darkroom"] == pytest.approx(taking_in_times(1_000_000))
    assert some["portrait"]["pipeline"] == pytest.approx(developing_times(1_000_000))


def test_however_large_an_image_is_it_is_visited_for_once(journeys):
    large = demand_of(journeys(people=IMAGES | {"image_size": "1 MB"}))
    assert large == pytest.approx(demand_of(journeys(people=IMAGES)))


def test_what_a_larger_image_works_is_no_number_of_visits(asked, learnt):
    scenario = asked()
    reach = reach_of(scenario)
    of_small = replace(learnt(), learnt_on=asked(people={"image_size": "20 kB"}))
    loads = loads_of(reach, of_small, rates_of(scenario, reach)[1])
    times = taking_in_times(1_000_000, 20_000)
    assert f"× {times:.4g} times the work of one as learnt" in loads["darkroom"].formula  # noqa: RUF001
    assert "1 visits" in loads["darkroom"].formula
    assert "as learnt" not in loads["gateway"].formula


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


# All have 63 followers: with their author 64 readers, on four servers 16 entries in each of four
# writes.  Or all have seven: eight entries in the one write to the one server.
IN_WRITES_OF_16 = {
    "people": {"followers": {"quantiles": [[0.0, 63], [1.0, 63]]}},
    "fleet": {"timeline_store": {"shards": 4}},
}
IN_WRITES_OF_8 = {
    "people": {"followers": {"quantiles": [[0.0, 7], [1.0, 7]]}},
    "fleet": {"timeline_store": {"shards": 1}},
}
POSTS_PER_S = 100


@pytest.fixture
def stores(asked, learnt):
    """Return the load of the timeline servers where something was learnt of something."""

    def make(changes, *, learnt_of, work_s=0.001):
        scenario = asked(**changes)
        reach = reach_of(scenario)
        calibration = replace(learnt(work_s), learnt_on=asked(**learnt_of))
        return loads_of(reach, calibration, rates_of(scenario, reach)[1])["timeline_store"]

    return make


@pytest.mark.parametrize(
    ("changes", "learnt_of", "beyond"),
    [(IN_WRITES_OF_16, IN_WRITES_OF_8, 4 * (16 - 8)), (IN_WRITES_OF_8, IN_WRITES_OF_16, 8 - 16)],
)
def test_writes_of_more_entries_than_were_learnt_of_work_more_and_of_fewer_less(
    stores, changes, learnt_of, beyond
):
    here, elsewhere = (stores(changes, learnt_of=each) for each in (changes, learnt_of))
    more = POSTS_PER_S * beyond * ENTRY_S
    assert elsewhere.value - here.value == pytest.approx(more)


def test_the_formula_says_how_many_entries_more_there_are_and_what_one_works(stores):
    here, elsewhere = (
        stores(IN_WRITES_OF_16, learnt_of=each) for each in (IN_WRITES_OF_16, IN_WRITES_OF_8)
    )
    more = "100 fanout/s × 32 entries more than were learnt of × 17.1 µs"  # noqa: RUF001
    assert elsewhere.formula == f"{here.formula} + {more}"
    assert "measured in this project (reports/feed_bench.md)" in elsewhere.sources


def test_entries_work_no_more_than_all_of_the_write_that_was_learnt(stores):
    fast_s = 8 * ENTRY_S / 2
    here, elsewhere = (
        stores(IN_WRITES_OF_16, learnt_of=each, work_s=fast_s)
        for each in (IN_WRITES_OF_16, IN_WRITES_OF_8)
    )
    # The four writes of twice as many entries work twice as much.
    assert elsewhere.value - here.value == pytest.approx(POSTS_PER_S * 4 * fast_s)
