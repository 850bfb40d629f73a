"""The list of requests that drives Locust and the model."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.world import chance
from model.world.population import population_of
from model.world.scenario import Endpoint, ScenarioError
from model.world.scenario.traffic import Recorded
from model.world.scenario_files import load_scenario
from model.world.traffic.demand import crowded, demand_of
from model.world.workload import arrivals_of

LAPTOP = Path(__file__).parents[2] / "scenarios" / "laptop.toml"
SMALL = ("people.users=300", "people.followers.max=100", "load.warmup='2 s'")
MIX = "traffic.mix={ newsfeed = 0.6, profile = 0, image = 0, post = 0.2, search = 0, follow = 0.2, unfollow = 0, login = 0, register = 0 }"  # noqa: E501
DAY = "traffic.day={ peak_over_trough = 10, starts_at = 9 }"
FLOOD = "events=[{ kind = 'image-flood', at = '3 s', lasts = '4 s', rate = '300/s' }]"
CROWD = "events=[{ kind = 'flash-crowd', at = '3 s', lasts = '4 s', times = 8, endpoints = ['newsfeed'] }]"  # noqa: E501
SESSIONS = ("traffic.arrivals=sessions", "traffic.sessions={ pages = 4, think = '2 s' }")


@pytest.fixture(scope="module")
def population():
    return population_of(scenario())


def scenario(*overrides):
    return load_scenario(LAPTOP, [*SMALL, MIX, *overrides])


def draw(of, population, *, until_s=20.0, stream=1, rate_per_s=None):
    return arrivals_of(of, population, until_s=until_s, stream=stream, rate_per_s=rate_per_s)


def instants(arrivals, endpoint=None):
    return np.array([a.at_s for a in arrivals if endpoint in (None, a.endpoint)])


def test_a_constant_rate_is_the_cumulated_gaps_over_the_rate_and_kinds_by_their_shares(population):
    of = scenario()
    drawn = draw(of, population, until_s=30.0, stream=7, rate_per_s=123.4)
    numbers = np.arange(len(drawn) + 1)
    gap_u, kind_u = (chance.u_block(of.seed, 7, numbers, what, 0, 0, 0) for what in (11, 12))
    # The formula, term by term: the same bits.
    assert instants(drawn).tolist() == np.cumsum(-np.log1p(-gap_u) / 123.4)[:-1].tolist()
    assert np.cumsum(-np.log1p(-gap_u) / 123.4)[-1] >= 30.0
    kinds, shares = list(of.traffic.mix), np.cumsum(list(of.traffic.mix.values()))
    assert [a.endpoint for a in drawn] == [
        kinds[kind] for kind in np.searchsorted(shares, kind_u[:-1])
    ]


def test_left_out_the_rate_is_the_scenarios(population):
    of = scenario()
    assert draw(of, population) == draw(of, population, rate_per_s=of.requests_per_s)


def test_requests_follow_the_day(population):
    of = scenario(DAY)
    hours = 6 * 3600.0
    at_s = instants(draw(of, population, until_s=hours, rate_per_s=2.0))
    demand = demand_of(of.at_rate(2.0), until_s=hours)
    edges_s = np.linspace(0, hours, 7)
    cumulated = np.interp(
        edges_s,
        np.append(demand.since_s, demand.since_s[-1] + demand.since_s[1]),
        np.concatenate(([0.0], np.cumsum(demand.per_s * demand.since_s[1]))),
    )
    for count, expected in zip(np.histogram(at_s, edges_s)[0], np.diff(cumulated), strict=True):
        assert abs(count - expected) < 5 * expected**0.5
    assert cumulated[1] < 0.3 * np.diff(cumulated)[-1], "too flat a day to prove anything"


def test_a_crowd_for_the_newsfeed_brings_pages_and_nothing_else(population):
    drawn = draw(scenario(CROWD), population, until_s=12.0, rate_per_s=200.0)
    pages = np.histogram(instants(drawn, Endpoint.NEWSFEED), [0, 5, 9, 12])[0]
    for count, expected in zip(pages, [600, 8 * 480, 360], strict=True):
        assert abs(count - expected) < 5 * expected**0.5
    posts = np.histogram(instants(drawn, Endpoint.POST), [0, 5, 9, 12])[0]
    for count, expected in zip(posts, [200, 160, 120], strict=True):
        assert abs(count - expected) < 5 * expected**0.5


def test_a_crowd_that_stays_changes_the_mix_from_then_on(population):
    drawn = draw(scenario(CROWD.replace("lasts = '4 s', ", "")), population, rate_per_s=200.0)
    before, after = ([a for a in drawn if (a.at_s < 5.0) == is_before] for is_before in (1, 0))
    for part, expected in ((before, 0.6), (after, 4.8 / 5.2)):
        share = len(instants(part, Endpoint.NEWSFEED)) / len(part)
        assert abs(share - expected) < 5 * (expected * (1 - expected) / len(part)) ** 0.5


def test_a_flood_adds_posts_and_changes_no_other_request(population):
    usual = draw(scenario(), population)
    flooded = draw(scenario(FLOOD), population)
    assert [a.at_s for a in flooded] == sorted(a.at_s for a in flooded)
    added = [a for a in flooded if a not in usual]
    assert [a for a in flooded if a in usual] == usual
    assert {a.endpoint for a in added} == {Endpoint.POST}
    assert instants(added).min() >= 5.0
    assert instants(added).max() < 9.0
    assert abs(len(added) - 1_200) < 5 * 1_200**0.5


def test_floods_know_nothing_of_each_other_nor_of_the_usual_requests(population):
    one = FLOOD.removeprefix("events=[").removesuffix("]")
    drawn = draw(scenario(f"events=[{one}, {one}]"), population, rate_per_s=300.0)
    assert len(set(instants(drawn))) == len(drawn)
    # With the luck of the usual ones they would be these, 5 s later.
    usual = instants(draw(scenario(), population, rate_per_s=300.0))
    assert not np.isclose(instants(drawn)[:, None], usual[:300] + 5.0, rtol=0, atol=1e-9).any()


def test_pages_in_sessions_come_at_the_rate_of_the_mix_from_the_first_second_on(population):
    drawn = draw(scenario(*SESSIONS), population, until_s=40.0, rate_per_s=300.0)
    counts = np.histogram(instants(drawn, Endpoint.NEWSFEED), np.arange(0, 41, 2))[0]
    # Pages of a session come in company: of n the variance is at most 2 * 4 - 1 times n.
    assert (np.abs(counts - 360) < 4.5 * (360 * 7) ** 0.5).all()
    assert abs(counts.mean() - 360) < 4.5 * (360 * 7 / 20) ** 0.5


def test_requests_that_are_no_pages_know_nothing_of_sessions(population):
    from scipy.stats import kstest

    drawn = draw(scenario(*SESSIONS), population, until_s=40.0, rate_per_s=300.0)
    others = np.array([a.at_s for a in drawn if a.endpoint is not Endpoint.NEWSFEED])
    assert abs(len(others) - 4_800) < 5 * 4_800**0.5
    assert kstest(np.diff(others), "expon", args=(0, 1 / 120)).pvalue > 1e-3


def test_a_session_is_one_persons_pages_at_their_own_pace():
    # So rarely that hardly two sessions meet; 200 people, all of whom read alike.
    of = scenario(*SESSIONS).at_rate(0.05)
    people = population_of(of)
    drawn = [a for a in draw(of, people, until_s=80_000.0) if a.endpoint is Endpoint.NEWSFEED]
    gaps_s = [
        later.at_s - earlier.at_s
        for earlier, later in pairwise(drawn)
        if earlier.user == later.user
    ]
    # Three of four pages are followed by another of the same session.
    share = len(gaps_s) / len(drawn)
    assert abs(share - 0.75) < 5 * (0.75 * 0.25 / len(drawn)) ** 0.5 + 0.02
    thinks_s = [gap_s for gap_s in gaps_s if gap_s < 30.0]
    assert np.mean(thinks_s) == pytest.approx(2.0, rel=5 / len(thinks_s) ** 0.5)


@pytest.mark.parametrize("overrides", [(DAY,), (CROWD,), (FLOOD,), SESSIONS])
def test_a_longer_list_begins_with_the_shorter_and_another_stream_is_another(population, overrides):
    of = scenario(*overrides)
    short, long = (draw(of, population, until_s=until_s) for until_s in (8.0, 20.0))
    assert long[: len(short)] == short
    assert all(a.at_s >= 8.0 for a in long[len(short) :])
    assert draw(of, population, until_s=8.0, stream=2) != short


@pytest.fixture
def recorded(tmp_path):
    def scenario_of(text, form="csv"):
        file = tmp_path / "requests"
        file.write_text(text)
        of = scenario()
        recorded = Recorded(file=str(file), form=form)
        said: dict[str, Any] = {"rate": None, "mix": {}, "recorded": recorded}
        return of.model_copy(update={"traffic": of.traffic.model_copy(update=said)})

    return scenario_of


def test_recorded_requests_are_sent_by_people_of_now(population, recorded):
    rows = "".join(f"{at_s},{'follow' if at_s % 2 else 'post'}\n" for at_s in range(41))
    of = recorded("at_s,endpoint\n" + rows)
    drawn = draw(of, population)
    assert instants(drawn).tolist() == list(range(20))
    assert [a.endpoint for a in drawn[:2]] == [Endpoint.POST, Endpoint.FOLLOW]
    assert all(0 <= a.user < len(population) for a in drawn)
    # 41 requests in 40 s; asked for twice as many, they come in half the time.
    assert instants(draw(of, population, rate_per_s=2.05)) == pytest.approx(np.arange(40) / 2)


def test_recorded_rates_are_drawn_as_rates(population, recorded):
    of = recorded(
        """{"data": {"resultType": "matrix", "result": [
        {"metric": {"endpoint": "search"}, "values": [[0, "0"], [10, "300"], [20, "10"]]}]}}""",
        form="prometheus",
    )
    at_s = instants(draw(of, population), Endpoint.SEARCH)
    for count, expected in zip(np.histogram(at_s, [0, 10, 20])[0], [3_000, 100], strict=True):
        assert abs(count - expected) < 5 * expected**0.5
    assert instants(draw(of, population, until_s=21.0)).tolist() == at_s.tolist()


@pytest.mark.parametrize(
    ("overrides", "rate_per_s"),
    [
        ((), 2e5),
        ((FLOOD.replace("300/s", "1 M/s"),), 30.0),
        ((CROWD.replace("8,", "9999,"),), 99.0),
    ],
)
def test_more_requests_than_are_held_are_refused(population, overrides, rate_per_s):
    with pytest.raises(ScenarioError, match="load: at most 1,500,000 requests in one run"):
        draw(scenario(*overrides), population, rate_per_s=rate_per_s)


def test_crowds_are_in_the_list_as_they_are_in_the_streams(population):
    of = scenario(CROWD)
    demand = crowded(demand_of(of, until_s=20.0), of, warmup_s=of.load.warmup)
    at_s = instants(draw(of, population, until_s=20.0))
    expected = demand.per_s @ np.diff(demand.since_s, append=20.0)
    assert abs(len(at_s) - expected) < 5 * expected**0.5
