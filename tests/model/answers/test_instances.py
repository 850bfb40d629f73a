"""How many instances there are, against counting by hand and a run that scales."""

import numpy as np
import pytest

from model.answers.instances import InUse
from model.answers.readings import read
from model.engine.network import Network
from model.engine.simpy_engine import simulate
from model.world.failures import Autoscale
from model.world.journeys import Journey, Visit
from model.world.laws import Constant


@pytest.fixture
def grown():
    """Two, four from the tenth second on, three from the twentieth."""
    return InUse(at_s=np.array([0.0, 10.0, 20.0]), count=np.array([2, 4, 3]))


@pytest.mark.parametrize(
    ("since_s", "until_s", "mean"), [(0, 5, 2), (0, 20, 3), (15, 25, 3.5), (20, 99, 3), (9, 11, 3)]
)
def test_the_mean_is_over_the_time_that_is_asked_for(grown, since_s, until_s, mean):
    assert grown.mean_between(since_s, until_s) == pytest.approx(mean)


def run(copies_min, copies_max):
    """One instance has more to do than it can; others come every 2 s, and begin 1 s later."""
    network = Network().station("counter", replicas=copies_max, balancing="least_outstanding")
    visit = Visit(station="counter", work=Constant(value=1.0), replica="any")
    network.journey(Journey(name="ask", steps=visit))
    network.failure(
        Autoscale(
            station="counter",
            every_s=2.0,
            busy_target=0.6,
            start_up_s=1.0,
            copies_min=copies_min,
            copies_max=copies_max,
        )
    )
    network.recorded("ask", at_s=np.arange(0.0, 9.0, 0.5))
    return simulate(network.build(), seed=1, until_s=10.0)


def test_what_scales_is_busy_for_its_share_of_the_instances_that_there_are():
    reading = read(run(1, 4), patience_s={})
    there_were = reading.instances["counter"].mean_between(0.0, 10.0)
    assert 1 < there_were < 4
    worked_s = reading.busy["counter"] * there_were * 10.0
    assert worked_s == pytest.approx(run(1, 4).members.busy_s.sum())


def test_what_does_not_scale_has_no_number_of_instances():
    network = Network().station("counter")
    network.journey(Journey(name="ask", steps=Visit(station="counter", work=Constant(value=1.0))))
    network.recorded("ask", at_s=[0.0])
    assert read(simulate(network.build(), seed=1, until_s=9.0), patience_s={}).instances == {}
