from itertools import islice

import numpy as np
import pytest
from scipy.stats import kstest

from model.engine import arrivals as arrivals_module
from model.engine.arrivals import arrivals, request_uid, session_length, think_s, users
from model.engine.codes import Draw
from model.engine.network import Network
from model.world.attributes import Attribute
from model.world.chance import child_uid, run_key, u, u_block
from model.world.counts import ConstantCount, CountTable, poisson
from model.world.journeys import Delay, Journey
from model.world.laws import Constant, Exponential

PAUSE = Delay(time=Constant(value=0.0))


def stream_of(**poisson):
    network = Network().journey(Journey(name="walk", steps=PAUSE))
    return network.arrivals("walk", **poisson).build().streams[0]


def coming(stream, until_s=100.0, laws=()):
    return arrivals(stream, laws, seed=1, replication=2, until_s=until_s)


def instants_s(stream, until_s=100.0):
    return np.array([at_s for at_s, _, _ in coming(stream, until_s)])


def test_poisson_arrivals_have_exponential_gaps_at_their_rate():
    at_s = instants_s(stream_of(rate_per_s=200), until_s=50)
    assert kstest(np.diff(at_s), "expon", args=(0, 1 / 200)).pvalue > 0.001
    assert abs(len(at_s) - 10_000) < 4 * np.sqrt(10_000)


def test_poisson_arrivals_begin_at_their_start():
    late, early = stream_of(rate_per_s=5, start_s=20), stream_of(rate_per_s=5)
    assert instants_s(late)[0] > 20
    assert instants_s(late, until_s=60) - 20 == pytest.approx(instants_s(early, until_s=40))


def test_twice_the_rate_brings_the_same_requests_in_half_of_the_time():
    slow = instants_s(stream_of(rate_per_s=5), until_s=80)
    fast = instants_s(stream_of(rate_per_s=10), until_s=40)
    assert fast == pytest.approx(slow / 2)


def test_no_rate_brings_nobody():
    assert len(instants_s(stream_of(rate_per_s=0))) == 0


def test_nobody_arrives_at_the_end_or_later():
    network = Network().journey(Journey(name="walk", steps=PAUSE))
    program = network.recorded("walk", at_s=[0.0, 1.0, 2.0, 3.0]).build()
    assert instants_s(program.streams[0], until_s=2.0).tolist() == [0.0, 1.0]


def test_arrivals_do_not_depend_on_how_many_are_computed_at_once(monkeypatch):
    stream = stream_of(rate_per_s=500)
    whole = list(coming(stream, until_s=20))
    monkeypatch.setattr(arrivals_module, "_BLOCK", 7)
    assert list(coming(stream, until_s=20)) == whole


def test_two_streams_of_one_journey_differ():
    network = Network().journey(Journey(name="walk", steps=PAUSE))
    network.arrivals("walk", rate_per_s=5).arrivals("walk", rate_per_s=5)
    first, second = network.build().streams
    uids = [{uid for _, uid, _ in islice(coming(stream), 50)} for stream in (first, second)]
    assert instants_s(first)[0] != instants_s(second)[0]
    assert not uids[0] & uids[1]


def test_the_rate_changes_as_its_pieces_say():
    stream = stream_of(rate_per_s=[(10.0, 20.0), (20.0, 0.0), (30.0, 200.0), (40.0, 0.0)])
    at_s = instants_s(stream, until_s=100)
    counts, _ = np.histogram(at_s, bins=[0, 10, 20, 30, 40, 100])
    assert counts[[0, 2, 4]].tolist() == [0, 0, 0]
    assert abs(counts[1] - 200) < 4 * np.sqrt(200)
    assert abs(counts[3] - 2_000) < 4 * np.sqrt(2_000)
    assert (np.diff(at_s) >= 0).all()
    assert kstest(at_s[at_s > 30], "uniform", args=(30, 10)).pvalue > 0.001


def test_rates_repeat_after_their_period():
    stream = stream_of(rate_per_s=[(1.0, 50.0), (2.0, 0.0), (3.0, 100.0)], period_s=4.0)
    at_s = instants_s(stream, until_s=400)
    counts, _ = np.histogram(at_s % 4.0, bins=[0, 1, 2, 3, 4])
    assert counts[[0, 2]].tolist() == [0, 0]
    assert abs(counts[1] - 5_000) < 4 * np.sqrt(5_000)
    assert abs(counts[3] - 10_000) < 4 * np.sqrt(10_000)
    assert (np.diff(at_s) >= 0).all()


