"""How long work takes, as formulas want it: mean, variation and Laplace-Stieltjes transform."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from model.answers.theory.inversion import Complexes, Transform
from model.world.laws import Constant, Exponential, Law, Lognormal, QuantileTable, refuse_unless

_REACH = 9.5  # standard deviations: beyond, a normal density is below 1e-20
_NODES = 500  # of the trapezoidal rule; with half of them the transform moves by under 1e-12
_TURN_MAX = math.sqrt(8)  # a turn by so many sigmas costs exp(4): two digits of sixteen


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The law of a service time."""

    mean_s: float
    scv: float  # squared coefficient of variation
    transform: Transform

    @property
    def second_moment(self) -> float:
        """The expected square, in seconds squared."""
        return self.mean_s**2 * (1 + self.scv)


def service_of(law: Law) -> Service:
    """Return the service whose times, in seconds, have this law.

    Exact for the law as engines draw it: a `QuantileTable` is transformed as the straight lines
    that it is.  The lognormal is exact to 1e-12.
    """
    return Service(mean_s=law.mean, scv=law.scv, transform=_transform_of(law))


def refuse_constant(*services: Service) -> None:
    """Refuse work that never varies, where its response is to be inverted.

    A response that is no longer than the service with some probability has a jump there, around
    which a numerical inversion swings by several per cent.
    """
    for service in services:
        if service.scv == 0:
            raise ValueError(
                f"constant work of {service.mean_s:g} s: its response has a jump, which inversion"
                " misses; for one queue ask md1_response_quantile_s"
            )


def erlang_service(k: int, mean_s: float) -> Service:
    """Return a service of `k` exponential phases one after another, without a table's error."""
    refuse_unless(k > 0, "k must be positive", k)
    refuse_unless(mean_s > 0, "mean_s must be positive", mean_s)
    return Service(mean_s=mean_s, scv=1 / k, transform=lambda s: (1 + s * mean_s / k) ** -k)


def hyperexponential_service(mean_s: float, scv: float) -> Service:
    """Return a service of one of two exponential phases, without a table's error.

    Both phases bring half of the mean, as in `model.world.laws.hyperexponential`.
    """
    refuse_unless(mean_s > 0, "mean_s must be positive", mean_s)
    refuse_unless(scv > 1, "scv must be above 1", scv)
    first = (1 + math.sqrt((scv - 1) / (scv + 1))) / 2
    slow_s, quick_s = mean_s / (2 * (1 - first)), mean_s / (2 * first)
    return Service(
        mean_s=mean_s,
        scv=scv,
        transform=lambda s: first / (1 + quick_s * s) + (1 - first) / (1 + slow_s * s),
    )


def _transform_of(law: Law) -> Transform:
    """Return the transform of a law that has a known one."""
    match law:
        case Constant():
            return lambda s: np.exp(-s * law.value)
        case Exponential():
            return lambda s: 1 / (1 + s * law.mean)
        case Lognormal():
            return lambda s: _lognormal_transform(s, law)
        case QuantileTable():
            return lambda s: _table_transform(s, law)
    raise ValueError(f"no transform is known of {law!r}")


def _table_transform(s: Complexes, law: QuantileTable) -> Complexes:
    """Return the transform of straight lines between quantiles: a mixture of uniform laws."""
    shares, values = np.diff(law.probabilities), np.asarray(law.values)
    lows, widths = values[:-1], np.diff(values)
    rises = np.multiply.outer(s, widths)
    flat = rises == 0
    uniform = np.where(flat, 1, -np.expm1(-rises) / np.where(flat, 1, rises))
    result: Complexes = (np.exp(-np.multiply.outer(s, lows)) * uniform) @ shares
    return result


def _lognormal_transform(s: Complexes, law: Lognormal) -> Complexes:
    """Return the transform of the lognormal law, for Re(s) > 0.

    No closed form exists.  The integral over the logarithm is taken by the trapezoidal rule on a
    line that is moved off the real axis, towards where exp(-s x) no longer oscillates.

    Source: S. Asmussen, J. L. Jensen & L. Rojas-Nandayapa, "On the Laplace Transform of the
    Lognormal Distribution", Methodology and Computing in Applied Probability 18 (2016).
    """
    sigma = math.sqrt(math.log1p(law.scv))
    median = law.mean * math.exp(-(sigma**2) / 2)
    steps, width = np.linspace(-_REACH, _REACH, _NODES, retstep=True)
    turns = np.clip(np.angle(s) / sigma, -_TURN_MAX, _TURN_MAX)[:, None]
    normals = steps - 1j * turns
    exponents = -(s[:, None] * median) * np.exp(sigma * normals) - normals**2 / 2
    result: Complexes = np.exp(exponents).sum(axis=1) * width / math.sqrt(2 * math.pi)
    return result
