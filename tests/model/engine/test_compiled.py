"""What only the compiled engine has: arithmetic compiled from plain functions, limits, a cache."""

import inspect
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import model.engine.compiled.shared  # noqa: F401 - makes plain functions known to the compiler
from model.engine import compiled_engine, stations
from model.engine.codes import Outcome
from model.engine.compiled import chance as compiled_chance
from model.engine.compiled import jit
from model.engine.compiled_engine import simulate
from model.engine.engines import Engine, simulate_with
from model.engine.limits import TooMuch
from model.engine.network import Network
from model.engine.parts import Queue
from model.engine.refusals import NetworkError
from model.world import chance, scalar_laws
from model.world.counts import ConstantCount
from model.world.failures import Crash, Once
from model.world.journeys import Call, Delay, Emit, ForEach, Journey, Steps, Visit, WithProbability
from model.world.laws import Constant, Exponential

ROOT = Path(__file__).parents[3]
WORDS = st.integers(0, 2**64 - 1)
SMALL = st.integers(0, 2**62)

# Values of an argument by its name, for every function that both engines call.
VALUES = {
    "u": st.floats(2.0**-53, 1 - 2.0**-53),
    "mean": st.floats(1e-6, 1e6),
    "variance": st.floats(1e-3, 10.0),
    "deviation": st.floats(1e-2, 3.0),
    "p_low": st.floats(0.0, 0.4),
    "p_high": st.floats(0.5, 1.0),
    "members": st.integers(2, 1_000),
    "first": st.integers(0, 1),
    "outer": st.integers(0, 2**20),
    "index": st.integers(0, 2**20 - 2),
    "leg": st.integers(1, 2**60),
    "legs": st.integers(0, 2**20 - 1),
    "at_once": st.integers(1, 2**20 - 1),
    "lane": st.integers(0, 99),
    "lanes": st.integers(100, 2**60),
    "number": st.integers(1, 255),
    "busy": st.integers(1, 100),
    "rate": st.floats(1e-3, 10.0),
    "speed": st.floats(1e-3, 10.0),
    "cores": st.floats(0.1, 64.0),
    "every_s": st.floats(1e-3, 10.0),
    "bytes_per_s": st.floats(1.0, 1e9),
    "retry": st.integers(1, 20),
    "factor": st.floats(1.0, 3.0),
    "failures": st.integers(0, 20),
    "failures_max": st.integers(1, 20),
    "half_open": st.booleans(),
    "zones": st.integers(1, 9),
    "member": st.integers(1, 1_000),
    "replicas": st.integers(1, 9),
    "ahead": st.integers(0, 9),
    "in_use": st.integers(1, 100),
    "servers": st.integers(1, 100),
    "busy_target": st.floats(1e-3, 1.0),
    "copies_min": st.integers(1, 9),
    "copies_max": st.integers(9, 100),
    "c": st.tuples(*[st.floats(-1e3, 1e3)] * 8),
}
ANY_NUMBER = st.floats(0.0, 1e6)


def shared_functions():
    for module in (stations, scalar_laws):
        for name, function in vars(module).items():
            if inspect.isfunction(function) and function.__module__ == module.__name__:
                yield pytest.param(function, id=name)


@pytest.mark.parametrize("function", list(shared_functions()))
def test_plain_and_compiled_arithmetic_agree_to_the_bit(function):
    compiled = numba.njit(error_model="numpy")(function)
    names = list(inspect.signature(function).parameters)

    @settings(max_examples=200, deadline=None)
    @given(values=st.tuples(*[VALUES.get(name, ANY_NUMBER) for name in names]))
    def agree(values):
        assert compiled(*values) == function(*values)

    agree()


@settings(deadline=None)
@given(request=WORDS, path=WORDS, leg=SMALL, attempt=SMALL, draw=st.integers(0, 20))
def test_compiled_chance_wraps_around_as_plain_chance_does(request, path, leg, attempt, draw):
    compiled = compiled_chance.unit(np.uint64(request), np.uint64(path), leg, attempt, draw)
    assert compiled == chance.unit(request, path, leg, attempt, draw)


@settings(deadline=None)
@given(uid=WORDS, step=WORDS, leg=SMALL)
def test_compiled_uids_are_the_plain_ones(uid, step, leg):
    compiled = compiled_chance.child_uid(np.uint64(uid), np.uint64(step), leg)
    assert compiled == chance.child_uid(uid, step, leg)


