import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from model.world.laws import (
    Constant,
    Exponential,
    Law,
    Lognormal,
    QuantileTable,
    erlang,
    gamma,
    hyperexponential,
    mixture,
)

SHARES = [0.05, 0.5, 0.9, 0.99, 0.999, 0.99999]
LAWS: dict[str, Law] = {
    "exponential": Exponential(mean=2.0),
    "lognormal": Lognormal(mean=2.0, scv=1.5),
    "erlang": erlang(k=4, mean=2.0),
    "gamma": gamma(mean=2.0, scv=2.0),
    "hyperexponential": hyperexponential(mean=2.0, scv=4.0),
    "table": QuantileTable.of_samples([1.0, 2.0, 3.0, 2.0]),
}


def integral_of(function):
    """The mean over u, with steps that shrink towards 1, where quantiles rise steeply."""
    edges = 1 - np.geomspace(1, 1e-12, 40_001)
    middles = (edges[1:] + edges[:-1]) / 2
    return np.dot(np.diff(edges), [function(u) for u in middles.tolist()])


def hyperexponential_cdf(x, mean, scv):
    first = (1 + np.sqrt((scv - 1) / (scv + 1))) / 2
    phases = [(first, mean / (2 * first)), (1 - first, mean / (2 * (1 - first)))]
    return 1 - sum(share * np.exp(-x / phase_mean) for share, phase_mean in phases)


@pytest.mark.parametrize(
    ("law", "exact", "error"),
    [
        (LAWS["exponential"], stats.expon(scale=2.0), 1e-12),
        (LAWS["lognormal"], stats.lognorm(s=np.sqrt(np.log(2.5)), scale=2 / np.sqrt(2.5)), 1e-12),
        (LAWS["erlang"], stats.gamma(4, scale=0.5), 1e-3),
        (LAWS["gamma"], stats.gamma(0.5, scale=4.0), 1e-3),
    ],
)
def test_quantiles_invert_the_distribution_function(law, exact, error):
    assert [law.quantile(share) for share in SHARES] == pytest.approx(exact.ppf(SHARES), rel=error)


def test_hyperexponential_quantiles_invert_the_distribution_function():
    law = hyperexponential(mean=2.0, scv=4.0)
    survivals = [1 - hyperexponential_cdf(law.quantile(share), 2.0, 4.0) for share in SHARES]
    assert survivals == pytest.approx([1 - share for share in SHARES], rel=3e-3)


@pytest.mark.parametrize("name", LAWS)
def test_a_law_has_the_mean_and_the_variation_that_it_states(name):
    law = LAWS[name]
    mean, square = integral_of(law.quantile), integral_of(lambda u: law.quantile(u) ** 2)
    assert law.mean == pytest.approx(mean, rel=1e-4)
    assert law.scv == pytest.approx(square / mean**2 - 1, rel=2e-3)


@pytest.mark.parametrize(("name", "scv"), [("erlang", 0.25), ("gamma", 2), ("hyperexponential", 4)])
def test_a_table_of_a_known_law_keeps_its_moments(name, scv):
    assert LAWS[name].mean == pytest.approx(2.0, rel=1e-12)
    assert LAWS[name].scv == pytest.approx(scv, rel=2e-3)


@given(st.sampled_from(sorted(LAWS)), st.lists(st.floats(2**-53, 1 - 2**-53), min_size=2))
def test_quantiles_never_fall(name, shares):
    quantiles = [LAWS[name].quantile(share) for share in sorted(shares)]
    assert quantiles == sorted(quantiles)
    assert quantiles[0] >= 0


def test_a_constant_is_always_itself():
    law = Constant(value=0.3)
    assert (law.quantile(0.01), law.quantile(0.99), law.mean, law.scv) == (0.3, 0.3, 0.3, 0.0)


@pytest.fixture(scope="module")
def sample():
    return np.random.default_rng(5).lognormal(mean=-5, sigma=1.2, size=20_000)


