"""A server that is up for an exponential time after every repair, and takes up its work again."""

import pytest

from model.answers import theory
from model.engine.network import Network
from model.world.failures import Again, Crash
from model.world.journeys import Visit
from model.world.laws import Constant, Exponential

WORK = Exponential(mean=0.01)
UP_S, DOWN_S = 0.27, 0.03


@pytest.mark.efforts("quick", "long", "simpy")
@pytest.mark.parametrize(
    "down", [Exponential(mean=DOWN_S), Constant(value=DOWN_S)], ids=["exponential", "constant"]
)
def test_breakdowns(effort, agree, down):
    breakdowns = theory.Breakdowns(up_mean_s=UP_S, down=theory.service_of(down))
    per_s = effort.moderate * breakdowns.available / WORK.mean
    load = theory.Load(arrivals_per_s=per_s, service=theory.service_of(WORK))
    crashes = Crash(station="a", when=Again(every=Exponential(mean=UP_S), lasting=down))
    network = Network().station("a", on_crash="resume").failure(crashes)
    runs = effort.latencies_s(network, Visit(station="a", work=WORK), per_s=per_s)
    agree.mean(runs, theory.breakdown_response_mean_s(load, breakdowns))
    agree.p99(runs, theory.breakdown_response_quantile_s(0.99, load, breakdowns))
