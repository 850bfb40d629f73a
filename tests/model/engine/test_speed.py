"""How fast the SimPy engine is, beside the same tandem written in plain SimPy; `make bench`."""

import time
from statistics import median

import numpy as np
import pytest
import simpy

from model.engine.network import Network
from model.engine.simpy_engine import simulate
from model.world.journeys import Journey, Visit
from model.world.laws import Lognormal

# Gateway, service, one of sixteen shards: utilisations 0.6, 0.75 and 0.75.
STATIONS = {"gateway": (4, 1, 0.002), "service": (8, 1, 0.005), "shard": (1, 16, 0.010)}
RATE_PER_S, UNTIL_S = 1_200.0, 15.0


def program():
    network, steps = Network(), []
    for name, (servers, members, mean_s) in STATIONS.items():
        network.station(name, servers=servers, members=members)
        steps.append(Visit(station=name, work=Lognormal(mean=mean_s, scv=1.0)))
    network.journey(Journey(name="request", steps=tuple(steps)))
    return network.arrivals("request", rate_per_s=RATE_PER_S).build()


def plain_simpy(seed):
    """Return the latencies; chance is drawn beforehand, which ours is not."""
    chance, env, latencies_s = np.random.default_rng(seed), simpy.Environment(), []
    count = int(RATE_PER_S * UNTIL_S)
    pools = [
        [simpy.Resource(env, capacity=servers) for _ in range(members)]
        for servers, members, _ in STATIONS.values()
    ]
    sigma = np.sqrt(np.log(2))
    locations = [np.log(mean_s) - sigma**2 / 2 for *_, mean_s in STATIONS.values()]
    works_s = chance.lognormal(locations, sigma, (count, len(STATIONS))).tolist()
    members = np.column_stack([chance.integers(len(pool), size=count) for pool in pools]).tolist()
    gaps_s = chance.exponential(1 / RATE_PER_S, count).tolist()

    def request(number):
        arrived_s = env.now
        for pool, member, work_s in zip(pools, members[number], works_s[number], strict=True):
            with pool[member].request() as turn:
                yield turn
                yield env.timeout(work_s)
        latencies_s.append(env.now - arrived_s)

    def source():
        for number, gap_s in enumerate(gaps_s):
            yield env.timeout(gap_s)
            env.process(request(number))

    env.process(source())
    env.run(until=UNTIL_S)
    return latencies_s


def seconds_of(work, *arguments, **named):
    began = time.perf_counter()
    work(*arguments, **named)
    return time.perf_counter() - began


@pytest.mark.bench
def test_the_engine_is_as_fast_as_plain_simpy_and_serves_40_000_visits_per_second():
    ours = program()
    visits = int(simulate(ours, seed=0, until_s=UNTIL_S).members.done.sum())
    rounds = [
        (seconds_of(simulate, ours, seed=seed, until_s=UNTIL_S), seconds_of(plain_simpy, seed))
        for seed in range(5)
    ]
    ours_s, plain_s = median(ours for ours, _ in rounds), median(plain for _, plain in rounds)
    ratio = median(plain / ours for ours, plain in rounds)
    print(
        f"\nSimPy engine {visits / ours_s:,.0f} visits/s, plain SimPy {visits / plain_s:,.0f}, "
        f"ratio {ratio:.2f} (records and chance included in ours, not in plain SimPy)"
    )
    assert visits / ours_s > 40_000
    assert ratio > 1
