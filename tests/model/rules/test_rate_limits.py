"""What counting requests costs, by the limits that they are under."""

from pathlib import Path

import pytest

from model.rules import rate_limits
from model.rules.rate_limits import Counting, counting_of
from model.world.reach import reach_of
from model.world.scenario import Endpoint
from model.world.scenario_files import load_scenario
from reference_impl.gateway.routes import PUBLIC_ROUTES, Who

BASELINE = Path(__file__).parents[3] / "scenarios" / "baseline.toml"
PATHS = {
    Endpoint.LOGIN: "/login",
    Endpoint.REGISTER: "/register",
    Endpoint.POST: "/user/{user_id}/post",
    Endpoint.FOLLOW: "/user/{user_id}/follow",
    Endpoint.UNFOLLOW: "/user/{user_id}/unfollow",
    Endpoint.NEWSFEED: "/user/{user_id}/newsfeed",
    Endpoint.PROFILE: "/user/{subject_id}/posts",
    Endpoint.SEARCH: "/search",
}  # of images edges are asked, who count nobody


def test_a_limit_costs_a_visit_and_one_on_failures_another_when_there_was_none():
    assert counting_of(()) == Counting(before=0, after=0)
    assert counting_of(rate_limits.RELATIONS) == Counting(before=2, after=0)
    assert counting_of(rate_limits.LOGIN) == Counting(before=3, after=2)


@pytest.fixture(scope="module")
def counting():
    return reach_of(load_scenario(BASELINE)).counting


@pytest.mark.parametrize("endpoint", PATHS)
def test_the_model_counts_a_request_by_the_limits_that_its_route_is_under(counting, endpoint):
    [route] = [route for route in PUBLIC_ROUTES if route.path == PATHS[endpoint]]
    signed_in = () if route.who is Who.NOBODY else (rate_limits.SIGNED_IN,)
    assert counting[endpoint] == counting_of((*signed_in, *route.limits))
