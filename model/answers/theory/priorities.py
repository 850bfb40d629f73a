"""Two classes before one server: the urgent are served first, with or without interruption."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.answers.theory.general_work import mg1_response_mean_s, mg1_response_quantile_s
from model.answers.theory.inversion import Complexes, Transform, quantile
from model.answers.theory.operational import utilisation
from model.answers.theory.services import Service, refuse_constant

_ITERATIONS_MAX = 10_000  # each takes the error down by the share of time that the urgent need
_SETTLED = 1e-14  # relative; the inversion magnifies it to 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Poisson arrivals of one class, and the work that each brings."""

    arrivals_per_s: float
    service: Service

    @property
    def busy(self) -> float:
        """The share of time that this class alone would keep the server busy."""
        return utilisation(self.arrivals_per_s, self.service.mean_s)

    @property
    def unfinished_s(self) -> float:
        """The mean rest of a service of this class that an arrival finds."""
        return self.arrivals_per_s * self.service.second_moment / 2


def priority_wait_means_s(urgent: Load, patient: Load) -> tuple[float, float]:
    """Return the mean waits of the urgent and the patient; nobody is interrupted (M/G/1).

    Source: A. Cobham, "Priority Assignment in Waiting Line Problems", Operations Research 2
    (1954).  Exact.
    """
    idle = 1 - _busy(urgent, patient)
    rest_s = urgent.unfinished_s + patient.unfinished_s
    return rest_s / (1 - urgent.busy), rest_s / ((1 - urgent.busy) * idle)


def priority_response_means_s(urgent: Load, patient: Load) -> tuple[float, float]:
    """Return the mean responses of the urgent and the patient; source as for the waits."""
    urgent_s, patient_s = priority_wait_means_s(urgent, patient)
    return urgent_s + urgent.service.mean_s, patient_s + patient.service.mean_s


def priority_wait_quantiles_s(p: float, urgent: Load, patient: Load) -> tuple[float, float]:
    """Return the waits that a share `p` of the urgent and of the patient do not exceed.

    Nobody is interrupted (M/G/1).  Relative error 1e-7 at p = 0.99 for smooth laws.

    Source: H. Takagi, *Queueing Analysis*, vol. 1 (1991), ch. 3.
    """
    busy = _busy(urgent, patient)
    scale_s = urgent.service.mean_s + patient.service.mean_s
    waits = _urgent_wait(urgent, patient), _patient_wait(urgent, patient)
    urgent_s, patient_s = (quantile(w, p, scale=scale_s, at_zero=1 - busy) for w in waits)
    return urgent_s, patient_s


def priority_response_quantiles_s(p: float, urgent: Load, patient: Load) -> tuple[float, float]:
    """Return the responses that a share `p` of each class stay below; as for the waits.

    Raises ValueError for constant work, as `services.refuse_constant` says.
    """
    refuse_constant(urgent.service, patient.service)
    scale_s = urgent.service.mean_s + patient.service.mean_s
    waits = _urgent_wait(urgent, patient), _patient_wait(urgent, patient)
    services = urgent.service.transform, patient.service.transform
    urgent_s, patient_s = (
        quantile(_product(*both), p, scale=scale_s) for both in zip(waits, services, strict=True)
    )
    return urgent_s, patient_s


def preemptive_response_means_s(urgent: Load, patient: Load) -> tuple[float, float]:
    """Return the mean responses where the urgent interrupt, and work is then resumed (M/G/1).

    Source: Kleinrock, vol. 2 (1976), sec. 3.6.  Exact.
    """
    idle, urgent_idle = 1 - _busy(urgent, patient), 1 - urgent.busy
    rest_s = urgent.unfinished_s + patient.unfinished_s
    patient_s = patient.service.mean_s / urgent_idle + rest_s / (urgent_idle * idle)
    return mg1_response_mean_s(urgent.arrivals_per_s, urgent.service), patient_s


def preemptive_response_quantiles_s(p: float, urgent: Load, patient: Load) -> tuple[float, float]:
    """Return the responses that a share `p` of each class stay below, where the urgent interrupt.

    Work is resumed where it was left.  The patient's wait and service are both stretched by the
    urgent who arrive meanwhile, so their transforms are taken at another point.  Relative error
    1e-7 at p = 0.99 for smooth laws; raises ValueError for constant work.

    Source: H. Takagi, *Queueing Analysis*, vol. 1 (1991), ch. 3.
    """
    refuse_constant(urgent.service, patient.service)
    wait, stretched = _patient_wait(urgent, patient), _stretched(urgent)

    def transform(s: Complexes) -> Complexes:
        return wait(s) * patient.service.transform(stretched(s))

    scale_s = urgent.service.mean_s + patient.service.mean_s
    urgent_s = mg1_response_quantile_s(p, urgent.arrivals_per_s, urgent.service)
    return urgent_s, quantile(transform, p, scale=scale_s)


def interrupted_wait(load: Load, *, available: float, stretched: Transform) -> Transform:
    """Return the transform of the wait behind one's own class, with interruptions.

    `available` is the share of time without interruption; `stretched(s)` the point at which the
    transform of work must be taken to be that of the time that the work takes.
    """
    idle = available - load.busy

    def transform(s: Complexes) -> Complexes:
        point = stretched(s)
        return idle * point / (s - load.arrivals_per_s * (1 - load.service.transform(point)))

    return transform


def _busy(urgent: Load, patient: Load) -> float:
    """Return the share of time that the server is busy."""
    return utilisation(1.0, urgent.busy + patient.busy)


def _product(first: Transform, second: Transform) -> Transform:
    """Return the transform of the sum of two independent times."""
    return lambda s: first(s) * second(s)


def _urgent_wait(urgent: Load, patient: Load) -> Transform:
    """Return the transform of the wait of the urgent, who interrupt nobody."""
    idle = 1 - _busy(urgent, patient)

    def transform(s: Complexes) -> Complexes:
        rest = patient.arrivals_per_s * (1 - patient.service.transform(s))
        urgent_rest = urgent.arrivals_per_s * (1 - urgent.service.transform(s))
        return (idle * s + rest) / (s - urgent_rest)

    return transform


def _patient_wait(urgent: Load, patient: Load) -> Transform:
    """Return the transform of the time until the patient are first served."""
    _busy(urgent, patient)  # refuses what has no steady state
    return interrupted_wait(patient, available=1 - urgent.busy, stretched=_stretched(urgent))


def _stretched(urgent: Load) -> Transform:
    """Return s + λ(1 - Γ(s)), with Γ the transform of a busy period of the urgent.

    Γ(s) = B(s + λ(1 - Γ(s))) is iterated to its fixed point (J. Abate & W. Whitt, "Solving
    Probability Transform Functional Equations for Numerical Inversion", Operations Research
    Letters 12, 1992), which contracts for Re(s) > 0.
    """

    def stretched(s: Complexes) -> Complexes:
        point, moving = s.copy(), np.arange(s.size)
        for _ in range(_ITERATIONS_MAX):
            before = point[moving]
            after = s[moving] + urgent.arrivals_per_s * (1 - urgent.service.transform(before))
            point[moving] = after
            moving = moving[np.abs(after - before) > _SETTLED * np.abs(after)]
            if not moving.size:
                return point
        raise ValueError(f"the busy period of the urgent is too long: busy {urgent.busy:g}")

    return stretched
