"""Several queues, of which an arrival joins one that is short."""

import pytest

from model.answers import theory
from model.engine.network import Network
from model.world.journeys import Visit
from model.world.laws import Exponential

MEAN_S = 0.01
VISIT = Visit(station="a", work=Exponential(mean=MEAN_S))


@pytest.mark.parametrize("queues", [2, 3, 4])
def test_the_shortest_of_all(effort, agree, queues):
    per_s = effort.moderate * queues / MEAN_S
    network = Network().station("a", members=queues, balancing="least_outstanding")
    runs = effort.latencies_s(network, VISIT, per_s=per_s)
    mean_s = theory.shortest_queue_response_mean_s(per_s, MEAN_S, queues)
    p99_s = theory.shortest_queue_response_quantile_s(0.99, per_s, MEAN_S, queues)
    assert mean_s.truncation_error < 1e-4 * mean_s.value
    assert p99_s.truncation_error < 1e-3 * p99_s.value
    agree.mean(runs, mean_s.value)
    agree.p99(runs, p99_s.value)


def shorter_of_two(effort, queues):
    """Mean over its limit for infinitely many queues, where each arrival sees two by chance."""
    per_s = effort.moderate * queues / MEAN_S
    network = Network().station("a", members=queues, balancing="power_of_two")
    found = effort.mean_of(effort.latencies_s(network, VISIT, per_s=per_s))
    limit_s = theory.choices_response_limit_s(per_s / queues, MEAN_S, 2)
    return found.low / limit_s, found.high / limit_s


def test_the_shorter_of_two_among_many_is_within_two_percent_of_the_limit(effort):
    low, high = shorter_of_two(effort, 200)
    assert 0.98 < low < high < 1.02


@pytest.mark.efforts("quick")
def test_the_shorter_of_two_among_few_is_above_the_limit_of_many(effort):
    low, _ = shorter_of_two(effort, 10)
    assert low > 1
