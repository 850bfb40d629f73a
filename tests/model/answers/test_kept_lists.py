"""Lists that timeline processes keep, simulated: as often missed as theory says, and shared."""

from pathlib import Path

import numpy as np
import pytest

from model.answers.statistics import over_replications
from model.answers.twin import twin_of
from model.engine.engines import Engine, simulate_with
from model.engine.network import Network
from model.world.counts import CountTable
from model.world.journeys import Journey, Visit
from model.world.kept_lists import INFLUENCERS, KEPT_LISTS, KeptLists
from model.world.laws import Constant
from model.world.reach import reach_of
from model.world.scenario import ScenarioError
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
SERVICES = ("gateway", "user", "follow", "post", "media", "timeline", "fanout", "pipeline")
STORES = ("user_store", "post_store", "timeline_store")
WARMUP_S, UNTIL_S = 1.0, 9.0
FLEET = [
    "fleet.placement=dedicated", "traffic.rate=200/s", "traffic.mix={ newsfeed = '100 %' }",
    "simulation.warmup=1 s", "simulation.duration=8 s",
    "policy.influencer_followers_min=30", "fleet.search.shards=4", "fleet.cdn.instances=4",
    *(f"fleet.{service}.instances=4" for service in SERVICES),
    *(f"fleet.{store}.shards=16" for store in STORES),
]  # fmt: skip
KEPT = "policy.merged_lists_fresh=1 s"
REPLICATIONS = 5


@pytest.fixture(scope="module")
def asked(learnt_on):
    def of(*overrides, work_s=0.0005):
        scenario = load_scenario(LAPTOP, [*FLEET, *overrides])
        return scenario, learnt_on(scenario, work_s=work_s)

    return of


def calls_per_page(scenario, learnt):
    """Return, of each replication, how many calls for lists one page of the world costs."""
    program = twin_of(scenario, learnt)
    paths = [place for place, path in enumerate(program.steps.paths) if "/merge/" in path]
    simulate, found = simulate_with(Engine.COMPILED), []
    for number in range(REPLICATIONS):
        run = simulate(program, seed=scenario.seed, until_s=UNTIL_S, replication=number)
        is_call = np.isin(run.visits.step, paths) & run.visits_of("timeline_store")
        calls = np.count_nonzero(run.visits.arrived_s[is_call] >= WARMUP_S)
        in_world = scenario.requests_per_s * (UNTIL_S - WARMUP_S)
        found.append(calls * scenario.simulation.slice / in_world)
    return over_replications(found)


def test_the_first_page_asks_for_a_list_that_the_next_ones_find():
    always = CountTable(counts=(1,), cumulated=(1.0,))
    lists = KeptLists(per_page=always, popularity=always, calls_share=1.0)
    call = Visit(station="timeline_store", work=Constant(value=0.1))
    program = (
        Network()
        .station("timeline_store")
        .keys(INFLUENCERS, law=lists.popularity)
        .cache(KEPT_LISTS, keys=INFLUENCERS, capacity=1, ttl_s=1.5, single_flight=True)
        .journey(Journey(name="newsfeed", steps=lists.asked(call)))
        .recorded("newsfeed", at_s=[0.0, 0.05, 1.0, 2.0])
        .build()
    )
    run = simulate_with(Engine.COMPILED)(program, seed=1, until_s=3.0)
    assert run.visits.request.tolist() == [0, 3]  # the second page waits, the last comes too late
    assert run.requests.done_s == pytest.approx([0.1, 0.1, 1.0, 2.1])


@pytest.mark.parametrize("shards", [4, 256])
def test_servers_are_asked_as_often_as_on_paper(shards, asked):
    scenario, learnt = asked(KEPT, f"fleet.timeline_store.shards={shards}")
    found, paper = calls_per_page(scenario, learnt), reach_of(scenario).merged_servers.mean
    # 3 %, for draws may be of one influencer twice, whose list is then there.
    assert found.value == pytest.approx(paper, abs=found.half_width + 0.03 * paper)
    assert found.half_width < 0.1 * paper, "too noisy to prove anything"


def test_where_nothing_is_kept_every_page_asks_every_server_of_its_lists(asked):
    scenario, learnt = asked()
    found, paper = calls_per_page(scenario, learnt), reach_of(scenario).merged_servers.mean
    assert found.value == pytest.approx(paper, abs=found.half_width + 0.01 * paper)
    assert KEPT_LISTS not in twin_of(scenario, learnt).caches.names


def test_half_of_the_world_misses_as_often_as_the_whole(asked):
    whole, half = (
        calls_per_page(*asked(KEPT, *slice_of)) for slice_of in ([], ["simulation.slice=2"])
    )
    within = np.hypot(whole.half_width, half.half_width) + 0.02 * whole.value
    assert abs(whole.value - half.value) <= within
    assert within < 0.1 * whole.value, "too noisy to prove anything"


def test_without_single_flight_all_ask_who_miss_a_list_while_it_is_fetched(asked):
    alone = "policy.protections.single_flight=false"
    once, often = (calls_per_page(*asked(KEPT, *how, work_s=0.008)) for how in ([], [alone]))
    assert often.low > once.high


def test_a_run_that_counts_before_lists_are_kept_is_refused(asked):
    with pytest.raises(
        ScenarioError, match=r"warmup: must be at least .*, which is 2 s, .* got 1 s"
    ):
        twin_of(*asked("policy.merged_lists_fresh=2 s"))


def test_where_nothing_is_kept_no_warm_up_is_too_short(asked):
    assert twin_of(*asked("policy.merged_lists_fresh=2 s", "policy.strategy=push"))
