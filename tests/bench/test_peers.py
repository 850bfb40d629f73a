"""The peers of the benchmark agree before anybody compares their speed."""

from importlib import import_module

import hand_written
import naive_simpy
import numpy as np
import pytest
from models import (
    FANOUT_EVENTS_PER_REQUEST,
    GATEWAY_MEAN_S,
    POST_SHARE,
    SERVICE_MEAN_S,
    WRITES_MEAN,
    FanoutSamples,
    TandemSamples,
)
from timing import alternated, ratios

pytestmark = pytest.mark.bench

EXACT_REQUESTS = 3_000
SEEDS = range(3)
# One run of 100,000 requests has a mean latency with a relative standard deviation of about 2 %,
# so two means within 10 % of each other are within more than three of their difference's.
LOOSE_REQUESTS = 100_000
LOOSE = 0.1


def peer(name):
    """Import a peer whose simulator is not one of this project's dependencies."""
    simulator = {"ciw_peer": "ciw", "cimba_peer": "cimba"}[name]
    try:
        import_module(simulator)
    except ImportError as missing:
        pytest.fail(f"{name} needs {simulator}: `pip install {simulator}` ({missing})")
    return import_module(name)


@pytest.mark.parametrize("seed", SEEDS)
def test_simpy_and_c_give_every_tandem_request_the_same_latency(seed):
    samples = TandemSamples.draw(EXACT_REQUESTS, seed)
    latencies_s = naive_simpy.run_tandem(samples, seed)
    assert latencies_s.shape == (EXACT_REQUESTS,)
    assert latencies_s.tolist() == hand_written.run_tandem(samples, seed).tolist()


@pytest.mark.parametrize("seed", SEEDS)
def test_simpy_and_c_give_every_fan_out_the_same_latency_and_lag(seed):
    samples = FanoutSamples.draw(EXACT_REQUESTS, seed)
    simpy_times = naive_simpy.run_fanout(samples, seed)
    c_times = hand_written.run_fanout(samples, seed)
    assert simpy_times.latencies_s.shape == (EXACT_REQUESTS,)
    assert simpy_times.lags_s.shape == (samples.are_posts.sum(),)
    assert simpy_times.latencies_s.tolist() == c_times.latencies_s.tolist()
    assert simpy_times.lags_s.tolist() == c_times.lags_s.tolist()


def test_c_keeps_every_request_when_a_queue_outgrows_its_first_ring():
    samples = TandemSamples.draw(EXACT_REQUESTS, 0)
    at_once = np.zeros(EXACT_REQUESTS)
    burst = TandemSamples(
        gaps_s=at_once,
        arrivals_s=at_once,
        gateway_works_s=samples.gateway_works_s,
        service_works_s=samples.service_works_s,
        shards=samples.shards,
        shard_works_s=samples.shard_works_s,
    )
    latencies_s = hand_written.run_tandem(burst, 0)
    assert latencies_s.tolist() == naive_simpy.run_tandem(burst, 0).tolist()


def test_without_a_compiler_the_error_names_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(hand_written.NoCompiler, match="no `cc` is on the PATH"):
        hand_written.library.__wrapped__()


def test_samples_have_the_means_they_are_named_for():
    samples = FanoutSamples.draw(LOOSE_REQUESTS, 1)
    widths = np.diff(samples.write_bounds)[samples.are_posts]
    events = 3 + np.where(samples.are_posts, 1 + np.diff(samples.write_bounds), 3)
    assert widths.min() >= 1
    # Five standard errors of a mean of 100,000 (or of its 10,000 posts) with these deviations.
    assert samples.are_posts.mean() == pytest.approx(POST_SHARE, abs=0.005)
    assert widths.mean() == pytest.approx(WRITES_MEAN, abs=1)
    assert events.mean() == pytest.approx(FANOUT_EVENTS_PER_REQUEST, abs=0.13)
    for works_s, mean_s in (
        (samples.gateway_works_s, GATEWAY_MEAN_S),
        (samples.service_works_s, SERVICE_MEAN_S),
    ):
        assert works_s.mean() == pytest.approx(mean_s, rel=0.016)
        assert works_s.std() == pytest.approx(mean_s, rel=0.1)


@pytest.mark.parametrize("name", ["ciw_peer", "cimba_peer"])
def test_peers_that_draw_their_own_chance_agree_on_the_mean_latency_of_the_tandem(name):
    simulated = peer(name)
    samples = TandemSamples.draw(LOOSE_REQUESTS, 1)
    ours_s, theirs_s = hand_written.run_tandem(samples, 1), simulated.run_tandem(samples, 1)
    assert theirs_s.shape == ours_s.shape
    assert theirs_s.mean() == pytest.approx(ours_s.mean(), rel=LOOSE)


def test_cimba_agrees_on_the_mean_latency_and_lag_of_the_fan_out():
    cimba_peer = peer("cimba_peer")
    samples = FanoutSamples.draw(LOOSE_REQUESTS, 1)
    ours, theirs = hand_written.run_fanout(samples, 1), cimba_peer.run_fanout(samples, 1)
    assert theirs.latencies_s.shape == ours.latencies_s.shape
    assert theirs.latencies_s.mean() == pytest.approx(ours.latencies_s.mean(), rel=LOOSE)
    assert theirs.lags_s.mean() == pytest.approx(ours.lags_s.mean(), rel=LOOSE)
    # The number of posts is binomial: five standard deviations of the difference of two.
    assert len(theirs.lags_s) == pytest.approx(len(ours.lags_s), abs=5 * 134)


def test_every_peer_runs_once_in_each_round_and_the_order_moves_on():
    runs = []
    peers = {name: lambda number, name=name: runs.append((number, name)) for name in "abc"}
    seconds = alternated(peers, rounds=4)
    assert ["".join(name for _, name in runs[start : start + 3]) for start in (0, 3, 6, 9)] == [
        "abc",
        "bca",
        "cab",
        "abc",
    ]
    assert [number for number, _ in runs] == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert {name: len(times) for name, times in seconds.items()} == {"a": 4, "b": 4, "c": 4}


def test_ratios_compare_within_a_round():
    times = {"slow": [4.0, 30.0, 10.0], "quick": [2.0, 10.0, 1.0]}
    ratio = ratios(times, of="slow", to="quick")
    assert (ratio.median, ratio.least, ratio.most) == (3.0, 2.0, 10.0)


def test_no_rounds_are_refused():
    with pytest.raises(ValueError, match="rounds must be at least 1, got 0"):
        alternated({}, rounds=0)
