import numpy as np
import pytest

from model.engine.network import Network
from model.engine.simpy_engine import simulate
from model.world.journeys import Journey


@pytest.fixture
def walk():
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
