"""Simulated networks against what queueing theory knows exactly.

The tolerance is the simulation's own 99.9 % interval over twenty replications, and each comparison
refuses to be vague.  Every network loses a first twentieth of its requests as warm-up.
"""

from functools import partial

import numpy as np
import pytest

from model.answers import theory
from model.answers.statistics import mean_of_replications, quantile_of_replications
from model.engine.network import Network
from model.engine.replications import replicate
from model.world.journeys import AllOf, Journey, Visit
from model.world.laws import Exponential, Lognormal, hyperexponential

MEAN_S = 0.01
SLOW = Exponential(mean=MEAN_S)


def latencies_s(run, *, since_s):
    return run.latencies_s("customer", since_s=since_s)


class Case:
    """A network, what theory says of its latency, and how many requests tell."""

    def __init__(self, network, steps, *, arrivals_per_s, mean_s, p99_s=None):
        network.journey(Journey(name="customer", steps=steps))
        self.program = network.arrivals("customer", rate_per_s=arrivals_per_s).build()
        self.arrivals_per_s, self.mean_s, self.p99_s = arrivals_per_s, mean_s, p99_s

    def replications(self, requests, jobs=1):
        until_s = requests / self.arrivals_per_s
        return replicate(
            self.program, partial(latencies_s, since_s=until_s / 20), seed=2024,
            until_s=until_s, replications=20, jobs=jobs, keep_visits=False,
        )  # fmt: skip


def visit(law=SLOW, station="a"):
    return Visit(station=station, work=law)


def one_core(servers=10_000):
    return Network().host("box", cores=1).station("a", servers=servers, host="box")


HYPER, LOG = hyperexponential(mean=MEAN_S, scv=3.0), Lognormal(mean=MEAN_S, scv=1.5)
CASES = {
    "M/M/1": Case(
        Network().station("a"), visit(), arrivals_per_s=50,
        mean_s=theory.mmc_response_mean_s(50, MEAN_S),
        p99_s=theory.mmc_response_quantile_s(0.99, 50, MEAN_S),
    ),
    "M/M/4": Case(
        Network().station("a", servers=4), visit(), arrivals_per_s=260,
        mean_s=theory.mmc_response_mean_s(260, MEAN_S, 4),
        p99_s=theory.mmc_response_quantile_s(0.99, 260, MEAN_S, 4),
    ),
    "M/G/1, hyperexponential": Case(
        Network().station("a"), visit(HYPER), arrivals_per_s=35,
        mean_s=MEAN_S + theory.mg1_wait_mean_s(35, MEAN_S, 3.0),
    ),
    "M/G/1, lognormal": Case(
        Network().station("a"), visit(LOG), arrivals_per_s=40,
        mean_s=MEAN_S + theory.mg1_wait_mean_s(40, MEAN_S, 1.5),
    ),
    "three queues in tandem": Case(
        Network().station("a").station("b").station("c"),
        (visit(station="a"), visit(station="b"), visit(station="c")), arrivals_per_s=50,
        mean_s=theory.tandem_response_mean_s(50, [MEAN_S] * 3),
        p99_s=theory.tandem_response_quantile_s(0.99, 50, MEAN_S, 3),
    ),
    "fork-join of two": Case(
        Network().station("a").station("b"),
        AllOf(branches=(visit(station="a"), visit(station="b"))), arrivals_per_s=50,
        mean_s=theory.fork_join_of_two_response_mean_s(50, MEAN_S),
    ),
    "processor sharing, exponential": Case(
        one_core(), visit(), arrivals_per_s=50,
        mean_s=theory.mg1_ps_response_mean_s(50, MEAN_S),
    ),
    "processor sharing, hyperexponential": Case(
        one_core(), visit(HYPER), arrivals_per_s=50,
        mean_s=theory.mg1_ps_response_mean_s(50, MEAN_S),
    ),
    "two cores shared by all": Case(
        Network().host("box", cores=2).station("a", servers=10_000, host="box"), visit(),
        arrivals_per_s=110, mean_s=theory.mmc_response_mean_s(110, MEAN_S, 2),
    ),
    # However a core is divided among exponential work of one mean, it clears it at one rate.
    "two event loops on one core": Case(
        Network().host("box", cores=1).station("a", members=2, host="box"), visit(),
        arrivals_per_s=50, mean_s=theory.mmc_response_mean_s(50, MEAN_S),
    ),
    "four shards by key": Case(
        Network().station("a", members=4), Visit(station="a", work=SLOW, key="own"),
        arrivals_per_s=200, mean_s=theory.mmc_response_mean_s(50, MEAN_S),
        p99_s=theory.mmc_response_quantile_s(0.99, 50, MEAN_S),
    ),
}  # fmt: skip


def assert_agrees(runs, case, *, mean_reach, p99_reach):
    mean = mean_of_replications(runs, confidence=0.999)
    assert case.mean_s in mean
    assert mean.half_width < mean_reach * case.mean_s, "too noisy to prove anything"
    if case.p99_s is not None:
        p99 = quantile_of_replications(runs, 0.99, confidence=0.999)
        assert case.p99_s in p99
        assert p99.half_width < p99_reach * case.p99_s, "too noisy to prove anything"


@pytest.mark.parametrize("name", CASES)
def test_latency_agrees_with_theory(name):
    runs = CASES[name].replications(7_500)
    assert_agrees(runs, CASES[name], mean_reach=0.07, p99_reach=0.10)


@pytest.mark.verify
@pytest.mark.parametrize("name", CASES)
def test_latency_agrees_with_theory_closely(name):
    runs = CASES[name].replications(60_000, jobs=2)
    assert_agrees(runs, CASES[name], mean_reach=0.025, p99_reach=0.05)


def test_a_shared_core_forgets_the_law_of_the_work_and_a_queue_does_not():
    shared = [CASES[f"processor sharing, {law}"] for law in ("exponential", "hyperexponential")]
    assert shared[0].mean_s == shared[1].mean_s
    queue = Case(Network().station("a"), visit(HYPER), arrivals_per_s=60, mean_s=0.0)
    assert np.mean(np.concatenate(queue.replications(2_500))) > 1.4 * shared[0].mean_s