def overloaded():
    network = Network().station("a")
    network.journey(Journey(name="walk", steps=Visit(station="a", work=Constant(value=1.0))))
    return network.arrivals("walk", rate_per_s=100).build()


@pytest.mark.parametrize(
    ("limit", "value", "complaint"),
    [
        ("WALKS_MAX", 50, "more than 50 requests and legs under way at once"),
        ("EVENTS_MAX", 4, "events planned at once"),
        ("VISITS_KEPT_MAX", 60, "more than 60 visits: run with keep_visits=False"),
    ],
)
def test_what_outgrows_a_limit_is_named(monkeypatch, limit, value, complaint):
    monkeypatch.setattr(compiled_engine, limit, value)
    network = Network().station("a", servers=100)
    body = Delay(time=Exponential(mean=5.0))
    steps = (
        ForEach(count=ConstantCount(count=3), body=body),
        Visit(station="a", work=Constant(value=1.0)),
    )
    network.journey(Journey(name="walk", steps=steps))
    with pytest.raises(TooMuch, match=complaint):
        simulate(network.arrivals("walk", rate_per_s=100).build(), seed=1, until_s=60)


@dataclass(frozen=True)
class Strange:
    """A law of somebody else's."""

    mean: float = 1.0
    scv: float = 0.0

    def quantile(self, u):
        return 1.0 + u


def test_a_law_that_cannot_be_compiled_is_refused_by_name():
    network = Network().journey(Journey(name="walk", steps=Delay(time=Strange())))
    with pytest.raises(NetworkError, match="does not know the law Strange"):
        simulate(network.recorded("walk", at_s=[0.0]).build(), seed=1, until_s=5)


@pytest.mark.parametrize("until_s", [0.0, -1.0, float("inf"), float("nan")])
def test_a_run_has_a_length(until_s):
    with pytest.raises(ValueError, match="until_s must be positive"):
        simulate(overloaded(), seed=1, until_s=until_s)


def passing_by(at_s):
    """Requests that are done as soon as they come."""
    never = WithProbability(p=0.0, then=Delay(time=Constant(value=1.0)))
    return Network().journey(Journey(name="a", steps=never)).recorded("a", at_s=at_s)


def test_arrivals_go_on_when_there_is_no_more_room_for_requests(monkeypatch):
    monkeypatch.setattr(compiled_engine, "REQUESTS_KEPT_MAX", 4_096)
    network = passing_by([0.0]).arrivals("a", rate_per_s=1_000)
    run = simulate(network.build(), seed=1, until_s=20, keep_visits=False)
    assert run.counts is not None
    assert run.counts.count("a") == pytest.approx(20_000, rel=0.05)


def test_who_is_under_way_at_the_end_is_booked_once_without_room_for_requests(monkeypatch):
    monkeypatch.setattr(compiled_engine, "REQUESTS_KEPT_MAX", 100)
    network = passing_by(np.linspace(0, 1, 95)).station("s", queue=Queue(limit=1_000))
    network.journey(Journey(name="b", steps=Visit(station="s", work=Constant(value=1e6))))
    network.recorded("b", at_s=np.linspace(2, 3, 50))
    run = simulate(network.build(), seed=1, until_s=20, keep_visits=False)
    assert run.counts is not None
    assert run.counts.count("b", Outcome.UNDER_WAY) == run.members.present.sum() == 50


@pytest.mark.parametrize("engine", Engine)
def test_what_is_emitted_deep_in_retries_has_luck_of_its_own(engine):
    steps: Steps = (Emit(journey="mail"), Visit(station="s", work=Constant(value=0.1)))
    for depth in range(5):
        steps = Call(steps=steps, retries=1 if depth == 4 else 0, name=f"call{depth}")
    network = Network().station("s", servers=1, queue=Queue(limit=0))
    network.journey(Journey(name="a", steps=steps))
    network.journey(Journey(name="mail", steps=Delay(time=Exponential(mean=1.0))))
    network.failure(Crash(station="s", when=Once(at_s=0.0))).recorded("a", at_s=[1.0])
    run = simulate_with(engine)(network.build(), seed=1, until_s=60)
    assert len(np.unique(run.requests.uid)) == len(run.requests.uid) == 3
    assert len(np.unique(run.latencies_s("mail"))) == 2


