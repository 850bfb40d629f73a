"""A run in a few numbers, and what may be said of it."""

from __future__ import annotations

import numpy as np
import pytest

from model.answers.recordings import COLUMNS, Recording, table_of
from model.answers.summaries import numbers_of, summary_of
from model.rules.targets import Verdict
from model.world.scenario import Scenario

WINDOW = {"since_s": 1.0, "until_s": 11.0}


@pytest.fixture
def scenario():
    return Scenario.model_validate(
        {
            "name": "small",
            "people": {"users": 100, "followers": {"mean": 5, "max": 50}},
            "traffic": {"rate": "100/s", "mix": {"newsfeed": 0.5, "post": 0.4, "login": 0.1}},
            "targets": {"general_p99": "500 ms", "newsfeed_p99": "1 s"},
        }
    )


def recording_of(rows):
    requests = table_of("requests", rows)
    return Recording(requests=requests, **{name: table_of(name, []) for name in EMPTY})


EMPTY = [name for name in COLUMNS if name != "requests"]


def row(number, *, endpoint="newsfeed", latency_s=0.1, status=200, at_s=None):
    intended_s = 1.0 + number / 100 if at_s is None else at_s
    done_s = intended_s + latency_s if status else np.nan
    return number, endpoint, intended_s, intended_s + 0.01, done_s, status, 10


def judged(rows, scenario):
    [summary] = summary_of(recording_of(rows), scenario, **WINDOW)
    return summary


def test_latencies_run_from_the_intended_instant_and_warm_up_is_left_out(scenario):
    rows = [row(number, latency_s=number / 1000) for number in range(1000)]
    rows += [row(2000 + number, at_s=0.5, latency_s=9.0) for number in range(500)]
    summary = judged(rows, scenario)
    assert summary.n == 1000
    assert summary.rate_per_s == pytest.approx(100)
    assert summary.p50_s.value == pytest.approx(0.4995)
    assert summary.p99_s.low < 0.99 < summary.p99_s.high


@pytest.mark.parametrize(("latency_s", "verdict"), [(0.9, Verdict.PASS), (1.1, Verdict.MISS)])
def test_a_thousand_requests_decide_about_a_target(latency_s, verdict, scenario):
    rows = [row(number, latency_s=latency_s) for number in range(1000)]
    assert judged(rows, scenario).verdict is verdict


def test_forty_requests_cannot_decide_about_a_99th_percentile(scenario):
    summary = judged([row(number) for number in range(40)], scenario)
    assert summary.verdict is Verdict.INCONCLUSIVE
    assert numbers_of(summary)["p99_high_s"] is None


def test_requests_that_failed_are_slower_than_any_target(scenario):
    rows = [row(number, status=0 if number % 10 == 0 else 200) for number in range(1000)]
    summary = judged(rows, scenario)
    assert (summary.n, summary.failed) == (900, 100)
    assert summary.p99_s.value == pytest.approx(0.1)
    assert summary.verdict is Verdict.MISS


def test_an_endpoint_of_which_nothing_succeeded_is_shown_without_numbers(scenario):
    numbers = numbers_of(judged([row(n, status=503) for n in range(100)], scenario))
    assert (numbers["n"], numbers["failed"], numbers["p50_s"]) == (0, 100, None)
    assert numbers["verdict"] == "miss"


def test_endpoints_that_nobody_asked_for_are_left_out(scenario):
    rows = [row(0), row(1, endpoint="login")]
    found = summary_of(recording_of(rows), scenario, **WINDOW)
    assert [summary.endpoint.value for summary in found] == ["newsfeed", "login"]
