from pathlib import Path

import pytest

from model.answers.predict import predict
from model.answers.summaries import summary_of_prediction
from model.rules.targets import Verdict
from model.world.scenario import Endpoint, ScenarioError
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
SHORT = ["simulation.warmup=1 s", "simulation.duration=6 s", "simulation.replications=2"]


@pytest.fixture(scope="module")
def predicted(learnt_on):
    def of(*overrides):
        scenario = load_scenario(LAPTOP, [*SHORT, *overrides])
        return predict(scenario, learnt_on(scenario))

    return of


def test_an_overloaded_system_misses_its_targets_and_says_how_many_it_failed(predicted):
    # About 15 ms of work a request: one core serves 65 a second, and 300 are asked for.
    summaries = {s.endpoint: s for s in summary_of_prediction(predicted("traffic.rate=300/s"))}
    newsfeed = summaries[Endpoint.NEWSFEED]
    assert newsfeed.failed > newsfeed.n
    assert newsfeed.verdict is Verdict.MISS


def test_every_endpoint_of_the_mix_is_answered_if_only_by_a_doubt(predicted):
    summaries = summary_of_prediction(predicted("traffic.rate=3/s"))
    assert {summary.endpoint for summary in summaries} == set(Endpoint)
    assert {s.verdict for s in summaries if s.n < 5} == {Verdict.INCONCLUSIVE}


def test_nothing_is_late_where_there_is_plenty(predicted):
    summaries = summary_of_prediction(predicted("traffic.rate=10/s"))
    assert {summary.failed for summary in summaries} == {0}


def test_busy_is_the_share_of_the_servers_time(predicted):
    busy = predicted("traffic.rate=30/s", "simulation.duration=20 s").busy()
    # Every request is two halves of 1 ms at one of two gateways.
    assert busy["gateway"] == pytest.approx(30 * 0.001 / 2, rel=0.15)
    assert all(0 <= share <= 1 for share in busy.values())


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("traffic.rate=1e9/s", "at most 2,000,000 requests in one replication"),
        ("simulation.slice=2", "one shared host cannot be sliced"),
        ("people.daily_active=1e-9", "nobody of 2000 is active"),
    ],
)
def test_what_cannot_be_simulated_is_refused_before_it_begins(override, complaint, predicted):
    with pytest.raises(ScenarioError, match=complaint):
        predicted(override)
