"""Both models in cimba's fastest idiom: long-lived workers that pass numbers through stores.

What waits in a store is a number (the instant of arrival, or that of a request), so nothing is
created per request.  cimba draws its own chance inside the run, from its native generator, and
therefore takes from the samples only how many requests there are; its times include the drawing.
Model code is compiled when first run: call a runner once, with few requests, before timing it.
Written for cimba 0.9.6.
"""

from __future__ import annotations

from typing import Any

import cimba as cb
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
    SIGMA,
    SQL_MEAN_S,
    SQL_SERVERS,
    TANDEM_SHARD_MEAN_S,
    WRITE_MEAN_S,
    WRITES_MEAN,
    FanoutSamples,
    FanoutTimes,
    Floats,
    TandemSamples,
    location_of,
)

GAP_MEAN_S = 1 / RATE_PER_S
GATEWAY_LOCATION = location_of(GATEWAY_MEAN_S)
SERVICE_LOCATION = location_of(SERVICE_MEAN_S)
SQL_LOCATION = location_of(SQL_MEAN_S)
TANDEM_SHARD_LOCATION = location_of(TANDEM_SHARD_MEAN_S)
READ_LOCATION = location_of(READ_MEAN_S)
WRITE_LOCATION = location_of(WRITE_MEAN_S)
WRITE_CHANCE = 1 / WRITES_MEAN
LAST_SHARD = SHARDS - 1


class TandemShard(cb.Model):
    """One shard; what waits is the instant at which the request arrived at the gateway."""

    waiting: cb.Store[float] = cb.Store()
    latencies_s: cb.Ref[cb.Dataset]

    @cb.process
    def server(self) -> None:
        while True:
            arrived_s = self.waiting.get()
            cb.hold(cb.random.lognormal(TANDEM_SHARD_LOCATION, SIGMA))
            self.latencies_s.record(cb.now() - arrived_s)


class Tandem(cb.Model):
    """Gateway and service before the shards."""

    requests: cb.Param[int] = 1
    gateway: cb.Store[float] = cb.Store()
    service: cb.Store[float] = cb.Store()
    latencies_s: cb.Dataset = cb.Dataset()
    shards: list[TandemShard]

    @cb.process
    def source(self) -> None:
        for _ in range(self.requests):
            cb.hold(cb.random.exponential(GAP_MEAN_S))
            self.gateway.put(cb.now())

    @cb.process(copies=GATEWAY_SERVERS)
    def gateway_server(self) -> None:
        while True:
            arrived_s = self.gateway.get()
            cb.hold(cb.random.lognormal(GATEWAY_LOCATION, SIGMA))
            self.service.put(arrived_s)

    @cb.process(copies=SERVICE_SERVERS)
    def service_server(self) -> None:
        while True:
            arrived_s = self.service.get()
            cb.hold(cb.random.lognormal(SERVICE_LOCATION, SIGMA))
            self.shards[cb.random.dice(0, LAST_SHARD)].waiting.put(arrived_s)


class FanoutShard(cb.Model):
    """One shard; what waits is the number of a request, or -1 - number for a post's write."""

    waiting: cb.Store[int] = cb.Store()
    fleet: cb.Ref[Fanout]

    @cb.process
    def server(self) -> None:
        while True:
            number = self.waiting.get()
            if number >= 0:
                cb.hold(cb.random.lognormal(READ_LOCATION, SIGMA))
                self.fleet.left[number] -= 1
                if self.fleet.left[number] == 0:
                    self.fleet.latencies_s.record(cb.now() - self.fleet.since_s[number])
            else:
                cb.hold(cb.random.lognormal(WRITE_LOCATION, SIGMA))
                post = -1 - number
                self.fleet.left[post] -= 1
                if self.fleet.left[post] == 0:
                    self.fleet.lags_s.record(cb.now() - self.fleet.since_s[post])


class Fanout(cb.Model):
    """Gateway, service and SQL before the shards."""

    requests: cb.Param[int] = 1
    gateway: cb.Store[int] = cb.Store()
    service: cb.Store[int] = cb.Store()
    sql: cb.Store[int] = cb.Store()
    since_s: cb.Array[float]  # when a request arrived; once a post is answered, when that was
    left: cb.Array[int]  # visits to shards that a request still waits for
    latencies_s: cb.Dataset = cb.Dataset()
    lags_s: cb.Dataset = cb.Dataset()
    shards: list[FanoutShard]

    @cb.process
    def source(self) -> None:
        for number in range(self.requests):
            cb.hold(cb.random.exponential(GAP_MEAN_S))
            self.since_s[number] = cb.now()
            self.gateway.put(number)

    @cb.process(copies=GATEWAY_SERVERS)
    def gateway_server(self) -> None:
        while True:
            number = self.gateway.get()
            cb.hold(cb.random.lognormal(GATEWAY_LOCATION, SIGMA))
            self.service.put(number)

    @cb.process(copies=SERVICE_SERVERS)
    def service_server(self) -> None:
        while True:
            number = self.service.get()
            cb.hold(cb.random.lognormal(SERVICE_LOCATION, SIGMA))
            if cb.random.bernoulli(POST_SHARE):
                self.sql.put(number)
            else:
                self.left[number] = FORK_WIDTH
                for _ in range(FORK_WIDTH):
                    self.shards[cb.random.dice(0, LAST_SHARD)].waiting.put(number)

    @cb.process(copies=SQL_SERVERS)
    def sql_server(self) -> None:
        while True:
            number = self.sql.get()
            cb.hold(cb.random.lognormal(SQL_LOCATION, SIGMA))
            self.latencies_s.record(cb.now() - self.since_s[number])
            self.since_s[number] = cb.now()
            width = cb.random.geometric(WRITE_CHANCE)
            self.left[number] = width
            for _ in range(width):
                self.shards[cb.random.dice(0, LAST_SHARD)].waiting.put(-1 - number)


def run_tandem(samples: TandemSamples, seed: int) -> Floats:
    """Return the latencies of `len(samples)` requests of its own, in order of completion."""
    tandem = Tandem()
    tandem.requests = len(samples)
    tandem.shards = [TandemShard() for _ in range(SHARDS)]
    for shard in tandem.shards:
        shard.latencies_s = tandem.latencies_s
    tandem.latencies_s.capture()
    return _recorded(_results_of(tandem, seed).latencies_s)


def run_fanout(samples: FanoutSamples, seed: int) -> FanoutTimes:
    """Return latencies and lags of `len(samples)` requests of its own, in order of completion."""
    fleet = Fanout()
    fleet.requests = len(samples)
    fleet.since_s, fleet.left = cb.Array(len(samples)), cb.Array(len(samples))
    fleet.shards = [FanoutShard() for _ in range(SHARDS)]
    for shard in fleet.shards:
        shard.fleet = fleet
    fleet.latencies_s.capture()
    fleet.lags_s.capture()
    results = _results_of(fleet, seed)
    return FanoutTimes(latencies_s=_recorded(results.latencies_s), lags_s=_recorded(results.lags_s))


def _results_of(model: cb.Model, seed: int) -> Any:
    """Run until nothing moves, in this process, and return the results of the model itself."""
    experiment = cb.Experiment(model, window=cb.Window.until_idle(), seed=seed)
    results = experiment.run(workers=1)
    if results.failed.any():
        raise RuntimeError(f"the cimba trial failed: {results.failure_reasons}")
    return results[model]


def _recorded(signal: cb.Signal) -> Floats:
    _, values = signal.trial(0, 0)
    return np.asarray(values)
