"""Who tries again, or is tried again for, meets another instance, and another zone once it can."""

from pathlib import Path

import pytest

from model.answers.twin import twin_of
from model.engine.codes import Outcome
from model.engine.compiled_engine import simulate
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
SERVICES = ("gateway", "user", "follow", "post", "timeline", "media", "fanout")
FLEET = [
    "fleet.placement=dedicated",
    *(f"fleet.{each}.instances=3" for each in SERVICES),
    *(f"fleet.{each}_store={{shards=3, replicas=3}}" for each in ("user", "post", "timeline")),
    "traffic.mix={newsfeed=1.0}", "traffic.rate=100/s",
    "simulation.warmup=0 s", "simulation.duration=40 s",
]  # fmt: skip
LOST = "events=[{kind='zone-loss', zone=1, at='10 s', lasts='25 s'}]"
CRASHED = "events=[{kind='crash', station='timeline', at='10 s', lasts='25 s'}]"
HANGING = "events=[{kind='slow', station='timeline', speed=0, at='10 s', lasts='25 s'}]"


@pytest.fixture
def pages(learnt_on):
    """Simulate; returns how long each page took that came while it was away, inf if it failed."""

    def of(*overrides):
        scenario = load_scenario(LAPTOP, [*FLEET, *overrides])
        run = simulate(twin_of(scenario, learnt_on(scenario)), seed=3, until_s=40.0)
        requests = run.requests
        took_s = requests.done_s - requests.arrived_s
        took_s[requests.outcome != Outcome.DONE] = float("inf")
        is_page = requests.journey == run.program.journeys.index("newsfeed")
        return took_s[is_page & (requests.arrived_s >= 10.0) & (requests.arrived_s < 30.0)]

    return of


@pytest.mark.parametrize("zones", [1, 3])  # with one instance of a service in each
def test_a_call_that_fails_at_one_instance_is_tried_at_another(pages, zones):
    fleet = (CRASHED, f"fleet.zones={zones}")
    once = pages(*fleet, "policy.protections.retries=0")
    again = pages(*fleet, "policy.protections.retries=2")
    assert (once == float("inf")).mean() > 0.05
    assert again.max() < 2.0


def test_a_call_that_waits_for_an_instance_that_hangs_is_tried_at_another(pages):
    how = ("policy.protections.call_deadline=500 ms", "policy.protections.retries=1")
    once, again = (pages(HANGING, *how[:tries]) for tries in (1, 2))
    assert (once == float("inf")).mean() > 0.25
    assert again.max() < 2.0


def test_people_who_try_again_are_sent_to_another_zone_once_the_loss_is_noticed(pages):
    how = ("fleet.zones=3", LOST, "fleet.links.noticed_after=5 s")
    once = pages(*how)
    again = pages(*how, "traffic.retries={times=6, backoff='1 s'}")
    assert (once == float("inf")).mean() > 0.05
    # Tried again 1, 3, 7 and 15 s after at the latest, of which one is after 5 s and a page's time.
    assert 1.0 < again.max() < 16.0
