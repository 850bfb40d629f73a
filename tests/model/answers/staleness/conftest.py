"""Stores with copies, small enough to be known to the second."""

import numpy as np
import pytest

from model.answers.staleness import writes_of
from model.engine.network import Network
from model.engine.simpy_engine import simulate
from model.world.failures import Crash, Once
from model.world.journeys import Journey, Write
from model.world.laws import Constant

SECOND = Constant(value=1.0)


def write(acks=1, work=SECOND):
    return Write(station="db", work=work, acks=acks, key="own")


@pytest.fixture
def down():
    """Return the crash of copies of a store of one shard."""

    def crash(*copies, at_s, for_s=1e9):
        return Crash(station="db", members=copies, when=Once(at_s=at_s, for_s=for_s))

    return crash


@pytest.fixture
def written():
    """Write at these instants, each a second of work at each copy; return the run."""

    def run(*at_s, steps=None, failures=(), until_s=100.0, acks=1, **station):
        station = {"servers": 9, "replicas": 3, **station}
        network = Network().station("db", **station).zones(station["replicas"])
        network.journey(Journey(name="write", steps=steps or write(acks)))
        for failure in failures:
            network.failure(failure)
        network.recorded("write", at_s=np.asarray(at_s, dtype=float))
        return simulate(network.build(), seed=1, until_s=until_s)

    return run


@pytest.fixture
def acknowledged(written):
    """Return the acknowledged writes of such a run, which has all zones `way_s` apart."""

    def writes(*at_s, way_s=0.0, zones=3, **how):
        ways_s = way_s * (1 - np.eye(zones))
        return writes_of(written(*at_s, **how), "db", ways_s)

    return writes
