"""Messages over links: how long they take, and what becomes of those that are lost."""

import numpy as np
import pytest
from scipy.stats import binomtest

from model.engine.codes import Outcome
from model.engine.network import Network
from model.world.attributes import Attribute
from model.world.failures import MessageLag, MessageLoss, Once
from model.world.journeys import Backoff, Call, Hold, Link
from model.world.laws import Constant

DONE, EXPIRED, LOST = Outcome.DONE, Outcome.EXPIRED, Outcome.LOST


def law(value):
    return Constant(value=value)


def test_a_message_takes_half_of_the_round_trip_and_its_bytes(walk):
    network = Network().link("wire", rtt=1.0, bytes_per_s=100.0)
    run = walk((Link(link="wire", size=law(50.0)), Link(link="wire")), network=network)
    assert run.latencies_s("walk").tolist() == [0.5 + 0.5 + 0.5]


def test_the_size_may_be_an_attribute(walk):
    network = Network().link("wire", rtt=0.0, bytes_per_s=10.0)
    step = Link(link="wire", size=Attribute(name="bytes"))
    run = walk(step, at_s=(0.0, 0.0), attributes={"bytes": [5, 20]}, network=network)
    assert run.latencies_s("walk").tolist() == [0.5, 2.0]


def test_lags_add_up_for_messages_sent_while_they_last(walk):
    network = Network().link("wire", rtt=2.0)
    network.failure(MessageLag(link="wire", extra_s=1.0, when=Once(at_s=1.0, for_s=4.0)))
    network.failure(MessageLag(link="wire", extra_s=3.0, when=Once(at_s=3.0, for_s=4.0)))
    run = walk(Link(link="wire"), at_s=(0.0, 2.0, 4.0, 6.0, 8.0), network=network)
    assert run.latencies_s("walk").tolist() == [1.0, 2.0, 5.0, 4.0, 1.0]


def test_a_lost_message_is_noticed_at_the_deadline(walk, ends):
    call = Call(steps=Link(link="wire"), deadline=law(2.0))
    run = walk(call, network=Network().link("wire", rtt=1.0, loss=1.0))
    assert ends(run) == [(LOST, 2.0)]  # as a delay that ends, which is before the deadline


def test_a_message_lost_after_the_deadline_fails_at_once(walk, ends, sojourns):
    network = Network().link("slow", rtt=6.0).link("wire", rtt=1.0, loss=1.0).station("a")
    hold = Hold(station="a", steps=(Link(link="slow"), Link(link="wire")))
    run = walk(Call(steps=hold, deadline=law(2.0)), network=network)
    assert ends(run) == [(EXPIRED, 2.0)]
    assert sojourns(run, "a") == [(0.0, 0.0, 3.0)]


def test_a_lost_message_is_sent_again_by_the_call(walk, ends):
    network = Network().link("wire", rtt=1.0)
    network.failure(MessageLoss(link="wire", probability=1.0, when=Once(at_s=0.0, for_s=3.0)))
    call = Call(
        steps=Link(link="wire"), deadline=law(1.0), retries=5, backoff=Backoff(base_s=0.5, factor=1)
    )
    # Sent at 0, 1.5 and 3: by then nothing is lost any more.
    assert ends(walk(call, network=network)) == [(DONE, 3.5)]


@pytest.mark.parametrize("loss", [0.2, 0.9])
def test_messages_are_lost_so_often(walk, loss):
    network = Network().link("wire", rtt=0.1, loss=loss)
    call = Call(steps=Link(link="wire"), deadline=law(1.0))
    run = walk(call, at_s=np.arange(2_000) / 10, network=network)
    assert binomtest(run.failures("walk")[LOST], 2_000, loss).pvalue > 0.001
