"""Work that shares the cores of a host: only its mean matters, not its law."""

import numpy as np
import pytest

from model.answers import theory
from model.engine.network import Network
from model.world.journeys import Visit
from model.world.laws import Constant, Exponential, Lognormal, erlang, hyperexponential

MEAN_S = 0.01
LAWS = {
    "constant": Constant(value=MEAN_S),
    "erlang": erlang(k=4, mean=MEAN_S),
    "exponential": Exponential(mean=MEAN_S),
    "lognormal": Lognormal(mean=MEAN_S, scv=2.0),
    "hyperexponential": hyperexponential(mean=MEAN_S, scv=3.0),
}


def host(cores, **station):
    return Network().host("box", cores=cores).station("a", host="box", **station)


def visit(law):
    return Visit(station="a", work=law)


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_one_core_shared_by_all(effort, agree, law):
    per_s = effort.moderate / MEAN_S
    runs = effort.latencies_s(host(1, servers=10_000), visit(law), per_s=per_s)
    agree.mean(runs, theory.mg1_ps_response_mean_s(per_s, MEAN_S))


def test_two_cores_shared_by_all(effort, agree):
    per_s = effort.moderate * 2 / MEAN_S
    runs = effort.latencies_s(host(2, servers=10_000), visit(LAWS["exponential"]), per_s=per_s)
    agree.mean(runs, theory.mmc_response_mean_s(per_s, MEAN_S, 2))


def test_two_event_loops_on_one_core(effort, agree):
    """However a core is divided among exponential work of one mean, it clears it at one rate."""
    per_s = effort.moderate / MEAN_S
    runs = effort.latencies_s(host(1, members=2), visit(LAWS["exponential"]), per_s=per_s)
    agree.mean(runs, theory.mmc_response_mean_s(per_s, MEAN_S))


@pytest.mark.efforts("quick")
def test_a_queue_does_not_forget_the_law_of_the_work(effort):
    per_s, law = effort.moderate / MEAN_S, LAWS["hyperexponential"]
    runs = effort.latencies_s(Network().station("a"), visit(law), per_s=per_s)
    shared_s = theory.mg1_ps_response_mean_s(per_s, MEAN_S)
    assert np.mean(np.concatenate(runs)) > 1.4 * shared_s
