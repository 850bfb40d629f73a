"""What only the compiled engine has: arithmetic compiled from plain functions, limits, a cache."""

import inspect
import os
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
from model.engine.compiled import chance as compiled_chance
from model.engine.compiled_engine import simulate
from model.engine.limits import TooMuch
from model.engine.network import Network
from model.engine.refusals import NetworkError
from model.world import chance, scalar_laws
from model.world.counts import ConstantCount
from model.world.journeys import Delay, ForEach, Journey, Visit
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
def test_an_engine_without_a_place_to_keep_it_compiles_all_the_same(tmp_path):
    blocked = tmp_path / "file"
    blocked.touch()
    probe = (
        "from model.engine.compiled.jit import cache_folder; print(cache_folder().is_absolute())"
    )
    answer = python(probe, XDG_CACHE_HOME=str(blocked), FEEDTWIN_CACHE="", TMPDIR=str(tmp_path))
    assert answer.stdout == "True\n"


@pytest.mark.verify
@pytest.mark.timeout(900)
def test_a_hundred_million_requests_fit_in_two_gigabytes():
    counted, taken = python(HUNDRED_MILLION).stdout.splitlines()
    requests, p99_s = counted.split()
    assert int(requests) == pytest.approx(1e8, rel=0.001)
    # M/M/1 at 0.8: the response is exponential with mean 4.
    assert float(p99_s) == pytest.approx(4 * np.log(100), rel=0.01)
    assert int(taken) < 2e9
