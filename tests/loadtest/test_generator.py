"""The open loop: what a generator must not do is wait for the server that it measures."""

from __future__ import annotations

import http.client
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

import numpy as np
import pytest
from scipy.stats import kstest

from loadtest.generator_process import GeneratorFailed, GeneratorProcess
from loadtest.placement import kept_on, placement_of
from loadtest.plan import save_plan
from model.answers.statistics import quantile_of_one_run


def behaving(**manner):
    return pytest.mark.parametrize("gateway", [manner], indirect=True)


def release_once_stalled(gateway, *, seen):
    """Return a `meanwhile` that lets a stalled gateway answer once it has seen so many requests."""

    def meanwhile(generator):
        while gateway.stats()["seen"] < seen:
            time.sleep(0.02)
        gateway.release()

    return meanwhile


@behaving(stall=True)
def test_a_stalled_server_gets_more_requests_at_once_than_locust_has_connections(
    gateway, planned, generate
):
    plan = planned([gateway.url], at_s=np.linspace(0, 0.5, 40))
    run = generate(plan, release_once_stalled(gateway, seen=40))
    assert gateway.stats()["in_flight_most"] == 40
    assert (run.rows.status == 200).all()


@behaving(stall=True)
def test_an_arrival_that_finds_the_cap_reached_is_dropped_and_counted(gateway, planned, generate):
    plan = planned([gateway.url], at_s=np.linspace(0, 0.5, 40), in_flight_max=5)
    run = generate(plan, lambda generator: threading.Timer(1.0, gateway.release).start())
    assert gateway.stats()["in_flight_most"] == 5
    assert (run.rows.error == "dropped").sum() == 35
    dropped = run.rows[run.rows.error == "dropped"]
    assert dropped.sent_s.isna().all()
    assert (dropped.status == 0).all()


def on_time(generate, plan, *, tries=5):
    """Carry the plan out again if the machine was too busy to send when it was due."""
    for _ in range(tries):
        run = generate(plan)
        if np.quantile(run.lateness_s, 0.99) < 0.01:
            break
    return run


def closed_loop_latencies_s(gateway, *, until_s):
    """Ask again as soon as the answer is there, as a virtual user does."""
    address = urlsplit(gateway.url)
    assert address.hostname
    connection = http.client.HTTPConnection(address.hostname, address.port)
    latencies_s = []
    ends_s = time.monotonic() + until_s
    while time.monotonic() < ends_s:
        sent_s = time.monotonic()
        connection.request("GET", "/user/1/newsfeed")
        connection.getresponse().read()
        latencies_s.append(time.monotonic() - sent_s)
    connection.close()
    return np.array(latencies_s)


@behaving(freeze_at=101, freeze_s=1.0)
def test_a_second_of_standing_still_is_seen_by_the_open_loop(gateway, planned, generate):
    run = generate(planned([gateway.url], rate_per_s=100, until_s=2.5, in_flight_max=512))
    # 100 arrivals a second: about 100 of 250 fell into that second, evenly.
    assert np.quantile(run.latencies_s, 0.99) > 0.8
    assert np.mean(run.latencies_s > 0.2) > 0.2


@behaving(freeze_at=101, freeze_s=1.0)
def test_a_second_of_standing_still_hides_from_a_closed_loop(gateway):
    latencies_s = closed_loop_latencies_s(gateway, until_s=2.5)
    assert latencies_s.max() > 0.9
    assert np.quantile(latencies_s, 0.99) < 0.2


def test_requests_are_sent_as_a_poisson_stream_that_does_not_drift(gateway, planned, generate):
    run = on_time(generate, planned([gateway.url], rate_per_s=200, until_s=2.0))
    gaps_s = np.diff(np.sort(run.rows.sent_s))
    assert kstest(gaps_s, "expon", args=(0, 1 / 200)).pvalue > 0.001
    early, late = run.lateness_s[:100], run.lateness_s[-100:]
    assert run.lateness_s.min() >= 0, "sent before it was due"
    assert abs(np.median(late) - np.median(early)) < 0.002


@behaving(delay_s=0.02)
def test_a_known_latency_is_reproduced(gateway, planned, generate):
    run = generate(planned([gateway.url], rate_per_s=100, until_s=1.5))
    seen_by_server_s = run.rows.server_timing.str.extract(r"dur=([0-9.]+)")[0].astype(float) / 1e3
    assert run.latencies_s.min() >= 0.02
    # What is not the server's own: the network, both event loops, our lateness.  The quickest
    # tenth is looked at, because whatever else the machine does can only add to it.
    assert np.quantile(run.latencies_s - seen_by_server_s, 0.1) < 0.003


@pytest.mark.verify
@behaving(service_mean_s=0.01, seed=3)
def test_a_queue_of_known_law_is_reproduced(gateway, planned, generate):
    run = generate(planned([gateway.url], rate_per_s=50, until_s=25.0, timeout_s=10.0))
    # M/M/1 at half load: the time in the system is exponential with mean 1/(100 - 50) s.
    # The stub's own machinery adds up to 2 ms to each service and to each answer.
    for q in (0.5, 0.9):
        known = quantile_of_one_run(run.latencies_s, q, confidence=0.99)
        assert known.low - 0.004 * (1 + q) < -np.log(1 - q) * 0.02 < known.high
        assert known.high - known.low < 0.6 * known.value, "too noisy to prove anything"


@behaving(status=503)
def test_a_refusal_keeps_its_status_and_its_stages(gateway, planned, generate):
    run = generate(planned([gateway.url], rate_per_s=100, until_s=0.5))
    assert (run.rows.status == 503).all()
    assert run.rows.server_timing.str.startswith("gateway;").all()
    assert run.rows.done_s.notna().all()


