import numpy as np
import pytest

from model.world import chance
from model.world.counts import ConstantCount, CountTable, Geometric, binomial
from model.world.thinning import Thinning, table_of_law

WIDTHS = CountTable(counts=(0, 3, 40), cumulated=(0.2, 0.7, 1.0))


def test_of_one_width_the_legs_here_are_binomial():
    here = Thinning(width=table_of_law(ConstantCount(count=64)), share=0.25).here()
    expected = binomial(n=64, p=0.25)
    shares = dict(zip(here.counts, here.cumulated, strict=True))
    for count, cumulated in zip(expected.counts, expected.cumulated, strict=True):
        assert shares.get(count, cumulated) == pytest.approx(cumulated, abs=1e-12)


def test_those_of_whom_any_leg_is_here_bring_all_legs():
    thinning = Thinning(width=WIDTHS, share=0.1)
    among = thinning.here_if_any()
    assert among.counts[0] == 1
    assert among.mean * thinning.any_share == pytest.approx(WIDTHS.mean * 0.1)


def test_widths_and_legs_drawn_together_are_as_if_every_leg_had_been_drawn():
    thinning = Thinning(width=WIDTHS, share=0.1)
    n = 20_000
    u = chance.u_block(1, 0, np.arange(n), 7, 0, 0, 0)
    law = thinning.here()
    here = np.array([law.quantile(float(value)) for value in u])
    widths = thinning.widths_given(here, chance.u_block(1, 0, np.arange(n), 7, 0, 0, 1))
    shares = np.array([(widths == width).mean() for width in WIDTHS.counts])
    # Five standard errors of a share among 20,000.
    assert shares == pytest.approx([0.2, 0.5, 0.3], abs=5 * np.sqrt(0.25 / n))
    assert (widths >= here).all()
    # Of a request with four legs here nobody can be three wide.
    assert set(widths[here > 3]) == {40}


@pytest.mark.parametrize(("width", "counts"), [(64, (16,)), (1, (0, 1)), (32, range(17))])
def test_where_no_two_legs_meet_a_member_that_is_here_has_at_most_one(width, counts):
    legs = table_of_law(ConstantCount(count=width))
    here = Thinning(width=legs, share=0.25, members=16).here()
    assert here.mean == pytest.approx(width / 4)
    assert set(here.counts) <= set(counts)


def test_of_twice_as_many_legs_as_members_any_number_may_be_here():
    here = Thinning(width=table_of_law(ConstantCount(count=128)), share=0.25, members=16).here()
    assert here.mean == pytest.approx(32)


def test_any_law_of_counts_becomes_a_table():
    assert table_of_law(Geometric(mean=4.0)).mean == pytest.approx(4.0, rel=0.01)
    assert table_of_law(WIDTHS) is WIDTHS
