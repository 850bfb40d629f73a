import numpy as np
import pytest

from model.engine.engines import Engine, simulate_with
from model.engine.network import Network
from model.world.journeys import Journey


@pytest.fixture(params=list(Engine), ids=lambda engine: engine.value)
def simulate(request):
    """An engine: both mean the same."""
    return simulate_with(request.param)


@pytest.fixture
def walk(simulate):
    """Simulate one journey, arriving at given instants, on given stations."""

    def run_of(steps, *, at_s=(0.0,), network=None, until_s=1_000.0, attributes=None, seed=1):
        network = Network() if network is None else network
        network.journey(Journey(name="walk", steps=steps))
        network.recorded("walk", at_s=at_s, attributes=attributes)
        return simulate(network.build(), seed=seed, until_s=until_s)

    return run_of


@pytest.fixture
def sojourns():
    """(arrived, started, done) of each visit to a station, in the order of arrival."""

    def visits_of(run, station):
        mask = run.visits_of(station)
        columns = (run.visits.arrived_s, run.visits.started_s, run.visits.done_s)
        return list(zip(*(np.asarray(column)[mask].tolist() for column in columns), strict=True))

    return visits_of


@pytest.fixture
def ends():
    """(outcome, when) of each request of a journey, in the order of arrival."""

    def ends_of(run, journey="walk"):
        mine = run.requests.journey == run.program.journeys.index(journey)
        outcomes, done_s = run.requests.outcome[mine].tolist(), run.requests.done_s[mine].tolist()
        return list(zip(outcomes, done_s, strict=True))

    return ends_of
