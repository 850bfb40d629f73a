"""What copies do on paper is what they do in the simulated twin, in any number of zones."""

from pathlib import Path

import numpy as np
import pytest

from model.answers.sizing.copies import read_shares
from model.answers.sizing.rates import rates_of
from model.answers.sizing.worked import worked_of
from model.answers.statistics import over_replications
from model.answers.twin import twin_of
from model.engine.engines import Engine, simulate_with
from model.world.reach import reach_of
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[4] / "scenarios" / "laptop.toml"
SERVICES = ("gateway", "user", "follow", "post", "media", "timeline", "fanout", "pipeline")
STORE, SHARDS = "timeline_store", 6
FLEET = (
    "fleet.placement=dedicated", "traffic.rate=200/s", "policy.strategy=push",
    "traffic.mix={ newsfeed = '75 %', post = '25 %' }", f"fleet.{STORE}.shards={SHARDS}",
    *(f"fleet.{service}.instances=9" for service in SERVICES),
)  # fmt: skip
UNTIL_S, REPLICATIONS = 5.0, 8
ONE_OF_ALL = 1 - 0.05 / 20  # of twenty comparisons, so that all are right in 95 %


@pytest.fixture(
    scope="module", params=[(zones, copies) for zones in (1, 2, 3) for copies in (1, 2, 3)]
)
def found(request, learnt_on):
    """Return the load on paper and the simulated busy shares, by shard and copy, of some copies."""
    zones, copies = request.param
    return _found(learnt_on, copies, f"fleet.zones={zones}")


def _found(learnt_on, copies, *changes):
    scenario = load_scenario(LAPTOP, (*FLEET, f"fleet.{STORE}.replicas={copies}", *changes))
    learnt = learnt_on(scenario, work_s=0.0005)
    reach = reach_of(scenario)
    paper = worked_of(scenario, reach, learnt, rates_of(scenario, reach)[1])
    program = twin_of(scenario, learnt)
    first = int(program.stations.first_member[program.stations.names.index(STORE)])
    members = slice(first, first + SHARDS * copies)
    simulate = simulate_with(Engine.COMPILED)
    runs = (simulate(program, seed=7, until_s=UNTIL_S, replication=n) for n in range(REPLICATIONS))
    busy = [run.members.busy_s[members].reshape(SHARDS, copies) / UNTIL_S for run in runs]
    busiest = int(read_shares(scenario, copies)[0].argmax())
    return paper, np.array(busy), busiest


def test_a_store_is_as_busy_as_on_paper(found):
    paper, busy, _ = found
    simulated = over_replications(busy.mean(axis=(1, 2)), confidence=ONE_OF_ALL)
    share = paper.in_all[STORE].value / busy[0].size
    assert share == pytest.approx(simulated.value, abs=simulated.half_width)
    assert simulated.half_width < 0.15 * share, "too noisy to prove anything"


def test_the_busiest_copies_are_as_busy_as_on_paper(found):
    paper, busy, busiest = found
    simulated = over_replications(busy[:, :, busiest].mean(axis=1), confidence=ONE_OF_ALL)
    share = paper.usually.busy[STORE].value / SHARDS
    assert share == pytest.approx(simulated.value, abs=simulated.half_width)
    assert simulated.half_width < 0.15 * share, "too noisy to prove anything"


HEDGED = ("fleet.zones=1", "policy.protections.hedge_after=3 s")
FAR_APART = (
    "fleet.zones=2",
    "fleet.regions=['eu-west', 'us-east']",
    "people.regions={ eu-west = '70 %', us-east = '30 %' }",
)


@pytest.mark.parametrize("changes", [HEDGED, FAR_APART])
def test_copies_share_reads_where_any_is_chosen_and_by_who_is_near(learnt_on, changes):
    paper, busy, _ = _found(learnt_on, 2, *changes)
    # Of every other shard it is the second copy that is in the first zone.
    in_first_zone = np.where(np.arange(SHARDS) % 2, busy[:, :, 1], busy[:, :, 0])
    simulated = over_replications(in_first_zone.mean(axis=1), confidence=ONE_OF_ALL)
    share = paper.usually.busy[STORE].value / SHARDS
    assert share == pytest.approx(simulated.value, abs=simulated.half_width)
