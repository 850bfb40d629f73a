"""Edges of which it is simulated what they hold, against theory."""

from pathlib import Path

import numpy as np
import pytest

from model.answers.calibrate import expected_demand
from model.answers.predict import predict
from model.answers.questions import simulated
from model.answers.theory.caches import lru_hit_ratio_approximation
from model.answers.twin import twin_of
from model.engine.compiled_engine import simulate
from model.world.edges import FILLING, popularity_of, room_of
from model.world.laws import QuantileTable
from model.world.scenario import ScenarioError
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
FETCH_S = 0.05  # at the object store; all else takes no time
FLEET = [
    "fleet.placement=dedicated", "fleet.cdn.instances=6", "fleet.media.instances=300",
    "traffic.mix={image=1.0}", "simulation.warmup=0 s", "simulation.duration=20 s",
    "simulation.replications=2",
]  # fmt: skip
WIPE = "events=[{kind='cache-wipe', of='edges', at='10 ms'}]"
ALONE = "policy.protections.single_flight=false"


@pytest.fixture(scope="module")
def asked(learnt_on):
    def of(*overrides, images=1_000, exponent=1.0, cache="108 MB", rate=300):
        popular = f"{{images={images}, exponent={exponent}, cache='{cache}'}}"
        said = [*FLEET, f"traffic.rate={rate}/s", f"fleet.cdn.popular={popular}", *overrides]
        scenario = load_scenario(LAPTOP, said)
        works = {(journey, station): constant(station) for journey, station in demanded(scenario)}
        return scenario, learnt_on(scenario, works=works)

    return of


def demanded(scenario):
    """Where images are not known, which is how works are learnt."""
    cdn = scenario.fleet.cdn.model_copy(update={"popular": None})
    fleet = scenario.fleet.model_copy(update={"cdn": cdn})
    return expected_demand(scenario.model_copy(update={"fleet": fleet}))


def constant(station):
    work_s = FETCH_S if station == "object_store" else 0.0
    return QuantileTable(probabilities=(0.0, 1.0), values=(work_s, work_s))


def counted(run):
    """Images that were asked for, and those that edges fetched: each is two visits more."""
    images = int((run.requests.journey == run.program.journeys.index("image")).sum())
    stations = run.program.stations
    station = stations.names.index("cdn")
    visits = run.members.arrived[stations.of_member == station].sum()
    return images, int(visits / 2) - images


def counts(program, seeds, until_s=20.0):
    return np.array([counted(simulate(program, seed=s, until_s=until_s)) for s in range(seeds)])


@pytest.mark.parametrize(
    ("exponent", "cache", "also"),
    [(0.8, "12 MB", ()), (1.2, "12 MB", ()), (0.8, "60 MB", ("fleet.zones=3",))],
)
def test_edges_have_from_the_beginning_the_share_that_theory_says(exponent, cache, also, asked):
    scenario, learnt = asked(*also, images=5_000, exponent=exponent, cache=cache)
    images, fetched = counts(twin_of(scenario, learnt), 5).sum(axis=0)
    shares = np.diff(popularity_of(scenario.fleet.cdn.popular).cumulated, prepend=0.0)
    expected = lru_hit_ratio_approximation(
        shares.tolist(), room_of(scenario, scenario.fleet.cdn.popular)
    )
    # Hits follow one another almost independently where many images are held.
    error = np.sqrt(expected * (1 - expected) / images)
    assert 1 - fetched / images == pytest.approx(expected, abs=4 * error)
    assert error < 0.01


def test_without_single_flight_all_who_ask_during_a_fetch_fetch_too(asked):
    together, alone = (counts(twin_of(*asked(WIPE, *also)), 20) for also in ((), (ALONE,)))
    scenario, _ = asked()
    per_s = 300 * np.diff(popularity_of(scenario.fleet.cdn.popular).cumulated, prepend=0.0)
    # After a wipe each image that is asked for at all is fetched, and again by who asks meanwhile.
    expected = float((per_s * FETCH_S * -np.expm1(-per_s * 20.0)).sum())
    more = (alone - together)[:, 1]
    error = np.sqrt(expected / len(more))  # Poisson
    assert more.mean() == pytest.approx(expected, abs=4 * error)
    assert error < 0.1 * expected


def test_a_wiped_edge_fetches_once_what_it_is_asked_for(asked):
    wiped, warm = (counts(twin_of(*asked(*also)), 5)[:, 1].mean() for also in ((WIPE,), ()))
    scenario, _ = asked()
    per_s = 300 * np.diff(popularity_of(scenario.fleet.cdn.popular).cumulated, prepend=0.0)
    different = float(-np.expm1(-per_s * 20.0).sum())
    assert warm < 0.7 * wiped
    assert wiped == pytest.approx(different, rel=0.1)


def test_nobody_is_told_of_the_requests_that_warm_edges(asked):
    found = simulated(*asked())
    assert not [name for name in found.numbers if FILLING in name]
    assert "image.p50" in found.numbers
    assert set(predict(*asked()).recording.requests.endpoint) == {"image"}


def test_edges_that_are_known_cannot_be_sliced(asked):
    even = ["fleet.cdn.instances=2", "simulation.slice=2", "fleet.search.shards=2"]
    services = ("user", "follow", "post", "fanout", "pipeline")
    even += [f"fleet.{service}.instances=2" for service in services]
    with pytest.raises(ScenarioError, match=r"slice: must be 1 with fleet\.cdn\.popular"):
        twin_of(*asked(*even))