def test_a_rate_in_equal_pieces_brings_what_one_rate_brings():
    whole = instants_s(stream_of(rate_per_s=30.0))
    for more in ({}, {"period_s": 20.0}):
        pieces = stream_of(rate_per_s=[(0.0, 30.0), (7.0, 30.0), (13.0, 30.0)], **more)
        assert instants_s(pieces) == pytest.approx(whole, rel=1e-12)


def test_one_rate_adds_up_the_gaps_at_that_rate():
    stream = stream_of(rate_per_s=30.0, start_s=2.0)
    place = stream.path_hash
    chance = u_block(1, 2, place, place, np.arange(20), 0, Draw.VALUE)
    assert (
        instants_s(stream)[:20].tolist() == np.cumsum([2.0, *-np.log1p(-chance) / 30])[1:].tolist()
    )


@pytest.mark.parametrize("block", [1, 7, 1_000])
@pytest.mark.parametrize("batch", [None, poisson(mean=1.5)])
@pytest.mark.parametrize(
    "rates",
    [
        {"rate_per_s": 30.0},
        {"rate_per_s": [(1.0, 50.0), (2.0, 0.0), (3.0, 10.0)]},
        {"rate_per_s": [(0.0, 50.0), (5.0, 0.0)]},
        {"rate_per_s": [(1.0, 50.0), (2.0, 0.0), (3.0, 10.0)], "period_s": 4.0},
    ],
)
def test_no_stream_depends_on_how_many_arrivals_are_computed_at_once(
    monkeypatch, block, batch, rates
):
    network = Network().journey(Journey(name="walk", steps=PAUSE))
    program = network.arrivals("walk", batch=batch, **rates).build()
    stream, laws = program.streams[0], program.laws
    whole = list(coming(stream, 20.0, laws))
    monkeypatch.setattr(arrivals_module, "_BLOCK", block)
    assert list(coming(stream, 20.0, laws)) == whole
    assert len(whole) > 10


def test_requests_of_one_arrival_have_one_instant_and_each_its_own_uid_and_row():
    network = Network().journey(Journey(name="walk", steps=Delay(time=Attribute(name="size"))))
    batch = CountTable(counts=(0, 2, 3), cumulated=(0.25, 0.5, 1.0))
    attributes = {"size": np.arange(1_000.0)}
    program = network.arrivals("walk", rate_per_s=20.0, batch=batch, attributes=attributes).build()
    stream = program.streams[0]
    requests = list(coming(stream, 100.0, program.laws))
    at_s, counts = np.unique([at_s for at_s, _, _ in requests], return_counts=True)
    alone = stream_of(rate_per_s=20.0)
    assert set(at_s) <= set(instants_s(alone))  # some arrivals bring nobody
    assert set(counts.tolist()) == {2, 3}
    uids = [uid for _, uid, _ in requests]
    assert len(set(uids)) == len(uids)
    first = uids[0]
    assert first in {uid for _, uid, _ in coming(alone)}
    assert uids[1] == child_uid(first, stream.path_hash, 1)
    rows = np.array([row for _, _, row in requests])
    assert (rows[:-1] == rows[1:]).mean() < 0.05


def test_users_are_numbered_and_draw_a_row_each():
    network = Network().journey(Journey(name="walk", steps=Delay(time=Attribute(name="size"))))
    network.closed("walk", users=500, think=Constant(value=1.0), attributes={"size": [1.0, 2.0]})
    stream = network.build().streams[0]
    uids, rows = users(stream, seed=1, replication=2)
    assert len(set(uids.tolist())) == 500
    assert uids[7] == child_uid(stream.path_hash, stream.path_hash, 7)
    chance = u(1, 2, stream.path_hash, stream.path_hash, 7, 0, Draw.MEMBER)
    assert rows[7] == int(chance * 2)
    assert 200 < rows.sum() < 300


def test_users_think_and_sessions_last_by_the_chance_of_their_own_uid():
    run, law = run_key(1, 2), Exponential(mean=1.0)
    assert think_s(law, run, 5, 9) == law.quantile(u(1, 2, 5, 9, 0, 0, Draw.THINK))
    length = poisson(mean=4)
    assert session_length(length, run, 5, 9) == length.quantile(u(1, 2, 5, 9, 0, 0, Draw.COUNT))
    assert session_length(ConstantCount(count=0), run, 5, 9) == 1
    assert request_uid(5, 9, 1) == child_uid(5, 9, 1) != 5
