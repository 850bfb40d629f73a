"""What happens side by side and what one after another, in the journeys of the design."""

from dataclasses import replace
from pathlib import Path

import pytest

from model.world.design import journeys_of
from model.world.journeys import AllOf, ForEach, Visit, WithProbability, own_name, sequence
from model.world.laws import QuantileTable
from model.world.reach import reach_of
from model.world.scenario_files import load_scenario

BASELINE = Path(__file__).parents[3] / "scenarios" / "baseline.toml"
NO_WORK = QuantileTable(probabilities=(0.0, 1.0), values=(0.0, 0.0))


@pytest.fixture(scope="module")
def reach():
    return reach_of(load_scenario(BASELINE))


def steps_of(journey, reach):
    """Return all steps of a journey, those inside others after these."""
    journeys = journeys_of(reach, lambda *_: NO_WORK, lambda _: 0.0)
    [steps] = [each.steps for each in journeys if each.name == journey]
    return list(walked(steps))


def walked(steps):
    for step in sequence(steps):
        yield step
        match step:
            case AllOf(branches=branches):
                for branch in branches:
                    yield from walked(branch)
            case ForEach(body=inner) | WithProbability(then=inner):
                yield from walked(inner)


def named(name, steps):
    [found] = [step for step in steps if own_name(step) == name]
    return found


@pytest.mark.parametrize("at_once", [1, 8])
def test_ranges_of_followers_are_brought_a_post_side_by_side(reach, at_once):
    spreading = replace(reach.spreading, at_once=at_once)
    steps = steps_of("fanout", replace(reach, spreading=spreading))
    assert named("chunks", steps).at_once == at_once


def test_the_servers_of_one_chunk_are_written_to_at_once(reach):
    assert named("servers", steps_of("fanout", reach)).at_once == 0


def test_the_pages_three_questions_are_asked_at_once(reach):
    [own] = [step for step in steps_of("newsfeed", reach) if isinstance(step, AllOf)]
    begun = [own_name(sequence(branch)[0]) for branch in own.branches]
    assert begun == ["follow", "timeline_store", "whose"]


def test_a_request_is_let_in_before_and_uncounted_after_its_service_works(reach):
    places = [own_name(step) for step in steps_of("login", reach) if isinstance(step, Visit)]
    counters = [place for place in places if place.startswith("session_store_")]
    assert counters == [
        *(f"session_store_let_in_{n}" for n in range(3)),
        *(f"session_store_answered_{n}" for n in range(2)),
    ]
    let_in, asked = places.index("session_store_let_in_2"), places.index("user")
    answered, uncounted = places.index("user_answer"), places.index("session_store_answered_0")
    assert let_in < asked < answered < uncounted
