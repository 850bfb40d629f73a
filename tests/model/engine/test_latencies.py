"""Latencies as counts in buckets: how exact they are, and how they add up."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.engine import compiled_engine
from model.engine.codes import Outcome
from model.engine.compiled.histograms import place_of
from model.engine.latencies import LOWEST, WIDTH, LatencyCounts, middles_s
from model.engine.network import Network
from model.engine.parts import Queue
from model.world.journeys import Emit, Journey, Visit
from model.world.laws import Exponential

MIDDLES_S = middles_s()


def counts_of(latencies_s, journey="walk"):
    done = np.bincount([place_of(float(one)) for one in latencies_s], minlength=WIDTH)
    outcomes = np.zeros((1, len(Outcome)), np.int64)
    outcomes[0, Outcome.DONE] = len(latencies_s)
    return LatencyCounts(journeys=(journey,), done=done[np.newaxis], outcomes=outcomes)


@settings(deadline=None)  # the first example waits for the compiler
@given(latency_s=st.floats(2.0**LOWEST, 1e9))
def test_the_middle_of_a_bucket_is_within_a_twentieth_of_a_per_cent(latency_s):
    assert MIDDLES_S[place_of(latency_s)] == pytest.approx(latency_s, rel=0.0005)


@pytest.mark.parametrize("latency_s", [0.0, 1e-13])
def test_what_is_too_short_to_matter_is_counted_as_nothing(latency_s):
    assert MIDDLES_S[place_of(latency_s)] == 0.0


def test_longer_latencies_are_in_later_buckets():
    latencies_s = np.geomspace(2.0**LOWEST, 1e9, 5_000)
    places = [place_of(float(latency_s)) for latency_s in latencies_s]
    assert places == sorted(places)
    assert places[-1] < WIDTH


def test_quantiles_and_means_of_counts_are_those_of_the_latencies():
    latencies_s = np.random.default_rng(1).lognormal(-3, 1, 20_000)
    counts = counts_of(latencies_s)
    for q in (0.001, 0.5, 0.9, 0.99, 0.999, 1.0):
        exact_s = np.quantile(latencies_s, q, method="inverted_cdf")
        assert counts.quantile_s("walk", q) == pytest.approx(exact_s, rel=0.001)
    assert counts.mean_s("walk") == pytest.approx(latencies_s.mean(), rel=0.001)


def test_merged_counts_are_the_counts_of_all():
    some_s, others_s = np.random.default_rng(1).exponential(1, (2, 500))
    together = counts_of(some_s).merged(counts_of(others_s))
    whole = counts_of(np.concatenate([some_s, others_s]))
    assert np.array_equal(together.done, whole.done)
    assert together.count("walk") == 1_000


def test_counts_of_other_journeys_are_not_added():
    with pytest.raises(ValueError, match=r"counts of \('walk',\) cannot be added to those of"):
        counts_of([1.0]).merged(counts_of([1.0], journey="run"))


@pytest.mark.parametrize("q", [0.0, -1.0, 1.1])
def test_a_quantile_is_of_a_share(q):
    with pytest.raises(ValueError, match=r"q must be in \(0, 1\]"):
        counts_of([1.0]).quantile_s("walk", q)


def test_nothing_is_known_of_a_journey_that_nobody_has_ended():
    with pytest.raises(ValueError, match="walk: no request is done"):
        counts_of([]).mean_s("walk")


@pytest.fixture(scope="module")
def program():
    """Requests that are done, refused, emitted, and under way at the end."""
    network = Network().station("a", queue=Queue(limit=3)).station("b")
    work = Exponential(mean=0.01)
    steps = (Visit(station="a", work=work), Emit(journey="log"))
    network.journey(Journey(name="walk", steps=steps))
    network.journey(Journey(name="log", steps=Visit(station="b", work=work)))
    return network.arrivals("walk", rate_per_s=95).build()


def simulated(program):
    return compiled_engine.simulate(program, seed=4, until_s=100, keep_visits=False)


@pytest.mark.parametrize("kept", [1, 3_000])
def test_beyond_what_is_kept_one_by_one_requests_are_counted(program, monkeypatch, kept):
    whole = simulated(program)
    monkeypatch.setattr(compiled_engine, "REQUESTS_KEPT_MAX", kept)
    run = simulated(program)
    assert whole.counts is None
    assert len(run.requests.uid) == 0
    for number, journey in enumerate(program.journeys):
        of_journey = whole.requests.outcome[whole.requests.journey == number]
        for outcome in Outcome:
            assert run.counts.count(journey, outcome) == (of_journey == outcome).sum()
        exact_s = np.quantile(whole.latencies_s(journey), 0.99, method="inverted_cdf")
        assert run.counts.quantile_s(journey, 0.99) == pytest.approx(exact_s, rel=0.001)
    assert np.array_equal(run.members.done, whole.members.done)


def test_a_run_that_kept_no_requests_says_so(program, monkeypatch):
    monkeypatch.setattr(compiled_engine, "REQUESTS_KEPT_MAX", 10)
    with pytest.raises(ValueError, match="kept no requests, only `counts`"):
        simulated(program).latencies_s("walk")
