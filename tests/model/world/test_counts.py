from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from model.world.counts import ConstantCount, CountTable, Geometric, binomial, poisson, zipf

CASES = [
    (binomial(n=40, p=0.1), stats.binom(40, 0.1)),
    (binomial(n=30_000_000, p=0.001), stats.binom(30_000_000, 0.001)),
    (binomial(n=7, p=1.0), stats.binom(7, 1.0)),
    (poisson(mean=3.5), stats.poisson(3.5)),
    (poisson(mean=20_000.0), stats.poisson(20_000.0)),
    (Geometric(mean=0.02), stats.geom(1 / 1.02, loc=-1)),
    (Geometric(mean=3.0), stats.geom(1 / 4, loc=-1)),
    (Geometric(mean=50_000.0), stats.geom(1 / 50_001, loc=-1)),
    (zipf(size=1, exponent=2.0), stats.binom(1, 0.0)),
    (zipf(size=40, exponent=0.0), stats.randint(0, 40)),
    (zipf(size=1_000, exponent=0.8), stats.zipfian(0.8, 1_000, loc=-1)),
    (zipf(size=1_000, exponent=2.5), stats.zipfian(2.5, 1_000, loc=-1)),
]


@pytest.mark.parametrize(("law", "exact"), CASES)
@given(u=st.floats(1e-12, 1 - 1e-12))
def test_counts_invert_the_distribution_function(law, exact, u):
    # Where u lies on a step to the last bit, either side of it will do.
    assert exact.ppf(u * (1 - 1e-9)) <= law.quantile(u) <= exact.ppf(min(1, u * (1 + 1e-9)))


@pytest.mark.parametrize(("law", "exact"), CASES)
def test_a_law_of_counts_has_the_mean_that_it_states(law, exact):
    assert law.mean == pytest.approx(exact.mean(), rel=1e-9)


@pytest.mark.parametrize(("law", "exact"), CASES)
def test_a_law_of_counts_draws_the_mean_that_it_states(law, exact):
    # A hundred thousand equal shares; at the last, half a share of the tail is missing.
    drawn = np.mean([law.quantile((n + 0.5) / 100_000) for n in range(100_000)])
    assert drawn == pytest.approx(law.mean, rel=2e-3)


@given(u=st.floats(2**-53, 1 - 2**-53), mean=st.floats(1e-3, 1e7))
def test_geometric_counts_leave_what_is_rarer_than_asked_for(u, mean):
    count, again = Geometric(mean=mean).quantile(u), mean / (1 + mean)
    rounding = 1e-9 + count * 2**-52  # of the power, which multiplies that of its base
    assert again ** (count + 1) <= (1 - u) * (1 + rounding)
    assert again**count >= (1 - u) * (1 - rounding)


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0, 1.5])
def test_ranks_are_asked_for_in_proportion_to_a_power_of_them(exponent):
    law = zipf(size=50, exponent=exponent)
    shares = np.diff((0.0, *law.cumulated))
    assert law.counts == tuple(range(50))
    assert shares[0] / shares == pytest.approx(np.arange(1, 51) ** exponent)


@pytest.mark.parametrize("law", [binomial(n=0, p=0.3), poisson(mean=0.0), ConstantCount(count=0)])
def test_none_is_a_count(law):
    assert (law.quantile(2**-53), law.quantile(1 - 2**-53), law.mean) == (0, 0, 0)


def test_a_table_of_a_sample_repeats_its_shares():
    law = CountTable.of_samples([0, 0, 5, 9])
    assert [law.quantile(u) for u in (0.1, 0.49, 0.51, 0.74, 0.76, 0.99)] == [0, 0, 5, 5, 9, 9]
    assert law.mean == 3.5


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: ConstantCount(count=-1), "count must be 0 or more, got -1"),
        (lambda: CountTable.of_samples([]), "a table needs counts, got 0"),
        (lambda: CountTable.of_samples([3, -1]), "counts must be 0 or more, got -1"),
        (lambda: CountTable(counts=(1, 2), cumulated=(0.5, 0.9)), "must end at 1, got 0.9"),
        (lambda: binomial(n=-1, p=0.5), "n must be 0 or more, got -1"),
        (lambda: binomial(n=1, p=1.5), "p must be in 0..1, got 1.5"),
        (lambda: poisson(mean=-1.0), "mean must be 0 or more, got -1.0"),
        (lambda: poisson(mean=inf), "mean must be 0 or more, got inf"),
        (lambda: Geometric(mean=0.0), "mean must be positive, got 0.0"),
        (lambda: Geometric(mean=-1.0), "mean must be positive, got -1.0"),
        (lambda: Geometric(mean=inf), "mean must be positive, got inf"),
        (lambda: Geometric(mean=nan), "mean must be positive, got nan"),
        (lambda: zipf(size=0, exponent=1.0), "size must be 1 or more, got 0"),
        (lambda: zipf(size=5, exponent=-0.1), "exponent must be 0 or more, got -0.1"),
        (lambda: zipf(size=5, exponent=inf), "exponent must be 0 or more, got inf"),
        (lambda: zipf(size=5, exponent=nan), "exponent must be 0 or more, got nan"),
    ],
)
def test_what_is_no_law_of_counts_is_refused(make, complaint):
    with pytest.raises(ValueError, match=complaint):
        make()


@pytest.mark.parametrize(
    ("counts", "cumulated", "complaint"),
    [
        ((0, 9, 1), (0.3, 0.6, 1.0), "counts must be whole and rise"),
        ((0, 1, 1), (0.3, 0.6, 1.0), "counts must be whole and rise"),
        ((0.0, 1.5), (0.5, 1.0), "counts must be whole and rise"),
        ((0, 1, 2), (0.5, 1.0), "as many counts as probabilities"),
        ((0, 1), (0.5, 0.9), "cumulated must end at 1"),
        ((0, 1, 2), (0.6, 0.5, 1.0), "cumulated must not fall, from 0 on"),
        ((0, 1, 2), (float("nan"), 0.5, 1.0), "cumulated must not fall, from 0 on"),
        ((0, 1), (-0.5, 1.0), "cumulated must not fall, from 0 on"),
    ],
)
def test_a_table_that_is_no_distribution_is_refused(counts, cumulated, complaint):
    with pytest.raises(ValueError, match=complaint):
        CountTable(counts=counts, cumulated=cumulated)
