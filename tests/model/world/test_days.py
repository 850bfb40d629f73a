"""The curve of a day: exact means and peaks, against sums over fine steps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.world.days import Curve, curve_near, curve_of_all

CURVES = st.builds(
    Curve,
    swing=st.floats(min_value=0, max_value=0.95),
    busiest_hour=st.floats(min_value=0, max_value=24, exclude_max=True),
)


@pytest.mark.parametrize(("longitude", "peak_utc"), [(0.0, 20.0), (-75.0, 1.0), (150.0, 10.0)])
def test_people_peak_by_their_own_sun(longitude, peak_utc):
    curve = curve_near(longitude, peak_hour=20.0, peak_over_trough=3.0)
    hours = np.arange(0, 24, 0.25)
    rates = [curve.at(hour) for hour in hours]
    assert hours[np.argmax(rates)] == peak_utc
    assert max(rates) / min(rates) == pytest.approx(3.0)


@given(CURVES, st.floats(min_value=0, max_value=48), st.floats(min_value=0.01, max_value=24))
def test_the_mean_between_two_hours_is_that_of_fine_steps(curve, since, lasts):
    middles = since + (np.arange(5_000) + 0.5) / 5_000 * lasts
    fine = np.mean([curve.at(hour) for hour in middles])
    assert curve.between(since, since + lasts) == pytest.approx(fine, rel=1e-5, abs=1e-7)


def test_a_day_has_the_mean_1():
    assert Curve(swing=0.6, busiest_hour=20.0).between(3.0, 27.0) == pytest.approx(1.0)


@given(st.lists(st.tuples(st.floats(min_value=0.01, max_value=1), CURVES), min_size=1, max_size=8))
def test_the_curve_of_all_is_the_sum_of_the_curves_at_every_hour(weighted):
    total = sum(weight for weight, _ in weighted)
    parts = [(weight / total, curve) for weight, curve in weighted]
    of_all = curve_of_all(parts)
    for hour in np.arange(0, 24, 1.5):
        summed = sum(share * curve.at(hour) for share, curve in parts)
        assert of_all.at(hour) == pytest.approx(summed, abs=1e-9)
    assert of_all.peak_over_mean <= max(curve.peak_over_mean for _, curve in parts) + 1e-9


def test_people_half_a_day_apart_make_a_flat_world():
    near, far = (Curve(swing=0.5, busiest_hour=hour) for hour in (3.0, 15.0))
    assert curve_of_all([(0.5, near), (0.5, far)]) == Curve(swing=0.0, busiest_hour=0.0)


@given(CURVES)
def test_nowhere_does_a_curve_change_faster_than_it_says(curve):
    step = min(curve.hours_to_change_by(0.01), 24.0)
    hours = np.arange(0, 24, 0.05)
    changes = [abs(curve.at(hour + step) / curve.at(hour) - 1) for hour in hours]
    assert max(changes) < 0.0102  # 1 %, and what a growing rate adds within the step
