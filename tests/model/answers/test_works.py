"""What a visit is learnt to cost, where requests of one kind differ in their visits."""

from dataclasses import replace

import pandas as pd
import pytest

from model.answers.accounting import Window, with_hits_seen
from model.answers.recordings import Recording, table_of
from model.answers.works import works_of
from model.world.scenario import Endpoint, Scenario
from model.world.scenario.fleet import Popular

HITS, MISSES = 60, 20
HIT_S, MISS_S = 0.001, 0.005  # of all calls of the edge by one request


def window(*, misses=MISSES, stages=True):
    """Images that an edge had, and some that it fetched by a second call of its own."""
    count = HITS + misses
    requests: list[tuple[object, ...]] = [
        (n, "image", 1.0, 1.0, 1.01, 200, 9) for n in range(count)
    ]
    rows: list[tuple[object, ...]] = []
    for n in range(count):
        is_hit = n < HITS
        rows.append((n, "cdn", 1 if is_hit else 2, 0.01, HIT_S if is_hit else MISS_S))
        rows += [] if is_hit else [(n, "media", 1, 0.004, 0.002)]
    total_s = HITS * HIT_S + misses * MISS_S
    clocks: list[tuple[object, ...]] = [
        ("cdn-1", "cdn", at_s, total_s * at_s / 2) for at_s in (0.0, 2.0)
    ]
    recording = Recording(
        requests=table_of("requests", requests),
        stages=table_of("stages", rows if stages else []),
        cpu=table_of("cpu", clocks),
        fanouts=table_of("fanouts", []),
    )
    return Window(recording=recording, since_s=0.0, until_s=2.0)


@pytest.fixture
def scenario():
    return Scenario.model_validate(
        {
            "name": "images",
            "people": {"users": 20, "followers": {"mean": 3, "max": 10}},
            "traffic": {"rate": "40/s", "mix": {"image": 1.0}},
            "fleet": {"cdn": {"hit_share": 0.5}},
        }
    )


def test_calls_cost_so_much_each_that_all_of_them_together_cost_what_was_worked():
    learnt = works_of([window()], {("image", "cdn"): 1.25})["image", "cdn"]
    worked_s = HITS * HIT_S + MISSES * MISS_S
    # Ten calls more or less of each kind are within the table's 64 points.
    assert learnt.mean == pytest.approx(worked_s / (HITS + 2 * MISSES), rel=0.05)


def test_an_origin_is_learnt_from_the_requests_that_went_there():
    learnt = works_of([window()], {("image", "cdn"): 1.25, ("image", "media"): 0.25})
    assert learnt["image", "media"].mean == pytest.approx(0.002, rel=0.001)


def test_the_share_that_edges_had_is_that_of_images_whose_origin_was_not_asked(scenario):
    seen = with_hits_seen(scenario, window())
    assert seen.fleet.cdn.hit_share == pytest.approx(HITS / (HITS + MISSES))
    assert seen.traffic == scenario.traffic


def test_what_edges_were_seen_to_have_stands_for_which_images_they_hold(scenario):
    cdn = scenario.fleet.cdn.model_copy(update={"popular": Popular(images=50)})
    fleet = scenario.fleet.model_copy(update={"cdn": cdn})
    known = scenario.model_copy(update={"fleet": fleet})
    assert with_hits_seen(known, window()) == with_hits_seen(scenario, window())


def test_where_no_image_was_asked_for_or_nobody_said_where_it_went_the_scenario_says_it(scenario):
    assert with_hits_seen(scenario, window(stages=False)) is scenario
    seen = window()
    pages = seen.recording.requests.assign(endpoint=Endpoint.NEWSFEED.value)
    unasked = replace(seen, recording=replace(seen.recording, requests=pages))
    assert with_hits_seen(scenario, unasked) is scenario


def test_what_an_edge_works_for_events_is_not_what_an_image_costs():
    """A gateway's calls cost it a millisecond besides; the edge works a second for events."""
    seen = window()
    requests = range(HITS + MISSES)
    gateway = table_of("stages", [(n, "gateway", 1, 0.01, 0.002) for n in requests])
    ends = [("cdn-1", "cdn", 1.16), ("gateway-1", "gateway", len(requests) * 0.003)]
    clocks: list[tuple[object, ...]] = [
        (name, of, at_s, cpu_s * at_s / 2) for name, of, cpu_s in ends for at_s in (0.0, 2.0)
    ]
    stages = pd.concat([seen.recording.stages, gateway])
    recording = replace(seen.recording, stages=stages, cpu=table_of("cpu", clocks))
    demand = {("image", "cdn"): 1.25, ("image", "gateway"): 1.0}
    learnt = works_of([replace(seen, recording=recording)], demand)
    assert learnt["image", "gateway"].mean == pytest.approx(0.003)
    metered_s = (HITS * HIT_S + MISSES * MISS_S) / (HITS + 2 * MISSES)
    assert learnt["image", "cdn"].mean == pytest.approx(metered_s + 0.001, rel=0.05)