def test_a_table_of_a_sample_has_its_mean_and_its_quantiles(sample):
    law = QuantileTable.of_samples(sample)
    assert law.mean == pytest.approx(sample.mean(), rel=1e-12)
    assert law.scv == pytest.approx(sample.var() / sample.mean() ** 2, rel=0.02)
    found = [law.quantile(share) for share in (0.5, 0.9, 0.99, 0.999)]
    assert found == pytest.approx(np.quantile(sample, (0.5, 0.9, 0.99, 0.999)), rel=0.01)
    assert law.quantile(1 - 2**-53) <= sample.max() * 1.001


def test_a_table_of_one_value_is_that_value():
    law = QuantileTable.of_samples([0.25])
    assert law.quantile(0.2) == pytest.approx(0.25)


def test_a_table_of_nothing_but_zeros_is_zero():
    law = QuantileTable.of_samples([0.0, 0.0])
    assert (law.mean, law.scv, law.quantile(0.7)) == (0.0, 0.0, 0.0)


def test_scaling_and_shifting_move_mean_and_quantiles(sample):
    law = QuantileTable.of_samples(sample)
    assert law.scaled(3).mean == pytest.approx(3 * law.mean)
    assert law.shifted(0.5).mean == pytest.approx(law.mean + 0.5)
    assert law.scaled(2).shifted(1).quantile(0.9) == pytest.approx(2 * law.quantile(0.9) + 1)


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: Constant(value=-1.0), "value must be 0 or more, got -1.0"),
        (lambda: Constant(value=float("nan")), "value must be 0 or more, got nan"),
        (lambda: Exponential(mean=0.0), "mean must be positive, got 0.0"),
        (lambda: Lognormal(mean=-2.0, scv=1.0), "mean must be positive, got -2.0"),
        (lambda: Lognormal(mean=2.0, scv=0.0), "scv must be positive, got 0.0"),
        (lambda: gamma(mean=0.0, scv=1.0), "mean must be positive"),
        (lambda: gamma(mean=1.0, scv=-1.0), "scv must be positive"),
        (lambda: erlang(k=0, mean=1.0), "k must be 1 or more, got 0"),
        (lambda: hyperexponential(mean=1.0, scv=1.0), "scv must be above 1, got 1.0"),
        (lambda: hyperexponential(mean=0.0, scv=2.0), "mean must be positive"),
        (lambda: QuantileTable.of_samples([]), "a sample needs values, got 0"),
        (lambda: QuantileTable.of_samples([1.0, -0.5]), "values must be 0 or more"),
        (lambda: QuantileTable.of_samples([1.0, np.nan]), "values must be finite, got nan"),
        (lambda: QuantileTable.of_samples([1.0, np.inf]), "values must be finite, got inf"),
        (lambda: QuantileTable.of_samples([1.0], points=1), "points must be 2 or more, got 1"),
        (lambda: QuantileTable(probabilities=(0.0, 0.5), values=(1.0, 2.0)), "from 0 to 1"),
        (lambda: QuantileTable(probabilities=(0.0, 1.0), values=(1.0,)), "1 values, 2 prob"),
        (lambda: QuantileTable(probabilities=(0.0, 1.0), values=(2.0, 1.0)), "must not fall"),
        (lambda: QuantileTable.of_samples([1.0, 2.0]).shifted(-1.5), "values must be 0 or more"),
    ],
)
def test_what_is_no_law_is_refused(make, complaint):
    with pytest.raises(ValueError, match=complaint):
        make()


def test_a_mixture_draws_from_either_law_with_its_share():
    low = QuantileTable(probabilities=(0.0, 1.0), values=(0.0, 1.0))
    high = QuantileTable(probabilities=(0.0, 1.0), values=(10.0, 11.0))
    both = mixture(low, high, share=0.75)
    assert both.mean == pytest.approx(0.75 * low.mean + 0.25 * high.mean)
    alike = QuantileTable(probabilities=tuple(np.linspace(0, 1, 201)), values=tuple(range(201)))
    for u in (0.05, 0.3, 0.5, 0.9):
        assert mixture(alike, alike, share=0.3).quantile(u) == pytest.approx(200 * u, rel=0.01)


def test_a_mixture_of_more_than_everything_is_refused():
    law = QuantileTable(probabilities=(0.0, 1.0), values=(0.0, 1.0))
    with pytest.raises(ValueError, match=r"share must be in 0\.\.1, got 1\.5"):
        mixture(law, law, share=1.5)
