"""Users who wait for their answers, batches of requests, and a user's own SimPy process."""

import numpy as np
import pytest

from model.engine import limits, simpy_engine
from model.engine.arrivals import request_uid, session_length, think_s, users
from model.engine.codes import Outcome
from model.engine.network import Network
from model.engine.parts import Queue
from model.world.attributes import Attribute
from model.world.chance import run_key
from model.world.counts import ConstantCount, Geometric
from model.world.journeys import Delay, Journey, Visit
from model.world.laws import Constant, Exponential

REFUSED = Outcome.REFUSED


def network(steps):
    return Network().journey(Journey(name="walk", steps=steps))


def law(value):
    return Constant(value=value)


def test_users_think_before_every_request_and_wait_for_each_answer(simulate):
    program = network(Delay(time=law(1.0))).closed("walk", users=2, think=law(2.0)).build()
    run = simulate(program, seed=1, until_s=9.0)
    assert run.requests.arrived_s.tolist() == [2.0, 2.0, 5.0, 5.0, 8.0, 8.0]
    assert run.requests.outcome.tolist() == [Outcome.DONE] * 4 + [Outcome.UNDER_WAY] * 2
    assert len(np.unique(run.requests.uid)) == 6


def test_users_think_after_a_failure_too(simulate):
    parts = network(Visit(station="a", work=law(1e6))).station("a", queue=Queue(limit=0))
    program = parts.closed("walk", users=2, think=law(2.0)).build()
    run = simulate(program, seed=1, until_s=7.0)
    assert run.failures("walk")[REFUSED] == 3


def test_users_keep_their_attributes(simulate):
    parts = network(Delay(time=Attribute(name="time")))
    parts.closed("walk", users=50, think=law(1.0), attributes={"time": [0.25, 0.5]})
    run = simulate(parts.build(), seed=1, until_s=20.0)
    latencies_s = run.requests.done_s - run.requests.arrived_s
    done = ~np.isnan(latencies_s)
    assert latencies_s[done] == pytest.approx(run.attribute("time")[done])
    rows = run.requests.row[:50]
    assert 10 < rows.sum() < 40
    # All are back at their own pace: the quick ones every 1.25 s, the others every 1.5 s.
    counts = [int((run.requests.row == row).sum()) for row in (0, 1)]
    assert counts == [int((rows == 0).sum()) * 16, int((rows == 1).sum()) * 13]


def test_a_users_requests_and_thoughts_are_functions_of_its_place(simulate):
    parts = network(Delay(time=law(1.0))).closed("walk", users=1, think=Exponential(mean=1.0))
    program = parts.build()
    stream = program.streams[0]
    run = simulate(program, seed=3, replication=4, until_s=50.0)
    (roots, _), key = users(stream, seed=3, replication=4), run_key(3, 4)
    root, place, think = int(roots[0]), stream.path_hash, program.laws[stream.think]
    at_s, uid, number = think_s(think, key, root, place), root, 0
    expected = []
    while at_s < 50.0:
        number += 1
        uid = request_uid(root, place, number)
        expected.append((uid, at_s))
        at_s = (at_s + 1.0) + think_s(think, key, uid, place)
    assert list(zip(run.requests.uid.tolist(), run.requests.arrived_s.tolist(), strict=True)) == (
        expected
    )


def test_a_session_begins_at_once_and_ends_after_its_length(simulate):
    parts = network(Delay(time=law(1.0)))
    parts.sessions("walk", rate_per_s=0.01, length=ConstantCount(count=3), think=law(2.0))
    run = simulate(parts.build(), seed=1, until_s=1_000.0)
    first_s = run.requests.arrived_s[0]
    assert run.requests.arrived_s[:3].tolist() == [first_s, first_s + 3.0, first_s + 6.0]
    assert run.requests.arrived_s[3] > first_s + 9.0


def test_a_session_sends_one_request_at_least(simulate):
    parts = network(Delay(time=law(0.0)))
    parts.sessions("walk", rate_per_s=10.0, length=ConstantCount(count=0), think=law(1.0))
    run = simulate(parts.build(), seed=1, until_s=20.0)
    assert len(run.requests.uid) == len(np.unique(run.requests.arrived_s)) > 100


def test_sessions_are_as_long_as_their_law_says(simulate):
    parts = network(Delay(time=law(0.0)))
    length = Geometric(mean=3.0)
    parts.sessions("walk", rate_per_s=20.0, length=length, think=law(0.0))
    program = parts.build()
    run = simulate(program, seed=1, until_s=100.0)
    at_s, counts = np.unique(run.requests.arrived_s, return_counts=True)
    key, stream = run_key(1, 0), program.streams[0]
    assert len(at_s) > 1_500
    assert counts.mean() == pytest.approx(3.0 + 1 / 4, rel=0.1)  # of those at least one
    assert session_length(length, key, 1, stream.path_hash) >= 1


def test_requests_that_come_together_come_one_after_another(simulate):
    parts = network(Visit(station="a", work=law(0.001))).station("a")
    parts.arrivals("walk", rate_per_s=5.0, batch=ConstantCount(count=4))
    run = simulate(parts.build(), seed=1, until_s=50.0)
    _, counts = np.unique(run.requests.arrived_s, return_counts=True)
    assert set(counts.tolist()) == {4}
    assert len(np.unique(run.requests.uid)) == len(run.requests.uid)
    latencies_s = run.latencies_s("walk")[:4]
    assert latencies_s == pytest.approx([0.001, 0.002, 0.003, 0.004])


def test_a_process_of_ones_own_runs_alongside():
    seen = []

    def watch(env):
        while True:
            seen.append(env.now)
            yield env.timeout(1.0)

    program = network(Delay(time=law(1.0))).arrivals("walk", rate_per_s=1.0).build()
    watched = simpy_engine.simulate(program, seed=1, until_s=4.0, alongside=[watch])
    alone = simpy_engine.simulate(program, seed=1, until_s=4.0)
    assert seen == [0.0, 1.0, 2.0, 3.0]
    assert watched.requests.done_s.tobytes() == alone.requests.done_s.tobytes()


def test_users_who_neither_think_nor_wait_are_stopped(simulate, monkeypatch):
    never = Delay(time=Constant(value=0.0))
    network = Network().journey(Journey(name="walk", steps=never))
    program = network.closed("walk", users=1, think=Constant(value=0.0)).build()
    monkeypatch.setattr(limits, "AT_ONCE_MAX", 1_000)  # for SimPy: compiled code has its own
    with pytest.raises(limits.TooMuch, match="at one instant: they neither think nor wait"):
        simulate(program, seed=1, until_s=5.0)
