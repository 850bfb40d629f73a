from itertools import islice

import numpy as np
import pytest
from scipy.stats import kstest

from model.engine import arrivals as arrivals_module
from model.engine.arrivals import arrivals
from model.engine.network import Network
from model.world.journeys import Delay, Journey
from model.world.laws import Constant

PAUSE = Delay(time=Constant(value=0.0))


def stream_of(**poisson):
    network = Network().journey(Journey(name="walk", steps=PAUSE))
    return network.arrivals("walk", **poisson).build().streams[0]


def coming(stream, until_s=100.0):
    return arrivals(stream, seed=1, replication=2, until_s=until_s)


def instants_s(stream, until_s=100.0):
    return np.array([at_s for at_s, _, _ in coming(stream, until_s)])


def test_poisson_arrivals_have_exponential_gaps_at_their_rate():
    at_s = instants_s(stream_of(rate_per_s=200), until_s=50)
    assert kstest(np.diff(at_s), "expon", args=(0, 1 / 200)).pvalue > 0.001
    assert abs(len(at_s) - 10_000) < 4 * np.sqrt(10_000)


def test_poisson_arrivals_begin_at_their_start():
    late, early = stream_of(rate_per_s=5, start_s=20), stream_of(rate_per_s=5)
    assert instants_s(late)[0] > 20
    assert instants_s(late, until_s=60) - 20 == pytest.approx(instants_s(early, until_s=40))


def test_twice_the_rate_brings_the_same_requests_in_half_of_the_time():
    slow = instants_s(stream_of(rate_per_s=5), until_s=80)
    fast = instants_s(stream_of(rate_per_s=10), until_s=40)
    assert fast == pytest.approx(slow / 2)


def test_no_rate_brings_nobody():
    assert len(instants_s(stream_of(rate_per_s=0))) == 0


def test_nobody_arrives_at_the_end_or_later():
    network = Network().journey(Journey(name="walk", steps=PAUSE))
    program = network.recorded("walk", at_s=[0.0, 1.0, 2.0, 3.0]).build()
    assert instants_s(program.streams[0], until_s=2.0).tolist() == [0.0, 1.0]


def test_arrivals_do_not_depend_on_how_many_are_computed_at_once(monkeypatch):
    stream = stream_of(rate_per_s=500)
    whole = list(coming(stream, until_s=20))
    monkeypatch.setattr(arrivals_module, "_BLOCK", 7)
    assert list(coming(stream, until_s=20)) == whole


def test_two_streams_of_one_journey_differ():
    network = Network().journey(Journey(name="walk", steps=PAUSE))
    network.arrivals("walk", rate_per_s=5).arrivals("walk", rate_per_s=5)
    first, second = network.build().streams
    uids = [{uid for _, uid, _ in islice(coming(stream), 50)} for stream in (first, second)]
    assert instants_s(first)[0] != instants_s(second)[0]
    assert not uids[0] & uids[1]