@behaving(stall=True)
def test_there_is_one_row_per_arrival_whatever_happens(gateway, planned, generate):
    plan = planned(
        [gateway.url, "http://127.0.0.1:1"],
        rate_per_s=100,
        until_s=1.0,
        in_flight_max=20,
        timeout_s=0.5,
    )
    rows = generate(plan).rows
    assert list(rows.request) == list(plan.arrivals.request)
    assert set(rows.error) == {"dropped", "ConnectionRefusedError", "TimeoutError"}
    assert (rows.status == 0).all()
    assert rows.done_s.isna().all()
    assert (rows.sent_s.isna() == (rows.error == "dropped")).all()


def test_an_interrupted_generator_keeps_what_it_has(gateway, planned, generate):
    plan = planned([gateway.url], rate_per_s=100, until_s=30.0)

    def interrupt(generator):
        while gateway.stats()["seen"] < 50:
            time.sleep(0.02)
        generator.stop()

    run = generate(plan, interrupt)
    assert run.interrupted
    assert 50 <= len(run.rows) < 1000
    assert (run.rows.request == np.arange(len(run.rows))).all()
    assert (run.rows.status == 200).sum() >= 49


@pytest.mark.verify
@behaving(stall=True)
def test_what_is_under_way_when_interrupted_is_told_so(gateway, planned, generate):
    plan = planned([gateway.url], at_s=[0.0, 0.1, 20.0], until_s=30.0, timeout_s=30.0)

    def interrupt(generator):
        while gateway.stats()["seen"] < 2:
            time.sleep(0.02)
        generator.stop()

    run = generate(plan, interrupt)
    assert list(run.rows.error) == ["interrupted", "interrupted"]


def test_a_generator_whose_starter_has_died_stops(gateway, planned, people, tmp_path):
    save_plan(tmp_path, planned([gateway.url], rate_per_s=50, until_s=60.0), people)
    with subprocess.Popen(
        [sys.executable, "-m", "loadtest.generator", str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as generator:
        assert generator.stdin
        assert generator.stdout
        assert generator.stdout.readline() == "ready\n"
        generator.stdin.write("\n")
        generator.stdin.flush()
        while gateway.stats()["seen"] < 5:
            time.sleep(0.02)
        generator.stdin.close()
        assert generator.wait(timeout=10) == 0


def test_a_generator_that_cannot_read_its_plan_says_why(tmp_path):
    with (
        GeneratorProcess(tmp_path) as generator,
        pytest.raises(GeneratorFailed, match=r"plan\.json"),
    ):
        generator.wait_ready()


@pytest.fixture
def edge(start_gateway, sockets):
    """A stub that listens on a socket, as edges do."""
    with start_gateway({"remember": True, "socket": str(sockets / "edge")}) as stub:
        yield stub


@behaving(remember=True)
def test_each_kind_of_request_arrives_as_the_services_expect_it(
    gateway, edge, planned, generate, people
):
    plan = planned([gateway.url], edges=[edge.url], at_s=np.linspace(0, 0.5, 9))
    endpoints = ["register", "login", "post", "follow", "unfollow", "newsfeed"]
    plan.arrivals["endpoint"] = [*endpoints, "profile", "search", "image"]
    plan.arrivals["target"] = 3
    run = generate(plan)
    assert (run.rows.status == 200).all()
    who = [f"/user/{user_id}" for user_id in people.user_ids]
    assert [call[:3] for call in gateway.stats()["calls"]] == [
        ["POST", "/register", ""],
        ["POST", "/login", ""],
        ["POST", f"{who[2]}/post", "Bearer token-2"],
        ["POST", f"{who[3]}/follow", "Bearer token-3"],
        ["POST", f"{who[4]}/unfollow", "Bearer token-4"],
        ["GET", f"{who[5]}/newsfeed", "Bearer token-5"],
        ["GET", f"{who[3]}/posts", "Bearer token-6"],
        ["GET", "/search", "Bearer token-7"],
    ]
    assert edge.stats()["calls"] == [["GET", "/media/3.webp", "", 0]]


def test_many_images_are_asked_for_at_once_over_one_socket(edge, planned, generate):
    plan = planned(["http://127.0.0.1:1"], edges=[edge.url], at_s=np.linspace(0, 0.1, 200))
    plan.arrivals["endpoint"], plan.arrivals["target"] = "image", 1
    run = generate(plan)
    assert (run.rows.status == 200).all()
    assert edge.stats()["seen"] == 200


def test_an_edge_that_is_gone_is_an_error_of_each_request(planned, generate, sockets):
    gone = f"unix:{sockets / 'gone'}"
    plan = planned(["http://127.0.0.1:1"], edges=[gone], at_s=np.linspace(0, 0.1, 3))
    plan.arrivals["endpoint"], plan.arrivals["target"] = "image", 1
    assert set(generate(plan).rows.error) == {"FileNotFoundError"}


@pytest.mark.bench
@pytest.mark.parametrize("rate_per_s", [500, 1000, 1500, 2000, 2500])
def test_the_rate_that_one_core_sustains(rate_per_s, gateway, planned, generate):
    plan = planned([gateway.url], rate_per_s=rate_per_s, until_s=3.0, in_flight_max=1024)
    placement = placement_of([gateway.pid])
    with kept_on(placement.generator_core):
        run = generate(plan)
    p50_ms, p99_ms = np.nanquantile(run.lateness_s, [0.5, 0.99]) * 1e3
    sent = f"{rate_per_s}/s: {(run.rows.status == 200).mean():.1%} answered, sends late by"
    print(f"{sent} {p50_ms:.2f} ms (p50), {p99_ms:.2f} ms (p99)")
    assert rate_per_s > 1000 or p50_ms < 3
