"""Closed networks: a fixed number of customers that go round and round between stations."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from model.answers.theory.phases import Floats
from model.world.laws import refuse_unless

_CUSTOMERS_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedStation:
    """Identical servers behind one queue, or, with infinitely many, a delay such as thinking.

    Service is exponential; of a delay only the mean matters.
    """

    service_mean_s: float
    servers: float = 1.0  # math.inf for a delay
    visits: float = 1.0  # of one round

    def __post_init__(self) -> None:
        """Refuse what is not a station."""
        refuse_unless(
            self.service_mean_s > 0, "service_mean_s must be positive", self.service_mean_s
        )
        refuse_unless(self.visits > 0, "visits must be positive", self.visits)
        if not (self.servers >= 1 and (self.servers == math.inf or self.servers % 1 == 0)):
            raise ValueError(f"servers must be a whole number or infinite, got {self.servers}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedNetworkMeans:
    """What is known of a closed network, and of each station in the order given."""

    rounds_per_s: float
    responses_s: tuple[float, ...]  # of one visit
    present: tuple[float, ...]


def closed_network(stations: list[ClosedStation], customers: int) -> ClosedNetworkMeans:
    """Return the means of a closed network of one class.

    These are the numbers of exact mean value analysis (M. Reiser & S. S. Lavenberg, "Mean-Value
    Analysis of Closed Multichain Queuing Networks", J. ACM 27, 1980).  They are computed by
    convolution (J. P. Buzen, "Computational Algorithms for Closed Queueing Networks with
    Exponential Servers", Comm. ACM 16, 1973), which subtracts nothing: the recursion for several
    servers loses all digits near saturation.  Exact to rounding.
    """
    if not 1 <= customers <= _CUSTOMERS_MAX:
        raise ValueError(f"customers must be in 1..{_CUSTOMERS_MAX}, got {customers}")
    if not stations:
        raise ValueError("a closed network needs stations")
    rounds_per_s = _rounds_per_s(stations, customers)
    present = tuple(_present(stations, customers, place) for place in range(len(stations)))
    responses_s = tuple(
        number / (rounds_per_s * station.visits)
        for number, station in zip(present, stations, strict=True)
    )
    return ClosedNetworkMeans(rounds_per_s=rounds_per_s, responses_s=responses_s, present=present)


def _log_weights(station: ClosedStation, customers: int) -> Floats:
    """Return the logarithms of the station's factor of the product form, for 0, 1, ... present."""
    busy = np.minimum(np.arange(1, customers + 1), station.servers)
    demand_s = station.service_mean_s * station.visits
    return np.concatenate(([0.0], np.cumsum(math.log(demand_s) - np.log(busy))))


def _log_convolution(stations: list[ClosedStation], customers: int) -> Floats:
    """Return the logarithms of the normalizing constants for 0, 1, ... `customers`."""
    constants = np.full(customers + 1, -math.inf)
    constants[0] = 0.0
    for station in stations:
        weights = _log_weights(station, customers)
        constants = np.array(
            [
                np.logaddexp.reduce(constants[: total + 1] + weights[total::-1])
                for total in range(customers + 1)
            ]
        )
    return constants


def _rounds_per_s(stations: list[ClosedStation], customers: int) -> float:
    """Return the throughput: the ratio of two neighbouring normalizing constants."""
    constants = _log_convolution(stations, customers)
    return math.exp(constants[-2] - constants[-1])


def _present(stations: list[ClosedStation], customers: int, place: int) -> float:
    """Return the mean number at one station, from its law given by the product form."""
    others = _log_convolution(stations[:place] + stations[place + 1 :], customers)
    weights = _log_weights(stations[place], customers) + others[::-1]
    shares = np.exp(weights - weights.max())
    return float(np.dot(np.arange(customers + 1), shares) / shares.sum())
