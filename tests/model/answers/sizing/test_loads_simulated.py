"""Loads on paper are those that the simulated twin has, of writes that were learnt of few too."""

from dataclasses import replace
from pathlib import Path

import pytest

from model.answers.readings import read
from model.answers.sizing.loads import loads_of
from model.answers.sizing.rates import rates_of
from model.answers.statistics import over_replications
from model.answers.twin import twin_of
from model.engine.engines import Engine, simulate_with
from model.world.reach import reach_of
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[4] / "scenarios" / "laptop.toml"
SERVICES = ("gateway", "user", "follow", "post", "media", "timeline", "fanout", "pipeline")
FLEET = (
    "fleet.placement=dedicated", "traffic.rate=200/s", "policy.strategy=push",
    "traffic.mix={ newsfeed = '50 %', post = '50 %' }", "fleet.timeline_store.shards=4",
    *(f"fleet.{service}.instances=8" for service in SERVICES),
)  # fmt: skip
OF_MANY = ("people.followers.mean=90",)
UNTIL_S, REPLICATIONS = 10.0, 5


@pytest.fixture(scope="module")
def loads(learnt_on):
    """Return the cores of timeline servers of posts to many: learnt of few, on paper, simulated."""
    few, many = load_scenario(LAPTOP, FLEET), load_scenario(LAPTOP, (*FLEET, *OF_MANY))
    learnt = learnt_on(few, work_s=0.0005)
    reach = reach_of(many)
    rates = rates_of(many, reach)[1]
    alike = replace(learnt, learnt_on=many)
    papers = [loads_of(reach, each, rates)["timeline_store"].value for each in (learnt, alike)]
    return papers, _simulated(twin_of(many, learnt))


def _simulated(program):
    simulate, servers = simulate_with(Engine.COMPILED), 4
    runs = (
        simulate(program, seed=7, until_s=UNTIL_S, replication=number)
        for number in range(REPLICATIONS)
    )
    return over_replications(
        [servers * read(run, patience_s={}).busy["timeline_store"] for run in runs]
    )


def test_timeline_servers_are_as_busy_as_on_paper(loads):
    (paper, _), found = loads
    assert paper == pytest.approx(found.value, abs=found.half_width)
    assert found.half_width < 0.1 * paper, "too noisy to prove anything"


def test_they_are_not_where_each_write_is_said_to_work_alike(loads):
    (_, alike), found = loads
    assert alike < found.value - 2 * found.half_width
