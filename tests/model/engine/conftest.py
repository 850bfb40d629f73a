import numpy as np
import pytest

from model.engine.engines import Engine, simulate_with
from model.engine.network import Network
from model.engine.parts import Queue
from model.world.journeys import Delay, Journey, Visit
from model.world.laws import Constant


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


@pytest.fixture
def marks():
    """A network with the journey "mark", which takes no time: a step that emits it is seen."""

    def network_of_marks():
        at_once = Delay(time=Constant(value=0.0))
        return Network().journey(Journey(name="mark", steps=at_once))

    return network_of_marks


@pytest.fixture
def began_s():
    """When each mark was made, such as one at the beginning of each attempt."""

    def marks_of(run):
        mine = run.requests.journey == run.program.journeys.index("mark")
        return run.requests.arrived_s[mine].tolist()

    return marks_of


@pytest.fixture
def blocked(marks):
    """A station "a" whose only server is busy until an instant, and that lets nobody wait."""

    def network_of_blocked(until_s=1_000.0, network=None):
        network = marks() if network is None else network
        work = Constant(value=until_s)
        network.station("a", queue=Queue(limit=0))
        network.journey(Journey(name="blocker", steps=Visit(station="a", work=work)))
        return network.recorded("blocker", at_s=[0.0])

    return network_of_blocked
