import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from model.engine.engines import Engine, simulate_with
from model.engine.network import Network
from model.engine.replications import replicate, whole_run
from model.world.counts import poisson
from model.world.journeys import Delay, Emit, ForEach, Journey, Visit
from model.world.laws import Constant, Exponential, Lognormal

ROOT = Path(__file__).parents[3]
DIGEST = """
import hashlib, importlib.util, sys
spec = importlib.util.spec_from_file_location("sample", sys.argv[1])
sample = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sample)
print(hashlib.sha256(sample.bytes_of(sample.simulated(sample.Engine(sys.argv[2])))).hexdigest())
"""


SOON = Exponential(mean=0.01)


def network(work=SOON):
    """Hosted and free stations, keys, forks and events."""
    parts = Network().host("box", cores=1).station("a", members=2, host="box")
    parts.station("b", members=4)
    visits = (Visit(station="a", work=work), Visit(station="b", work=work, key="own"))
    each = ForEach(count=poisson(mean=3), body=Visit(station="b", work=work, key="leg"))
    parts.journey(Journey(name="read", steps=(*visits, each, Emit(journey="log"))))
    parts.journey(Journey(name="log", steps=Delay(time=Lognormal(mean=0.1, scv=1))))
    return parts.arrivals("read", rate_per_s=40)


def simulated(engine, replication=0):
    simulate = simulate_with(engine)
    return simulate(network().build(), seed=5, replication=replication, until_s=20)


def bytes_of(run):
    tables = (run.requests, run.visits, run.members)
    columns = [getattr(table, name) for table in tables for name in table.__slots__]
    return b"".join(column.tobytes() for column in columns)


def test_the_same_seed_gives_the_same_bytes_in_any_process_and_with_any_engine():
    digests = set()
    for hash_seed, engine in zip(("0", "1", "4242"), (*Engine, Engine.COMPILED), strict=True):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", DIGEST, __file__, engine.value]
        answer = subprocess.run(
            command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True
        )
        digests.add(answer.stdout)
    assert len(digests) == 1


@pytest.mark.parametrize("engine", Engine)
def test_two_replications_differ(engine):
    first, second = simulated(engine, 0), simulated(engine, 1)
    assert first.latencies_s("read")[:20].tolist() != second.latencies_s("read")[:20].tolist()


def test_two_seeds_differ(simulate):
    one, other = (simulate(network().build(), seed=seed, until_s=5) for seed in (1, 2))
    assert one.latencies_s("read")[:20].tolist() != other.latencies_s("read")[:20].tolist()


def test_replications_are_the_same_in_one_process_and_in_two():
    runs = {
        jobs: replicate(network().build(), whole_run, seed=5, until_s=5, replications=3, jobs=jobs)
        for jobs in (1, 2)
    }
    alone = [bytes_of(run) for run in runs[1]]
    assert [bytes_of(run) for run in runs[2]] == alone
    assert len(set(alone)) == 3
    assert [run.replication for run in runs[2]] == [0, 1, 2]


@pytest.mark.parametrize("name", ["replications", "jobs"])
def test_there_is_at_least_one_replication_and_one_process(name):
    counts = {"replications": 2, "jobs": 1} | {name: 0}
    with pytest.raises(ValueError, match=f"{name} must be 1 or more, got 0"):
        replicate(network().build(), whole_run, seed=1, until_s=1, **counts)


def test_another_journey_elsewhere_changes_nobodys_luck(simulate):
    alone = simulate(network().build(), seed=5, until_s=20)
    parts = network().station("c")
    parts.journey(Journey(name="other", steps=Visit(station="c", work=Exponential(mean=0.1))))
    beside = simulate(parts.arrivals("other", rate_per_s=9).build(), seed=5, until_s=20)
    assert beside.latencies_s("read").tobytes() == alone.latencies_s("read").tobytes()


def test_twice_the_work_makes_every_request_slower_under_the_same_luck(simulate):
    light = simulate(network(Constant(value=0.001)).build(), seed=5, until_s=20)
    heavy = simulate(network(Constant(value=0.002)).build(), seed=5, until_s=20)
    count = min(len(light.latencies_s("read")), len(heavy.latencies_s("read")))
    assert count > 700
    assert np.all(heavy.latencies_s("read")[:count] > light.latencies_s("read")[:count])
