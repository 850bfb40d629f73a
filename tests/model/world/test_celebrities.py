"""One post by somebody with very many followers: written as any, and brought to them, or kept."""

from pathlib import Path

import pytest

from model.rules.fanouts import class_of
from model.rules.timelines import FANOUT_CHUNK_MAX
from model.world.celebrities import celebrity_journeys, celebrity_name, is_celebritys_post
from model.world.design.requests import request
from model.world.design.steps import Steps
from model.world.journeys import (
    AllOf,
    Call,
    Emit,
    ForEach,
    Hold,
    WithProbability,
    own_name,
    sequence,
)
from model.world.laws import QuantileTable
from model.world.reach import reach_of
from model.world.scenario import Endpoint
from model.world.scenario.events import CelebrityPost
from model.world.scenario_files import load_scenario
from model.world.wiring import wiring_of

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
NO_WORK = QuantileTable(probabilities=(0.0, 1.0), values=(0.0, 0.0))


def journeys(*followers, also=(), before=""):
    # More followers than these few people could be: how wide a post is does not ask who they are.
    posts = tuple(CelebrityPost(kind="celebrity-post", followers=each) for each in followers)
    scenario = load_scenario(LAPTOP, (*also, f"events=[{before}]"))
    scenario = scenario.model_copy(update={"events": (*scenario.events, *posts)})
    found = celebrity_journeys(
        scenario, reach_of(scenario), lambda *_: NO_WORK, wiring_of(scenario)
    )
    return {journey.name: list(walked(journey.steps)) for journey in found}


def walked(steps):
    for step in sequence(steps):
        yield step
        match step:
            case AllOf(branches=branches):
                for branch in branches:
                    yield from walked(branch)
            case ForEach(body=inner) | WithProbability(then=inner):
                yield from walked(inner)
            case Call(steps=inner) | Hold(steps=inner):
                yield from walked(inner)


def taken(steps, name):
    """The probability that what is called so is done; 0 if nothing is."""
    return sum(step.p for step in steps if own_name(step) == name)


def brought(followers, also=("policy.strategy=push",)):
    return journeys(followers, also=also)["celebrity_0_fanout"]


def test_without_a_celebrity_there_is_no_journey():
    assert journeys() == {}


def test_every_celebrity_has_two_journeys_named_by_the_number_of_the_event():
    found = journeys(500, 900, before="{kind='broker-stop'}, ")
    names = [celebrity_name(1), celebrity_name(2)]
    assert set(found) == {*names, *(f"{name}_fanout" for name in names)}


def test_a_celebritys_post_is_written_and_then_brought_to_its_own_followers():
    steps = journeys(500)["celebrity_0"]
    emitted = [step.journey for step in steps if isinstance(step, Emit)]
    assert emitted == ["celebrity_0_fanout"]
    stations = {step.station for step in steps if hasattr(step, "station")}
    assert {"gateway", "post", "post_db", "timeline_store"} <= stations


def protections(steps):
    """What is around a request, outermost first."""
    for step in sequence(steps):
        if isinstance(step, Call | Hold):
            return [(own_name(step), getattr(step, "retries", 0)), *protections(step.steps)]
    return []


@pytest.mark.parametrize("retries", [0, 3])
def test_a_celebrity_is_let_in_and_tries_again_like_anybody(retries):
    scenario = load_scenario(
        LAPTOP,
        (
            f"traffic.retries.times={retries}",
            "events=[{kind='celebrity-post', followers=500}]",
        ),
    )
    wiring, reach = wiring_of(scenario), reach_of(scenario)
    [its_own, _] = celebrity_journeys(scenario, reach, lambda *_: NO_WORK, wiring)
    anybodys = request(
        Endpoint.POST, Steps("post", lambda *_: NO_WORK, wiring), reach, lambda _: 0.0
    )
    assert protections(its_own.steps) == protections(anybodys.steps)
    assert (("client", retries) in protections(its_own.steps)) is (retries > 0)


@pytest.mark.parametrize(
    ("journey", "is_post"), [("celebrity_0", True), ("celebrity_0_fanout", False), ("post", False)]
)
def test_for_a_celebritys_post_somebody_waits_but_not_for_its_fanout(journey, is_post):
    assert is_celebritys_post(journey) is is_post


@pytest.mark.parametrize(("followers", "kept"), [(199, 0.0), (200, 1.0), (5_000_000, 1.0)])
def test_from_the_threshold_on_a_post_is_kept_and_brought_to_nobody(followers, kept):
    steps = brought(followers, also=("policy.strategy=hybrid",))
    assert taken(steps, "keep") == kept
    assert taken(steps, "few") == 1 - kept
    assert "chunks" not in [own_name(step) for step in steps]


def test_who_fits_into_one_chunk_is_brought_the_post_together():
    steps = brought(FANOUT_CHUNK_MAX)
    assert (taken(steps, "few"), taken(steps, "keep")) == (1.0, 0.0)


def test_who_does_not_is_brought_it_in_as_many_chunks_as_they_fill():
    followers = 100 * FANOUT_CHUNK_MAX
    steps = brought(followers)
    assert taken(steps, "few") == 0.0
    assert taken(steps, f"many_{class_of(followers)}") == 1.0
    [chunks] = [step for step in steps if own_name(step) == "chunks"]
    # Followers are cut into ranges, each of which may end in a chunk that is not full.
    assert 100 <= chunks.count.mean <= 200


def test_two_celebrities_are_told_apart():
    found = journeys(10 * FANOUT_CHUNK_MAX, 90 * FANOUT_CHUNK_MAX, also=("policy.strategy=push",))
    one, other = (
        next(
            step.count.mean for step in found[f"celebrity_{n}_fanout"] if own_name(step) == "chunks"
        )
        for n in (0, 1)
    )
    assert other > 2 * one


def test_a_worker_is_not_stopped_while_it_brings_a_post_to_millions():
    steps = brought(2_000_000)
    around = [step for step in steps if isinstance(step, Call) and step.deadline is not None]
    assert around, "calls of services have deadlines"
    for call in around:
        assert "chunks" not in [own_name(step) for step in walked(call.steps)]
