"""Makes the plan of one measurement from its scenario: the same arrivals that the model draws."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import numpy as np
import pandas as pd

from loadtest.plan import Plan, PlannedArrival
from model.world import chance
from model.world.population import population_of
from model.world.scenario import Scenario
from model.world.workload import Arrival, arrivals_of

_GATEWAY = 15  # what a random number is for; `workload` uses 11 to 14 for the rest of an arrival


def plan_of(scenario: Scenario, gateway_urls: Sequence[str], *, stream: int) -> Plan:
    """Return the load at the scenario's rate, warm-up first, for these gateways.

    Each request goes to a gateway at random, so that each of them sees Poisson arrivals too.
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
    return Plan(
        run_id=secrets.token_hex(4),
        gateway_urls=tuple(gateway_urls),
        in_flight_max=load.in_flight_max,
        request_timeout_s=load.request_timeout,
        until_s=until_s,
        arrivals=_table(arrivals, _gateways(scenario.seed, stream, len(arrivals), gateway_urls)),
    )


def _gateways(seed: int, stream: int, count: int, urls: Sequence[str]) -> list[int]:
    chosen_u = chance.u_block(seed, stream, np.arange(count), _GATEWAY, 0, 0, 0)
    gateways: list[int] = (chosen_u * len(urls)).astype(int).tolist()
    return gateways


def _table(arrivals: Sequence[Arrival], gateways: Sequence[int]) -> pd.DataFrame:
    rows = [
        PlannedArrival(
            request=request,
            at_s=arrival.at_s,
            endpoint=arrival.endpoint.value,
            user=arrival.user,
            target=arrival.target,
            gateway=gateway,
        )
        for request, (arrival, gateway) in enumerate(zip(arrivals, gateways, strict=True))
    ]
    return pd.DataFrame(rows, columns=list(PlannedArrival._fields))
