"""Both models in the idiom that SimPy's own documentation teaches: a process for each thing.

Every wait is a `with resource.request()`.  Samples become Python floats first, because SimPy is
slower on NumPy's scalars.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import simpy
from models import (
    FORK_WIDTH,
    GATEWAY_SERVERS,
    SERVICE_SERVERS,
    SHARDS,
    SQL_SERVERS,
    FanoutSamples,
    FanoutTimes,
    Floats,
    TandemSamples,
)

Process = Generator[simpy.Event, Any, None]


def run_tandem(samples: TandemSamples, seed: int) -> Floats:
    """Return the latency of each request, in seconds; `seed` is not used."""
    env = simpy.Environment()
    gateway = simpy.Resource(env, GATEWAY_SERVERS)
    service = simpy.Resource(env, SERVICE_SERVERS)
    shards = [simpy.Resource(env, 1) for _ in range(SHARDS)]
    latencies_s = [0.0] * len(samples)

    def request(
        number: int, gateway_s: float, service_s: float, shard: int, shard_s: float
    ) -> Process:
        arrived_s = env.now
        with gateway.request() as turn:
            yield turn
            yield env.timeout(gateway_s)
        with service.request() as turn:
            yield turn
            yield env.timeout(service_s)
        with shards[shard].request() as turn:
            yield turn
            yield env.timeout(shard_s)
        latencies_s[number] = env.now - arrived_s

    def source() -> Process:
        fates = zip(
            samples.gateway_works_s.tolist(),
            samples.service_works_s.tolist(),
            samples.shards.tolist(),
            samples.shard_works_s.tolist(),
            strict=True,
        )
        for number, (gap_s, fate) in enumerate(zip(samples.gaps_s.tolist(), fates, strict=True)):
            yield env.timeout(gap_s)
            env.process(request(number, *fate))

    env.process(source())
    env.run()
    return np.array(latencies_s)


def run_fanout(samples: FanoutSamples, seed: int) -> FanoutTimes:
    """Return the latency of each request and the lag of each post; `seed` is not used."""
    model = _Fanout(samples)
    model.env.process(model.source())
    model.env.run()
    lags_s = np.array(model.lags_s)[samples.are_posts]
    return FanoutTimes(latencies_s=np.array(model.latencies_s), lags_s=lags_s)


class _Fanout:
    """The second model, its stations and what it has recorded."""

    def __init__(self, samples: FanoutSamples) -> None:
        self.env = env = simpy.Environment()
        self.gateway = simpy.Resource(env, GATEWAY_SERVERS)
        self.service = simpy.Resource(env, SERVICE_SERVERS)
        self.sql = simpy.Resource(env, SQL_SERVERS)
        self.shards = [simpy.Resource(env, 1) for _ in range(SHARDS)]
        self.latencies_s = [0.0] * len(samples)
        self.lags_s = [0.0] * len(samples)
        self.gaps_s = samples.gaps_s.tolist()
        self.are_posts = samples.are_posts.tolist()
        self.gateway_works_s = samples.gateway_works_s.tolist()
        self.service_works_s = samples.service_works_s.tolist()
        self.sql_works_s = samples.sql_works_s.tolist()
        self.read_shards = samples.read_shards.tolist()
        self.read_works_s = samples.read_works_s.tolist()
        self.write_bounds = samples.write_bounds.tolist()
        self.write_shards = samples.write_shards.tolist()
        self.write_works_s = samples.write_works_s.tolist()

    def source(self) -> Process:
        """Let the requests arrive."""
        for number, gap_s in enumerate(self.gaps_s):
            yield self.env.timeout(gap_s)
            self.env.process(self.request(number))

    def request(self, number: int) -> Process:
        """Live through one request."""
        env, arrived_s = self.env, self.env.now
        with self.gateway.request() as turn:
            yield turn
            yield env.timeout(self.gateway_works_s[number])
        with self.service.request() as turn:
            yield turn
            yield env.timeout(self.service_works_s[number])
        if self.are_posts[number]:
            with self.sql.request() as turn:
                yield turn
                yield env.timeout(self.sql_works_s[number])
            env.process(self.copies(number))
        else:
            shards, works_s = self.read_shards[number], self.read_works_s[number]
            yield env.all_of(
                [env.process(self.visit(shards[part], works_s[part])) for part in range(FORK_WIDTH)]
            )
        self.latencies_s[number] = env.now - arrived_s

    def copies(self, number: int) -> Process:
        """Copy an answered post to its shards, all at once."""
        env, answered_s = self.env, self.env.now
        writes = range(self.write_bounds[number], self.write_bounds[number + 1])
        yield env.all_of(
            [
                env.process(self.visit(self.write_shards[write], self.write_works_s[write]))
                for write in writes
            ]
        )
        self.lags_s[number] = env.now - answered_s

    def visit(self, shard: int, work_s: float) -> Process:
        """Queue at a shard and be served."""
        with self.shards[shard].request() as turn:
            yield turn
            yield self.env.timeout(work_s)
