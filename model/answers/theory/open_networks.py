"""Open Jackson networks: several M/M/c stations, which requests visit by chance, also again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from model.answers.theory.many_servers import mmc_response_mean_s
from model.answers.theory.operational import number_present
from model.answers.theory.phases import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStation:
    """Identical servers behind one queue; service is exponential, and drawn anew at each visit."""

    service_mean_s: float
    servers: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenNetworkMeans:
    """What is known of each station, in the order given, and of a whole request."""

    arrivals_per_s: tuple[float, ...]  # at the station, those that come again counted again
    visits: tuple[float, ...]  # of a request
    responses_s: tuple[float, ...]  # of one visit
    response_s: float  # from entering the network to leaving it


def open_network(
    stations: list[OpenStation], entries_per_s: ArrayLike, routing: ArrayLike
) -> OpenNetworkMeans:
    """Return the means of an open network.

    `entries_per_s[i]` enter at station i from outside; from station i a share `routing[i][j]`
    goes to station j, and the rest leaves.

    Source: J. R. Jackson, "Networks of Waiting Lines", Operations Research 5 (1957); the whole
    response by Little's law.  Exact to rounding.
    """
    entries, shares = np.asarray(entries_per_s, float), np.asarray(routing, float)
    _refuse_unless_open(len(stations), entries, shares)
    flows = np.linalg.solve(np.eye(len(stations)) - shares.T, entries)
    responses_s = [
        mmc_response_mean_s(float(flow), station.service_mean_s, station.servers)
        for flow, station in zip(flows, stations, strict=True)
    ]
    entering_per_s = float(entries.sum())
    present = sum(map(number_present, flows.tolist(), responses_s))
    return OpenNetworkMeans(
        arrivals_per_s=tuple(flows.tolist()),
        visits=tuple((flows / entering_per_s).tolist()),
        responses_s=tuple(responses_s),
        response_s=present / entering_per_s,
    )


def _refuse_unless_open(count: int, entries: Floats, shares: Floats) -> None:
    """Raise ValueError unless requests enter, go where they can, and all leave in the end."""
    if entries.shape != (count,) or shares.shape != (count, count):
        raise ValueError(f"{count} stations, {entries.shape} entries, {shares.shape} routing")
    if entries.min() < 0 or not entries.sum() > 0:
        raise ValueError(f"entries_per_s must be 0 or more, and not all 0, got {entries}")
    if shares.min() < 0 or shares.sum(axis=1).max() > 1 + 1e-12:
        raise ValueError(f"each row of routing must be shares of at most 1, got {shares}")
    if np.abs(np.linalg.eigvals(shares)).max() > 1 - 1e-12:
        raise ValueError("no steady state: some requests never leave")
