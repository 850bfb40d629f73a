"""Makes the plan of one measurement from its scenario: the same arrivals that the model draws."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import numpy as np
import pandas as pd

from loadtest.plan import Plan, PlannedArrival
from model.world import chance
from model.world.population import population_of
from model.world.scenario import Endpoint, Scenario
from model.world.workload import Arrival, arrivals_of

_GATEWAY = 15  # what a random number is for; `workload` uses 11 to 14 for the rest of an arrival


def plan_of(
    scenario: Scenario, gateway_urls: Sequence[str], cdn_urls: Sequence[str], *, stream: int
) -> Plan:
    """Return the load at the scenario's rate, warm-up first, for these gateways and edges.

    Each request goes to one of them at random, so that each sees Poisson arrivals too.
    The run's id is new every time, because the names of the people who register must be.
    """
    load = scenario.load
    until_s = load.warmup + load.duration
    arrivals = arrivals_of(
        scenario,
        population_of(scenario),
        rate_per_s=scenario.requests_per_s,
        until_s=until_s,
        stream=stream,
    )
    chosen_u = chance.u_block(scenario.seed, stream, np.arange(len(arrivals)), _GATEWAY, 0, 0, 0)
    return Plan(
        run_id=secrets.token_hex(4),
        gateway_urls=tuple(gateway_urls),
        cdn_urls=tuple(cdn_urls),
        in_flight_max=load.in_flight_max,
        request_timeout_s=load.request_timeout,
        until_s=until_s,
        arrivals=_table(arrivals, chosen_u.tolist(), len(gateway_urls), len(cdn_urls)),
    )


def _table(
    arrivals: Sequence[Arrival], chosen_u: Sequence[float], gateways: int, edges: int
) -> pd.DataFrame:
    rows = [
        PlannedArrival(
            request=request,
            at_s=arrival.at_s,
            endpoint=arrival.endpoint.value,
            user=arrival.user,
            target=arrival.target,
            gateway=int(u * (edges if arrival.endpoint is Endpoint.IMAGE else gateways)),
        )
        for request, (arrival, u) in enumerate(zip(arrivals, chosen_u, strict=True))
    ]
    return pd.DataFrame(rows, columns=list(PlannedArrival._fields))
