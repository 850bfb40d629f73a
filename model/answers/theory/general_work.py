"""M/G/1: Poisson arrivals, any law of service, one server."""

from __future__ import annotations

from model.answers.theory.inversion import Complexes, Transform, quantile
from model.answers.theory.operational import utilisation
from model.answers.theory.services import Service, refuse_constant


def mg1_wait_mean_s(arrivals_per_s: float, service_mean_s: float, service_scv: float) -> float:
    """Return the mean time in queue of an M/G/1 queue, first come, first served.

    `service_scv` is the squared coefficient of variation of the service time.

    Source: Pollaczek & Khinchine; Kleinrock, vol. 1 (1975), sec. 5.6.  Exact.
    """
    busy = utilisation(arrivals_per_s, service_mean_s)
    return busy * service_mean_s * (1 + service_scv) / (2 * (1 - busy))


def mg1_ps_response_mean_s(arrivals_per_s: float, service_mean_s: float) -> float:
    """Return the mean time in an M/G/1 system that all share equally, whatever the law.

    Source: L. Kleinrock, *Queueing Systems*, vol. 2 (1976), sec. 4.4.  Exact.
    """
    return service_mean_s / (1 - utilisation(arrivals_per_s, service_mean_s))


def mg1_wait_transform(arrivals_per_s: float, service: Service) -> Transform:
    """Return the transform of the time in queue of an M/G/1 queue, first come, first served.

    Source: Pollaczek & Khinchine; Kleinrock, vol. 1 (1975), eq. 5.105.  Exact.
    """
    busy = utilisation(arrivals_per_s, service.mean_s)

    def transform(s: Complexes) -> Complexes:
        return (1 - busy) * s / (s - arrivals_per_s * (1 - service.transform(s)))

    return transform


def mg1_wait_quantile_s(p: float, arrivals_per_s: float, service: Service) -> float:
    """Return the wait that a share `p` of arrivals at an M/G/1 queue do not exceed.

    The transform above, inverted; relative error 1e-7 at p = 0.99 for smooth laws, and for
    constant work 2e-3 (`md1_wait_quantile_s` is exact).
    """
    busy = utilisation(arrivals_per_s, service.mean_s)
    transform = mg1_wait_transform(arrivals_per_s, service)
    return quantile(transform, p, scale=service.mean_s, at_zero=1 - busy)


def mg1_response_quantile_s(p: float, arrivals_per_s: float, service: Service) -> float:
    """Return the time in an M/G/1 system, first come, first served, that a share `p` stay below.

    Wait and own service are independent: their transforms multiply.  Error as for the wait.
    Raises ValueError for constant work (`md1_response_quantile_s` is exact).
    """
    refuse_constant(service)
    wait = mg1_wait_transform(arrivals_per_s, service)
    return quantile(lambda s: wait(s) * service.transform(s), p, scale=service.mean_s)


def mg1_response_mean_s(arrivals_per_s: float, service: Service) -> float:
    """Return the mean time in an M/G/1 system, first come, first served; exact."""
    return service.mean_s + mg1_wait_mean_s(arrivals_per_s, service.mean_s, service.scv)
