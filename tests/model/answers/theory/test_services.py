"""Transforms of laws against the integrals that define them."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from model.answers import theory
from model.answers.theory import services
from model.world.laws import (
    Constant,
    Exponential,
    Lognormal,
    QuantileTable,
    erlang,
    hyperexponential,
)

POINTS = np.array([0.3 + 0j, 2.0 + 5j, 2.0 + 40j, 12.0 - 60j])
LAWS = [
    Constant(value=0.7),
    Exponential(mean=0.7),
    Lognormal(mean=0.7, scv=0.1),
    Lognormal(mean=0.7, scv=8.0),
    QuantileTable(probabilities=(0.0, 0.4, 1.0), values=(0.5, 0.5, 2.0)),  # often just a half
    erlang(k=3, mean=0.7),
    hyperexponential(mean=0.7, scv=3.0),
]


def lognormal_by_quadrature(s, *, mean, scv):
    """The integral over the density, as it is defined."""
    sigma = math.sqrt(math.log1p(scv))

    def part(z, take):
        x = mean * math.exp(sigma * z - sigma**2 / 2)
        return take(np.exp(-s * x)) * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    real, imaginary = (
        quad(part, -9, 9, args=(take,), limit=5_000, epsabs=1e-13, epsrel=1e-12)[0]
        for take in (np.real, np.imag)
    )
    return real + 1j * imaginary


@pytest.mark.parametrize("scv", [0.01, 0.1, 1.5, 8.0])
def test_the_lognormal_transform_is_its_integral(scv):
    found = theory.service_of(Lognormal(mean=0.7, scv=scv)).transform(POINTS)
    expected = [lognormal_by_quadrature(s, mean=0.7, scv=scv) for s in POINTS]
    assert found == pytest.approx(np.array(expected), abs=1e-11)


@pytest.mark.parametrize("scv", [0.01, 0.1, 1.5, 8.0])
def test_the_lognormal_transform_does_not_depend_on_its_nodes(scv, monkeypatch):
    points = np.outer([0.01, 1.0, 100.0], 11.5 + 1j * math.pi * np.arange(113)).ravel()
    fine = theory.service_of(Lognormal(mean=0.7, scv=scv)).transform(points)
    monkeypatch.setattr(services, "_NODES", services._NODES // 2)
    coarse = theory.service_of(Lognormal(mean=0.7, scv=scv)).transform(points)
    assert fine == pytest.approx(coarse, abs=1e-12)


@pytest.mark.parametrize("law", [law for law in LAWS if not isinstance(law, Lognormal)])
def test_a_transform_is_the_mean_over_all_quantiles(law):
    chances = (np.arange(100_000) + 0.5) / 100_000
    values = np.array([law.quantile(u) for u in chances])
    found = theory.service_of(law).transform(POINTS)
    assert found == pytest.approx(np.exp(-np.outer(POINTS, values)).mean(axis=1), abs=1e-6)


@pytest.mark.parametrize("law", LAWS)
def test_a_transform_falls_from_one_by_the_mean_and_the_second_moment(law):
    service, s = theory.service_of(law), 1e-4
    expected = s * law.mean - s**2 / 2 * law.mean**2 * (1 + law.scv)
    assert 1 - service.transform(np.array([s + 0j]))[0].real == pytest.approx(expected, rel=1e-6)
    assert service.second_moment == pytest.approx(law.mean**2 * (1 + law.scv))


@pytest.mark.parametrize(
    ("table", "closed"),
    [
        (erlang(k=3, mean=0.7), theory.erlang_service(3, 0.7)),
        (hyperexponential(mean=0.7, scv=3.0), theory.hyperexponential_service(0.7, 3.0)),
    ],
)
def test_a_table_is_close_to_the_law_that_it_tabulates(table, closed):
    service = theory.service_of(table)
    assert service.transform(POINTS) == pytest.approx(closed.transform(POINTS), abs=2e-3)
    assert service.scv == pytest.approx(closed.scv, rel=1e-2)
    assert service.mean_s == pytest.approx(closed.mean_s)


class Unheard:
    """A law that no one has transformed."""

    mean, scv = 1.0, 1.0

    def quantile(self, u):
        return u


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (lambda: theory.service_of(Unheard()), "no transform is known"),
        (lambda: theory.erlang_service(0, 1.0), "k must be positive"),
        (lambda: theory.erlang_service(2, 0.0), "mean_s must be positive"),
        (lambda: theory.hyperexponential_service(0.0, 2.0), "mean_s must be positive"),
        (lambda: theory.hyperexponential_service(1.0, 1.0), "scv must be above 1"),
    ],
)
def test_what_is_no_service_is_refused(refused, reason):
    with pytest.raises(ValueError, match=reason):
        refused()
