"""The tandem in Ciw, which draws its own chance: only the number of requests is taken.

Ciw cannot express the fan-out model.  One individual is in one place: a node passes it on to one
next node (`Node.next_node` returns a single node), nothing creates a second individual except an
arrival process, and nothing waits for several; so there is neither a fork and join nor a write
that goes on after the answer.  `run_fanout` is therefore left out.  Written for Ciw 3.2.7.
"""

from __future__ import annotations

import ciw
import numpy as np
from models import (
    GATEWAY_MEAN_S,
    GATEWAY_SERVERS,
    RATE_PER_S,
    SERVICE_MEAN_S,
    SERVICE_SERVERS,
    SHARDS,
    SIGMA,
    TANDEM_SHARD_MEAN_S,
    Floats,
    TandemSamples,
    location_of,
)

FIRST_SHARD = 3  # Ciw counts its nodes from one: gateway, service, shards


def run_tandem(samples: TandemSamples, seed: int) -> Floats:
    """Return the latencies of the first `len(samples)` requests to complete, in that order."""
    ciw.seed(seed)
    simulation = ciw.Simulation(_network())
    simulation.simulate_until_max_customers(len(samples), method="Complete")
    return np.array([_latency_s(individual) for individual in simulation.nodes[-1].all_individuals])


def _network() -> ciw.network.Network:
    shards = range(FIRST_SHARD, FIRST_SHARD + SHARDS)
    means_s = [GATEWAY_MEAN_S, SERVICE_MEAN_S, *(TANDEM_SHARD_MEAN_S for _ in shards)]
    return ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(RATE_PER_S), *(None for _ in means_s[1:])],
        service_distributions=[
            ciw.dists.Lognormal(location_of(mean_s), SIGMA) for mean_s in means_s
        ],
        number_of_servers=[GATEWAY_SERVERS, SERVICE_SERVERS, *(1 for _ in shards)],
        routing=ciw.routing.NetworkRouting(
            routers=[
                ciw.routing.Direct(to=2),
                ciw.routing.Probabilistic(list(shards), [1 / SHARDS] * SHARDS),
                *(ciw.routing.Leave() for _ in shards),
            ]
        ),
    )


def _latency_s(individual: ciw.individual.Individual) -> float:
    visits = individual.data_records
    return float(visits[-1].exit_date - visits[0].arrival_date)
