import numpy as np
import pytest

from model.answers.availability.components import Members
from model.answers.availability.counts import FAILURES_MAX, followed, steady
from model.answers.availability.years import stream

HOUR_S = 3_600.0


def members(count, **given):
    its = {"name": "server", "every_s": 10 * HOUR_S, "repair_s": HOUR_S, **given}
    return Members(count=count, **its)


def at(values, level):
    return float(values[level]) if level < len(values) else 0.0


@pytest.mark.parametrize(("count", "crews"), [(2, 0), (5, 1), (5, 2), (40, 6)])
def test_shares_of_time_followed_are_those_of_the_steady_state(count, crews, interval):
    its = members(count, crews=crews)
    exact = steady(its)
    runs = [followed(its, 2_000 * HOUR_S, stream(1, n, "server")) for n in range(40)]
    for level in range(min(3, count)):
        low, high = interval([at(run.time_share, level) for run in runs])
        assert low <= exact.time_share[level] <= high
        assert high - low < 0.35 * exact.time_share[level], "too noisy to prove anything"


def test_as_many_fail_as_are_repaired():
    exact = steady(members(5, crews=2))
    repaired_per_s = np.minimum(exact.levels, 2) / HOUR_S * exact.time_share
    assert exact.failures_per_s.sum() == pytest.approx(repaired_per_s.sum())


def test_failures_followed_come_as_often_as_they_should(interval):
    its = members(5)
    runs = [followed(its, 2_000 * HOUR_S, stream(2, n, "server")) for n in range(40)]
    low, high = interval([run.failures_per_s.sum() * HOUR_S for run in runs])
    assert low <= steady(its).failures_per_s.sum() * HOUR_S <= high
    assert high - low < 0.05


def test_what_fails_all_the_time_is_followed_only_for_a_while_and_stands_for_all():
    its = members(10_000)
    years = followed(its, 1e9 * HOUR_S, stream(3, 0, "server"))
    # So many failures at a thousand an hour, less one in eleven that is down already.
    passed_s = FAILURES_MAX / years.failures_per_s.sum()
    assert passed_s == pytest.approx(FAILURES_MAX / (10_000 / 11) * HOUR_S, rel=0.1)
    mean = float(years.time_share @ years.levels)
    assert mean == pytest.approx(10_000 / 11, rel=0.1)


def test_common_causes_are_not_among_the_failures_of_one():
    alone, all_ = steady(members(1, common_share=0.5)), steady(members(1))
    assert alone.failures_per_s.sum() == pytest.approx(all_.failures_per_s.sum() / 2, rel=0.05)


def test_equal_names_have_equal_luck_and_others_do_not():
    def of(name, seed=1):
        return followed(members(3), 100 * HOUR_S, stream(seed, 0, name)).time_share.tolist()

    assert of("server") == of("server")
    assert of("server") != of("gateway")
    assert of("server") != of("server", seed=2)
