"""How often a cache has what is asked for."""

import numpy as np
import pytest

from model.answers import theory
from model.engine.network import Network
from model.world.counts import zipf
from model.world.journeys import Cached, Emit, Journey, Visit
from model.world.laws import Constant

PER_S = 100.0
pytestmark = pytest.mark.efforts("quick")  # caches are no busier with more requests


def shares_of(law):
    return np.diff(law.cumulated, prepend=0.0).tolist()


def hit_ratios(effort, law, **cache):
    """Share of hits in every replication; what misses takes no time, and is counted one by one."""
    network = Network().station("origin").keys("keys", law=law).cache("cache", keys="keys", **cache)
    network.journey(
        Journey(name="customer", steps=Cached(cache="cache", miss=Emit(journey="fetch")))
    )
    network.journey(
        Journey(name="fetch", steps=Visit(station="origin", work=Constant(value=0.0)))
    ).arrivals("customer", rate_per_s=PER_S)

    def measure(run, since_s):
        asked, missed = (
            len(run.latencies_s(name, since_s=since_s)) for name in ("customer", "fetch")
        )
        return 1 - missed / asked

    return effort.runs(network, measure, per_s=PER_S)


@pytest.mark.parametrize(("exponent", "capacity"), [(0.0, 5), (0.8, 4), (1.2, 10)])
def test_a_small_cache_that_drops_the_least_recently_used(effort, agree, exponent, capacity):
    law = zipf(size=15, exponent=exponent)
    ratios = hit_ratios(effort, law, capacity=capacity)
    agree.value(ratios, theory.lru_hit_ratio(shares_of(law), capacity), "hits")


@pytest.mark.parametrize("ttl_s", [0.2, 2.0])
def test_a_cache_that_keeps_everything_for_a_while(effort, agree, ttl_s):
    law = zipf(size=100, exponent=0.8)
    ratios = hit_ratios(effort, law, capacity=100, ttl_s=ttl_s)
    requests_per_s = [PER_S * share for share in shares_of(law)]
    agree.value(ratios, theory.ttl_hit_ratio(requests_per_s, ttl_s), "hits")


def test_a_large_cache_is_within_one_percent_of_ches_approximation(effort):
    law = zipf(size=2_000, exponent=0.8)
    found = effort.interval_of(hit_ratios(effort, law, capacity=200))
    about = theory.lru_hit_ratio_approximation(shares_of(law), 200)
    assert 0.99 * about < found.low
    assert found.high < 1.01 * about
