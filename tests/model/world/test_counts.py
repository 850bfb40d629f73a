import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from model.world.counts import ConstantCount, CountTable, binomial, poisson

CASES = [
    (binomial(n=40, p=0.1), stats.binom(40, 0.1)),
    (binomial(n=30_000_000, p=0.001), stats.binom(30_000_000, 0.001)),
    (binomial(n=7, p=1.0), stats.binom(7, 1.0)),
    (poisson(mean=3.5), stats.poisson(3.5)),
    (poisson(mean=20_000.0), stats.poisson(20_000.0)),
]


@pytest.mark.parametrize(("law", "exact"), CASES)
@given(u=st.floats(1e-12, 1 - 1e-12))
def test_counts_invert_the_distribution_function(law, exact, u):
    # Where u lies on a step to the last bit, either side of it will do.
    assert exact.ppf(u * (1 - 1e-9)) <= law.quantile(u) <= exact.ppf(min(1, u * (1 + 1e-9)))


@pytest.mark.parametrize(("law", "exact"), CASES)
def test_a_law_of_counts_has_the_mean_that_it_states(law, exact):
    assert law.mean == pytest.approx(exact.mean(), rel=1e-9)


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
    ],
)
def test_what_is_no_law_of_counts_is_refused(make, complaint):
    with pytest.raises(ValueError, match=complaint):
        make()
