"""The two models through the public builder, for both of our engines."""

from __future__ import annotations

from functools import cache

import numpy as np
from models import (
    FORK_WIDTH,
    GATEWAY_MEAN_S,
    GATEWAY_SERVERS,
    POST_SHARE,
    RATE_PER_S,
    READ_MEAN_S,
    SERVICE_MEAN_S,
    SERVICE_SERVERS,
    SHARDS,
    SQL_MEAN_S,
    SQL_SERVERS,
    WRITE_MEAN_S,
    WRITES_MEAN,
    FanoutTimes,
    Floats,
    TandemSamples,
)

from model.engine.codes import NONE
from model.engine.engines import Simulate
from model.engine.network import Network
from model.engine.program import Program
from model.world.attributes import Attribute
from model.world.counts import ConstantCount, CountTable
from model.world.journeys import Emit, ForEach, Journey, Visit
from model.world.laws import Exponential, Lognormal

LONG_S = 1e9  # until all recorded requests have ended


def tandem(samples: TandemSamples) -> Program:
    """Return the tandem, in which every request brings its works and its shard along."""
    stations = {"gateway": GATEWAY_SERVERS, "service": SERVICE_SERVERS}
    network = Network().station("shard", members=SHARDS)
    for name, servers in stations.items():
        network.station(name, servers=servers)
    steps = (
        Visit(station="gateway", work=Attribute(name="gateway_work")),
        Visit(station="service", work=Attribute(name="service_work")),
        Visit(station="shard", work=Attribute(name="shard_work"), key=Attribute(name="shard")),
    )
    attributes: dict[str, Floats] = {
        "gateway_work": samples.gateway_works_s,
        "service_work": samples.service_works_s,
        "shard_work": samples.shard_works_s,
        "shard": samples.shards.astype(np.float64),
    }
    network.journey(Journey(name="request", steps=steps))
    return network.recorded("request", at_s=samples.arrivals_s, attributes=attributes).build()


def run_tandem(simulate: Simulate, program: Program) -> Floats:
    """Return the latency of every request, in order."""
    run = simulate(program, seed=1, until_s=LONG_S, keep_visits=False)
    return run.latencies_s("request")


@cache
def fanout() -> Program:
    """Return the fork-join and fan-out model, which draws all its chance itself."""
    network = Network().station("shard", members=SHARDS)
    for name, servers in (
        ("gateway", GATEWAY_SERVERS),
        ("service", SERVICE_SERVERS),
        ("sql", SQL_SERVERS),
    ):
        network.station(name, servers=servers)
    front = (_visit("gateway", GATEWAY_MEAN_S), _visit("service", SERVICE_MEAN_S))
    reads = ForEach(count=ConstantCount(count=FORK_WIDTH), body=_visit("shard", READ_MEAN_S))
    writes = ForEach(count=_writes(), body=_visit("shard", WRITE_MEAN_S))
    network.journey(Journey(name="read", steps=(*front, reads)))
    network.journey(
        Journey(name="post", steps=(*front, _visit("sql", SQL_MEAN_S), Emit(journey="fanout")))
    )
    network.journey(Journey(name="fanout", steps=writes))
    network.arrivals("read", rate_per_s=RATE_PER_S * (1 - POST_SHARE))
    return network.arrivals("post", rate_per_s=RATE_PER_S * POST_SHARE).build()


def run_fanout(simulate: Simulate, requests: int, seed: int) -> FanoutTimes:
    """Run about so many requests, in no order of their kinds; lags are those of the posts."""
    run = simulate(fanout(), seed=seed, until_s=requests / RATE_PER_S, keep_visits=False)
    latencies_s = np.concatenate([run.latencies_s("read"), run.latencies_s("post")])
    return FanoutTimes(latencies_s=latencies_s, lags_s=run.latencies_s("fanout"))


@cache
def page_read() -> Program:
    """Return a read of a newsfeed page: five influencers' lists, and 20 posts of 64 shards."""
    network = Network().station("gateway", servers=4).station("service", servers=16)
    network.station("timeline", members=64).station("post", members=64)
    influencers = ForEach(
        count=ConstantCount(count=5),
        body=Visit(station="timeline", work=Exponential(mean=0.0005), key="leg"),
        name="influencers",
    )
    posts = ForEach(
        count=ConstantCount(count=20),
        body=Visit(station="post", work=Exponential(mean=0.001), key="leg"),
        name="posts",
    )
    own = Visit(station="timeline", work=Exponential(mean=0.0005), key="own")
    steps = (_visit("gateway", 0.001), _visit("service", 0.004), own, influencers, posts)
    network.journey(Journey(name="page", steps=steps))
    return network.arrivals("page", rate_per_s=2_000.0).build()


def many_shards(shards: int) -> Program:
    """Return a tandem whose last station has so many shards, all together as busy as 16."""
    network = Network().station("gateway", servers=4).station("shard", members=shards)
    work = Lognormal(mean=0.005, scv=1.0)
    steps = (_visit("gateway", 0.002), Visit(station="shard", work=work, key="own"))
    network.journey(Journey(name="request", steps=steps))
    return network.arrivals("request", rate_per_s=RATE_PER_S).build()


def logical_events(program: Program, simulate: Simulate, *, until_s: float) -> int:
    """Return how many requests arrive, and how many visits end."""
    run = simulate(program, seed=1, until_s=until_s, keep_visits=False)
    arrived = int((run.requests.parent == NONE).sum())
    return arrived + int(run.members.done.sum())


def _visit(station: str, mean_s: float) -> Visit:
    return Visit(station=station, work=Lognormal(mean=mean_s, scv=1.0))


def _writes() -> CountTable:
    """Return the geometric law from 1 on."""
    missing = 1 - 1 / WRITES_MEAN
    counts = np.arange(1, 2_000)
    cumulated = 1 - missing ** counts.astype(np.float64)
    cumulated[-1] = 1.0
    return CountTable(counts=tuple(counts.tolist()), cumulated=tuple(cumulated.tolist()))
