"""Simulated networks beside what theory knows: how long they run, and when the two agree.

They agree if the known number lies inside the simulation's own 99.9 % interval, and only if that
interval is tight, so that no check is vague.  Every run loses its first twentieth as warm-up.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from zlib import crc32

import pytest

from model.answers.statistics import (
    mean_of_replications,
    over_replications,
    quantile_of_replications,
)
from model.engine.engines import Engine
from model.engine.replications import replicate
from model.world.journeys import Journey

CONFIDENCE = 0.999
LUCK = 4  # of some 130 checks of 99.9 % one misses in about one choice of eight
REPLICATIONS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How busy servers are, how many requests a replication has, how wide intervals may be."""

    busy: float
    moderate: float  # for what varies so much that it would take too long to be sure
    requests: int
    seed: int = 0
    engine: Engine = Engine.COMPILED
    mean_reach: float = 0.02
    p99_reach: float = 0.05

    def runs(self, network, measure: Callable[..., Any], *, per_s, keep_visits=False):
        """`measure(run, since_s)` of every replication; `per_s` requests arrive together."""
        until_s = self.requests / per_s
        return replicate(
            network.build(),
            lambda run: measure(run, until_s / 20),
            seed=self.seed,
            until_s=until_s,
            replications=REPLICATIONS,
            keep_visits=keep_visits,
            engine=self.engine,
        )

    def latencies_s(self, network, steps, *, per_s, **arrivals):
        """Latencies in every replication of a network with one kind of customer."""
        network.journey(Journey(name="customer", steps=steps))
        rate_per_s = per_s / arrivals["batch"].mean if arrivals else per_s
        network.arrivals("customer", rate_per_s=rate_per_s, **arrivals)
        return self.runs(network, customers_latencies_s, per_s=per_s)

    @staticmethod
    def mean_of(runs):
        """The interval of the mean, one sample per replication."""
        return mean_of_replications(runs, confidence=CONFIDENCE)

    @staticmethod
    def interval_of(values):
        """The interval of the mean of one number per replication."""
        return over_replications(values, confidence=CONFIDENCE)


def customers_latencies_s(run, since_s):
    return run.latencies_s("customer", since_s=since_s)


EFFORTS = {
    "quick": Effort(busy=0.6, moderate=0.5, requests=120_000),
    "long": Effort(busy=0.9, moderate=0.8, requests=1_000_000),
    "simpy": Effort(
        busy=0.5, moderate=0.4, requests=5_000, engine=Engine.SIMPY, mean_reach=0.08, p99_reach=0.15
    ),
}


def pytest_configure(config):
    about = "efforts(names): how a check of theory is made, if not quickly and at length"
    config.addinivalue_line("markers", about)


def pytest_generate_tests(metafunc):
    """Make each check quickly and, to verify, at length; or as it says."""
    if "effort" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("efforts")
        names = marker.args if marker else ("quick", "long")
        marks = {"long": pytest.mark.verify}
        efforts = [pytest.param(name, marks=marks.get(name, ())) for name in names]
        metafunc.parametrize("effort", efforts, indirect=True)


@pytest.fixture
def effort(request):
    """Every check has luck of its own: with one seed for all they would err together."""
    return replace(EFFORTS[request.param], seed=crc32(f"{LUCK} {request.node.name}".encode()))


class Judge:
    """Compares, one number per replication or one sample per replication, with what is known."""

    def __init__(self, effort, record):
        self._effort, self._record = effort, record

    def mean(self, runs, known, what="mean"):
        self.judge(self._effort.mean_of(runs), known, what)

    def p99(self, runs, known, what="p99"):
        found = quantile_of_replications(runs, 0.99, confidence=CONFIDENCE)
        self.judge(found, known, what, reach=self._effort.p99_reach)

    def value(self, values, known, what):
        self.judge(self._effort.interval_of(values), known, what)

    def judge(self, found, known, what, *, reach=None):
        self._record(what, f"{known:.6g} {found.value:.6g} {found.half_width:.3g}")
        allowed = (self._effort.mean_reach if reach is None else reach) * known
        assert found.half_width <= allowed, f"{what}: too noisy to prove anything"
        assert known in found, f"{what}: {known} is not in {found.low}..{found.high}"


@pytest.fixture
def agree(effort, record_property):
    return Judge(effort, record_property)
