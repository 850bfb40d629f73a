"""What an answer says of copies, from the scenario to its numbers."""

from pathlib import Path

import pytest

from model.answers import questions
from model.answers.questions import simulated
from model.engine.limits import TooMuch
from model.engine.replications import replicate
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[4] / "scenarios" / "laptop.toml"
SHORT = (
    "simulation.warmup=1 s",
    "simulation.duration=8 s",
    "simulation.replications=4",
    "fleet.placement=dedicated",
    "traffic.rate=80/s",
)
COPIES = ("fleet.post_store={shards=4, replicas=2}",)


def scenario(*overrides):
    return load_scenario(LAPTOP, (*SHORT, *overrides))


@pytest.fixture(scope="module")
def calibration(learnt_on):
    return learnt_on(load_scenario(LAPTOP))


@pytest.fixture(scope="module")
def numbers(calibration):
    return simulated(scenario(*COPIES), calibration).numbers


def test_an_answer_has_lags_and_losses_of_the_stores_that_have_copies(numbers):
    # A copy has a millisecond of work, and hardly ever waits.
    assert 0.0005 < numbers["lag.replication.post_db.p50"].value < 0.002
    assert numbers["lag.replica.post_db.p50"].value == numbers["lag.replication.post_db.p50"].value
    assert numbers["lost_writes.post_db.per_crash"].value > 0
    assert not [name for name in numbers if "user_db" in name and not name.startswith("bus")]


def test_copies_in_other_zones_lag_by_the_way_to_them(calibration):
    # Half of the way there and back, and a millisecond of work.
    links = ("fleet.zones=2", "fleet.links.zone_rtt=10 ms")
    far = simulated(scenario(*COPIES, *links), calibration).numbers
    assert 0.0055 < far["lag.replication.post_db.p50"].value < 0.007


def test_who_writes_waits_for_the_copies_that_have_to_acknowledge(calibration):
    links = ("fleet.zones=2", "fleet.links.zone_rtt=40 ms")
    posts = [
        simulated(scenario(*COPIES, *links, f"fleet.post_store.acks={acks}"), calibration).numbers
        for acks in (1, 2)
    ]
    # A post writes this store twice, one after another.
    longer_s = posts[1]["post.p50"].value - posts[0]["post.p50"].value
    assert 0.080 < longer_s < 0.090
    assert posts[1]["lost_writes.post_db.per_crash"].value == 0.0


def test_runs_of_more_visits_than_are_kept_say_nothing_of_copies(calibration, monkeypatch):
    def no_room(*asked, keep_visits, **how):
        if keep_visits:
            raise TooMuch("more than 9 visits")
        return replicate(*asked, keep_visits=keep_visits, **how)

    monkeypatch.setattr(questions, "replicate", no_room)
    found = simulated(scenario(*COPIES), calibration).numbers
    assert "newsfeed.p50" in found
    assert not [name for name in found if name.startswith(("lost_writes.", "lag.repl"))]


@pytest.mark.verify
def test_a_slice_says_of_copies_what_the_world_says(calibration):
    worlds = (
        "traffic.rate=800/s",
        "fleet.post_store={shards=8, replicas=2}",
        "simulation.replications=8",
    )
    loops = ("gateway", "user", "follow", "post", "media", "timeline", "fanout", "pipeline")
    fleet = (f"fleet.{loop}={{instances=8}}" for loop in loops)
    stores = (f"fleet.{store}_store.shards=8" for store in ("user", "timeline"))
    wide = (*worlds, *fleet, *stores, "fleet.search.shards=8", "fleet.cdn.instances=8")
    world, part = (
        simulated(scenario(*wide, f"simulation.slice={k}"), calibration).numbers for k in (1, 4)
    )
    for name in ("lost_writes.post_db.per_crash", "lost_writes.post_db.per_year"):
        near = world[name].half_width + part[name].half_width
        assert part[name].value == pytest.approx(world[name].value, abs=near)
        assert near < 0.3 * world[name].value, "too noisy to prove anything"
