"""Whether intervals hold the truth as often as they say, on runs of a queue that is well known."""

import pytest

from model.answers import theory
from model.answers.statistics import (
    mean_of_replications,
    quantile_of_clusters,
    quantile_of_replications,
)
from model.engine.network import Network
from model.engine.replications import replicate
from model.world.journeys import Journey, Visit
from model.world.laws import Exponential

MEAN_S, PER_S = 0.01, 70.0
EXPERIMENTS, REPLICATIONS, REQUESTS = 200, 10, 8_000
# Of 200 intervals of 95 %, 190 are expected to hold it; fewer than 180 or more than 198 have
# a probability of 0.2 %.
AT_LEAST, AT_MOST = 0.90, 0.99
MEAN = theory.mmc_response_mean_s(PER_S, MEAN_S)
P99 = theory.mmc_response_quantile_s(0.99, PER_S, MEAN_S)


@pytest.fixture(scope="module")
def experiments():
    """Latencies of each replication of each experiment, the first tenth thrown away."""
    visit = Visit(station="a", work=Exponential(mean=MEAN_S))
    network = Network().station("a").journey(Journey(name="customer", steps=visit))
    until_s = REQUESTS / PER_S
    runs = replicate(
        network.arrivals("customer", rate_per_s=PER_S).build(),
        lambda run: run.latencies_s("customer", since_s=until_s / 10),
        seed=5,
        until_s=until_s,
        replications=EXPERIMENTS * REPLICATIONS,
        keep_visits=False,
    )
    return [runs[first : first + REPLICATIONS] for first in range(0, len(runs), REPLICATIONS)]


@pytest.mark.parametrize(
    ("known_s", "interval_of"),
    [
        (MEAN, mean_of_replications),
        (P99, lambda runs: quantile_of_replications(runs, 0.99)),
        (P99, lambda runs: quantile_of_clusters(runs, 0.99)),
    ],
    ids=["mean", "p99 of replications", "p99 of clusters"],
)
def test_intervals_of_95_percent_hold_the_truth_about_that_often(experiments, known_s, interval_of):
    held = sum(known_s in interval_of(runs) for runs in experiments) / EXPERIMENTS
    assert AT_LEAST <= held <= AT_MOST
