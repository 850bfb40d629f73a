"""A simulated run as a recording, held to a network whose every time is known."""

import numpy as np
import pytest

from model.answers.simulated import recording_of
from model.engine.network import Network
from model.engine.simpy_engine import simulate
from model.world.attributes import Attribute
from model.world.journeys import Journey, Visit
from model.world.laws import Constant


def run_of(keep_visits=True):
    """Visits of 0.75 s to each of two members, one after another; the last is cut off at 4 s."""
    visit = Visit(station="user", work=Constant(value=0.75), key=Attribute(name="member"))
    network = Network().station("gateway").station("user", members=2)
    gateway = Visit(station="gateway", work=Constant(value=0.25))
    network.journey(Journey(name="ask", steps=(gateway, visit)))
    at_s, member = np.asarray([0.0, 0.0, 1.0, 3.0]), [0, 1, 1, 0]
    network.recorded("ask", at_s=at_s, attributes={"member": member})
    return simulate(network.build(), seed=1, until_s=4.0, keep_visits=keep_visits)


def test_a_process_has_worked_what_it_had_done_when_its_clock_was_read():
    cpu = recording_of(run_of()).cpu
    worked_s = {name: table.cpu_s.tolist() for name, table in cpu.groupby("process")}
    assert cpu.at_s.unique().tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert worked_s == {
        "gateway-1": [0.0, 0.5, 0.75, 0.75, 1.0],
        "user-1": [0.0, 0.75, 0.75, 0.75, 0.75],  # the last would end at 4 s just
        "user-2": [0.0, 0.0, 1.5, 1.5, 1.5],
    }


def test_every_process_is_of_its_station():
    cpu = recording_of(run_of()).cpu
    assert (cpu.process.str.rsplit("-").str[0] == cpu.station).all()


def test_without_visits_there_is_nothing_to_record():
    with pytest.raises(ValueError, match="this run kept no visits"):
        recording_of(run_of(keep_visits=False))
