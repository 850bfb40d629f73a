"""The limits that the model counts visits by are those that the gateway holds everybody to."""

import pytest

from model.rules import rate_limits
from model.rules.rate_limits import Counting, counting_of
from reference_impl.gateway.rate_limits import SIGNED_IN
from reference_impl.gateway.routes import PUBLIC_ROUTES

LIMITS_OF = {
    "/login": rate_limits.LOGIN,
    "/register": rate_limits.REGISTER,
    "/user/{user_id}/post": rate_limits.POST,
    "/user/{user_id}/follow": rate_limits.RELATIONS,
    "/user/{user_id}/unfollow": rate_limits.RELATIONS,
    "/user/{user_id}/newsfeed": (),
}


def said(limits):
    return [(limit.name, limit.counts_failures_only) for limit in limits]


@pytest.mark.parametrize("path", LIMITS_OF)
def test_a_route_is_under_the_limits_that_the_gateway_has_for_it(path):
    [route] = [route for route in PUBLIC_ROUTES if route.path == path]
    assert said(LIMITS_OF[path]) == said(route.limits)


def test_everything_that_somebody_does_is_counted_together():
    assert said([rate_limits.SIGNED_IN]) == said([SIGNED_IN])


def test_a_limit_costs_a_visit_and_one_on_failures_another_when_there_was_none():
    assert counting_of(()) == Counting(before=0, after=0)
    assert counting_of(rate_limits.RELATIONS) == Counting(before=2, after=0)
    assert counting_of(rate_limits.LOGIN) == Counting(before=3, after=2)
