"""How the steps of a journey are made: where they go, how far that is, and who is asked."""

import numpy as np
import pytest

from model.engine.network import Network
from model.engine.simpy_engine import simulate
from model.world.attributes import Attribute
from model.world.design.steps import READER, Steps, now_and_then
from model.world.journeys import Call, Delay, Journey, Link, Visit, WithProbability, Write
from model.world.keys import LEG
from model.world.laws import QuantileTable
from model.world.routes import SHARD, legs_column, read_column, write_column
from model.world.scenario import Protections
from model.world.wiring import WIRE, Wiring

WORK = QuantileTable(probabilities=(0.0, 1.0), values=(2.0, 2.0))
COPIES = {"user_db": 3, "timeline_store": 1}
ACKS = {"user_db": 2, "timeline_store": 1}


def steps(**wiring):
    return Steps("ask", lambda *_: WORK, Wiring(copies=COPIES, acks=ACKS, **wiring))


def far(step):
    """The column that says how far a step is, and the step itself."""
    way, inner = step.then
    assert isinstance(way, Delay)
    return way.time.name, inner


def test_a_visit_does_all_of_its_work_where_its_key_lies():
    [visit] = [steps().visit("user_db", READER)]
    assert visit == Visit(station="user_db", work=WORK, key=READER)


def test_a_call_does_half_of_its_work_before_and_half_after_what_is_inside():
    before, inner, after = steps().call("user", steps().visit("user_db"))
    assert before.work.mean + after.work.mean == WORK.mean
    assert inner.station == "user_db"
    assert after.name == "user_answer"


def test_both_halves_of_a_call_meet_the_same_instance():
    network = Network().station("user", members=9)
    network.journey(Journey(name="ask", steps=steps().call("user")))
    network.recorded("ask", at_s=np.arange(20.0) * 10)
    worked_s = simulate(network.build(), seed=1, until_s=300.0).members.worked_s
    assert worked_s.sum() == pytest.approx(40.0)
    assert np.allclose(worked_s % 2.0, 0.0), "no instance has half of a call"


def test_a_write_of_a_store_with_copies_is_acknowledged_by_as_many_as_its_table_says():
    written = steps().write("user_db", READER)
    assert written == Write(station="user_db", work=WORK, acks=2, key=READER)


def test_a_write_of_a_store_without_copies_is_one_visit():
    written = steps().write("timeline_store", READER)
    assert written == Visit(station="timeline_store", work=WORK, key=READER)


def test_in_one_zone_nothing_is_far():
    assert isinstance(steps().visit("user_db", READER), Visit)
    assert isinstance(steps().write("user_db", READER), Write)


SPREAD = {"zones": 2, "chooses_copies": True}


def test_a_read_is_as_far_as_the_nearest_copy_and_a_write_as_the_first():
    column, read = far(steps(**SPREAD).visit("user_db", READER))
    assert (column, read.replica) == (read_column("user_db"), "nearest")
    column, _ = far(steps(**SPREAD).write("user_db", READER))
    assert column == write_column("user_db")


def test_one_of_many_legs_is_as_far_as_the_farthest():
    column, read = far(steps(**SPREAD).visit("user_db", LEG))
    assert (column, read.key) == (legs_column("user_db"), LEG)


def test_services_are_in_every_zone_and_so_not_far():
    assert isinstance(steps(**SPREAD).visit("broker"), Visit)
    before, after = steps(**SPREAD).call("user")
    assert before.replica == after.replica == "nearest"


def test_what_is_not_in_every_zone_is_as_far_as_its_column_says():
    [way, *called] = steps(**SPREAD).call("search", way="far_s")
    assert way == Delay(time=Attribute(name="far_s"), name="way")
    assert called == [*steps(**SPREAD).call("search")]
    assert steps().call("search", way="far_s") == steps().call("search")


def test_a_way_counts_against_the_deadline_of_its_call():
    how = Protections.model_validate({"call_deadline": "1 s", "drops_late_work": True})
    guarded = steps(**SPREAD, is_guarded=True, protections=how)
    [call] = guarded.call("search", way="far_s")
    network = Network().zones(2).station("search")
    network.journey(Journey(name="ask", steps=call))
    network.recorded("ask", at_s=np.zeros(1), attributes={"far_s": [5.0]})
    requests = simulate(network.build(), seed=1, until_s=300.0).requests
    assert requests.done_s.tolist() == [1.0]


def test_the_way_is_gone_before_the_copy_is_asked():
    network = Network().zones(2).station("user_db", replicas=2)
    away = steps(**SPREAD).visit("user_db", READER)
    network.journey(Journey(name="ask", steps=away))
    rows = {read_column("user_db"): [0.5, 3.0]}
    network.recorded("ask", at_s=np.asarray([0.0, 100.0]), attributes=rows)
    requests = simulate(network.build(), seed=1, until_s=300.0).requests
    assert (requests.done_s - requests.arrived_s).tolist() == pytest.approx([2.5, 5.0])


def test_a_request_names_itself_the_shard_of_a_store_of_which_one_is_hot():
    hot = steps(hot_station="timeline_store")
    own = Attribute(name=SHARD)
    assert hot.visit("timeline_store", READER).key == own
    assert hot.write("timeline_store").key == own
    assert hot.visit("user_db", READER).key == READER


def test_legs_go_to_shards_of_their_own_even_where_one_is_hot():
    assert steps(hot_station="timeline_store").visit("timeline_store", LEG).key == LEG


def test_a_message_is_sent_to_every_service_that_others_call_where_messages_are_lost():
    lossy = steps(loses_messages=True)
    assert lossy.call("user")[0] == Link(link=WIRE)
    assert lossy.visit("user_db") == steps().visit("user_db")


@pytest.mark.parametrize("own", ["gateway", "fanout", "pipeline", "relay", "cdn"])
def test_nobody_sends_a_message_to_who_is_called_by_no_service(own):
    assert steps(loses_messages=True).call(own) == steps().call(own)


def test_a_lost_message_is_noticed_at_the_deadline_of_its_call():
    how = Protections.model_validate({"call_deadline": "1 s", "drops_late_work": True})
    [call] = steps(loses_messages=True, is_guarded=True, protections=how).call("user")
    network = Network().station("user").link(WIRE, rtt=0.0, loss=1.0)
    network.journey(Journey(name="ask", steps=call)).recorded("ask", at_s=np.zeros(1))
    requests = simulate(network.build(), seed=1, until_s=300.0).requests
    assert requests.done_s.tolist() == [1.0]


def test_a_call_is_guarded_and_so_is_a_read():
    how = Protections.model_validate({"hedge_after": "10 ms"})
    wired = steps(is_guarded=True, protections=how)
    [call] = wired.call("user")
    assert isinstance(call, Call)
    assert isinstance(wired.visit("user_db", READER), Call)
    assert isinstance(wired.write("user_db", READER), Write), "a write is made once"


def test_several_visits_have_one_key_and_names_of_their_own():
    visits = steps().several("broker", "here", 3, name="read")
    assert {visit.key for visit in visits} == {"here"}
    assert [visit.name for visit in visits] == [f"broker_read_{n}" for n in range(3)]


def test_what_only_a_share_does_has_the_probability_of_that_share():
    inner = steps().visit("broker")
    assert now_and_then(0.2, inner, name="some") == WithProbability(
        p=0.2, then=(inner,), name="some"
    )