@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize("luck", [{"seed": -1}, {"seed": 2**63}, {"seed": 1, "replication": -1}])
def test_a_run_has_luck_that_can_be_named(engine, luck):
    with pytest.raises(ValueError, match=r"(seed|replication) must be in 0\.\.2\*\*63 - 1, got"):
        simulate_with(engine)(overloaded(), until_s=1, **luck)


ENDLESS = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from model.engine.compiled_engine import prepare, simulate
from model.engine.network import Network
from model.world.journeys import Delay, Journey
from model.world.laws import Exponential
network = Network().journey(Journey(name="a", steps=Delay(time=Exponential(mean=1.0))))
program = network.closed("a", users=100, think=Exponential(mean=1.0)).build()
prepare()
print("begun", flush=True)
simulate(program, seed=1, until_s=1e9, keep_visits=False)
"""


def test_a_long_run_ends_at_ctrl_c():
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=30)
    assert b"KeyboardInterrupt" in complaint


def test_the_cache_keeps_away_from_what_is_not_its_own(tmp_path):
    for name in "abcdefg":
        (tmp_path / name).mkdir()
        (tmp_path / name / "precious").touch()
    python("from model.engine.compiled import jit; jit.mark_cached()", FEEDTWIN_CACHE=str(tmp_path))
    assert all((tmp_path / name / "precious").exists() for name in "abcdefg")


def test_of_old_versions_only_the_last_few_are_kept(tmp_path):
    versions = tmp_path / "feedtwin" / "engine"
    for number, name in enumerate("abcdef"):
        (versions / name).mkdir(parents=True)
        (versions / name / jit.COMPLETE).touch()
        os.utime(versions / name / jit.COMPLETE, (number, number))
    (versions / "being compiled").mkdir()
    python("from model.engine.compiled import jit; jit.mark_cached()", FEEDTWIN_CACHE=str(tmp_path))
    left = {folder.name for folder in versions.iterdir()}
    assert {"d", "e", "f", "being compiled"} < left
    assert not {"a", "b", "c"} & left


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path):
    blocked = tmp_path / "file"
    blocked.touch()
    probe = "from model.engine.compiled import jit; jit.mark_cached(); print(jit.cache_folder())"
    answer = python(probe, FEEDTWIN_CACHE=str(blocked), TMPDIR=str(tmp_path))
    assert answer.stdout.startswith(str(tmp_path / "feedtwin-"))


TINY = """
from model.engine.compiled_engine import prepare, simulate
prepare()
print("prepared")
"""

HUNDRED_MILLION = """
import resource
from model.engine.compiled_engine import simulate
from model.engine.network import Network
from model.world.journeys import Journey, Visit
from model.world.laws import Exponential
network = Network().station("a")
network.journey(Journey(name="walk", steps=Visit(station="a", work=Exponential(mean=0.8))))
program = network.arrivals("walk", rate_per_s=1.0).build()
run = simulate(program, seed=1, until_s=1.0e8, keep_visits=False)
print(run.counts.count("walk"), run.counts.quantile_s("walk", 0.99))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=True,
    )  # fmt: skip


@pytest.mark.verify
@pytest.mark.timeout(900)
def test_compiling_is_announced_and_done_once_for_all_processes(tmp_path):
    first = python(TINY, FEEDTWIN_CACHE=str(tmp_path))
    assert "compiling the engine, once for this machine and version" in first.stderr
    assert str(tmp_path) in first.stderr
    second = python(TINY, FEEDTWIN_CACHE=str(tmp_path))
    assert second.stdout == "prepared\n"
    assert second.stderr == ""


@pytest.mark.verify
@pytest.mark.timeout(900)
def test_a_hundred_million_requests_fit_in_two_gigabytes():
    counted, taken = python(HUNDRED_MILLION).stdout.splitlines()
    requests, p99_s = counted.split()
    assert int(requests) == pytest.approx(1e8, rel=0.001)
    # M/M/1 at 0.8: the response is exponential with mean 4.
    assert float(p99_s) == pytest.approx(4 * np.log(100), rel=0.01)
    assert int(taken) < 2e9
