"""One measurement from end to end, on a stub that stands in for the services."""

from __future__ import annotations

import json
import os
import signal
import time
from functools import partial
from types import SimpleNamespace

import psutil
import pytest

from loadtest import watch
from loadtest.measure import measure
from model.answers.runs import load_run
from model.world.population import population_of
from model.world.scenario import Scenario
from model.world.workload import arrivals_of

RATE_PER_S = 400.0


@pytest.fixture(scope="module", autouse=True)
def hurry():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watch, "IDLE_S", 0.3)
        patch.setattr(watch, "DRAINED_WITHIN_S", 0.3)
        yield


def scenario_of(**load):
    said = {"warmup": "0.2 s", "duration": "1.3 s", "request_timeout": "5 s"}
    return Scenario.model_validate(
        {
            "name": "stub",
            "people": {"users": 20, "followers": {"mean": 3, "max": 10}},
            "traffic": {"rate": "1/s", "mix": {"newsfeed": 0.8, "post": 0.2}},
            "load": said | load,
        }
    )


def measured_at(gateway, people, folder, scenario, *, report=lambda doing, share: None, broker=""):
    """Measure the stub gateway as if it were the services."""
    cluster = SimpleNamespace(
        settings=SimpleNamespace(broker=broker, cdn_urls=(gateway.url,)),
        gateway_urls=(gateway.url,),
        processes=lambda: [gateway],
    )
    return measure(
        scenario,
        cluster,
        people,
        rate_per_s=RATE_PER_S,
        stream=1,
        folder=folder / "runs",
        report=report,
    )


@pytest.fixture
def measured(gateway, people, tmp_path):
    """A function that measures a gateway of its own."""
    return partial(measured_at, gateway, people, tmp_path)


@pytest.fixture(scope="module")
def quiet(start_gateway, people, tmp_path_factory):
    """A measurement that nothing disturbs; `temporary` is where temporary folders went."""
    temporary = tmp_path_factory.mktemp("temporary")
    with pytest.MonkeyPatch.context() as patch, start_gateway({}) as gateway:
        patch.setattr("tempfile.tempdir", str(temporary))
        folder = tmp_path_factory.mktemp("quiet")
        measurement = measured_at(gateway, people, folder, scenario_of(lateness_p99_max="1 s"))
    return SimpleNamespace(measurement=measurement, temporary=temporary)


def halfway(then):
    """Return a `report` that calls `then` once, when half of the load has been sent."""
    done: list[float] = []

    def report(doing, share):
        if doing == "load" and share >= 0.4 and not done:
            done.append(share)
            then()

    return report


def own_generator():
    children = psutil.Process().children()
    [generator] = [child for child in children if "loadtest.generator" in child.cmdline()]
    return generator


def test_a_measurement_is_a_run_with_every_table(quiet):
    run = load_run(quiet.measurement.folder)
    planned = arrivals_of(
        run.scenario, population_of(run.scenario), rate_per_s=RATE_PER_S, until_s=1.5, stream=1
    )
    requests = run.recording.requests
    assert requests.intended_s.tolist() == [arrival.at_s for arrival in planned]
    assert requests.endpoint.tolist() == [arrival.endpoint.value for arrival in planned]
    assert (requests.status == 200).all()
    assert run.recording.stages.groupby("station").request.nunique().to_dict() == {
        "gateway": len(requests),
        "timeline_store": len(requests),
    }
    assert run.result["rate_per_s"] == run.scenario.requests_per_s == RATE_PER_S
    assert [row["endpoint"] for row in run.result["summary"]] == ["newsfeed", "post"]
    assert run.result["background_cpu"].keys() == {"gateway-1", "generator"}
    assert (run.folder / "locust_stats.csv").read_text().count("newsfeed") == 1


def test_only_other_work_on_this_machine_speaks_against_a_quiet_run(quiet):
    others = ("other processes", "the hypervisor")
    assert [r for r in quiet.measurement.validity.reasons if not r.startswith(others)] == []


def test_the_ledger_covers_the_load_from_its_first_second_to_its_last(quiet):
    cpu = quiet.measurement.recording.cpu
    for process in ("gateway-1", "generator"):
        of = cpu[cpu.process == process]
        assert 0 <= of.at_s.iloc[0] < 0.3
        assert of.at_s.iloc[-1] > 1.5
        assert of.at_s.diff().max() < 1.5
        assert (of.cpu_s.diff().dropna() >= 0).all()
        assert of.cpu_s.iloc[-1] > of.cpu_s.iloc[0]


def test_a_generator_that_was_held_up_makes_its_run_invalid(measured):
    def hold_up():
        generator = own_generator()
        generator.suspend()
        time.sleep(0.3)
        generator.resume()

    measurement = measured(scenario_of(), report=halfway(hold_up))
    [late] = [r for r in measurement.validity.reasons if "the generator was late" in r]
    assert measurement.evidence.lateness_p99_s > 0.2
    result = json.loads((measurement.folder / "result.json").read_text())
    assert result["validity"]["valid"] is False
    assert late in result["validity"]["reasons"]


def test_an_interrupted_measurement_keeps_its_rows_and_says_so(measured):
    def report(doing, share):
        if doing == "load" and share > 0.03:
            raise KeyboardInterrupt

    measurement = measured(scenario_of(duration="30 s"), report=report)
    assert measurement.interrupted
    assert "it was interrupted" in measurement.validity.reasons
    run = load_run(measurement.folder)
    assert 200 < len(run.recording.requests) < 4000
    assert run.result["window"]["until_s"] < 10


def test_before_the_load_there_is_nothing_to_keep(measured, tmp_path):
    def report(doing, share):
        if doing == "watching the system idle":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measured(scenario_of(), report=report)
    assert not (tmp_path / "runs").exists()
    assert [c for c in psutil.Process().children() if "loadtest.generator" in c.cmdline()] == []


@pytest.mark.verify
def test_a_process_that_ends_during_the_run_is_named(measured, gateway):
    measurement = measured(
        scenario_of(), report=halfway(lambda: os.kill(gateway.pid, signal.SIGKILL))
    )
    assert "gateway-1 ended during the run" in measurement.validity.reasons
    assert "ConnectionRefusedError" in set(measurement.errors.error)


def test_posts_whose_fan_out_never_comes_make_the_run_invalid(measured, broker_url):
    measurement = measured(scenario_of(), broker=broker_url)
    assert any("fan-outs were still waiting" in r for r in measurement.validity.reasons)
    assert measurement.recording.fanouts.empty


def test_the_plan_with_its_tokens_does_not_outlive_the_run(quiet):
    assert list(quiet.temporary.iterdir()) == []
