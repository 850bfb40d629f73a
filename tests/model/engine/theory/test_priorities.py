"""Two classes before one server, with and without interruption."""

import pytest

from model.answers import theory
from model.engine.network import Network
from model.engine.parts import Queue
from model.world.journeys import Journey, Visit
from model.world.laws import Exponential, gamma

KNOWN = {
    "priority": (theory.priority_response_means_s, theory.priority_response_quantiles_s),
    "preemptive": (theory.preemptive_response_means_s, theory.preemptive_response_quantiles_s),
}
PATIENT = Exponential(mean=0.02)


def latencies_of_both(run, since_s):
    return tuple(run.latencies_s(name, since_s=since_s) for name in ("urgent", "patient"))


def compare(effort, agree, order, urgent_work, *, urgent_share):
    """Compare both classes; the urgent bring this share of all the work."""
    network, loads = Network().station("a", queue=Queue(order=order)), []
    classes = ("urgent", urgent_work, urgent_share), ("patient", PATIENT, 1 - urgent_share)
    for priority, (name, law, share) in enumerate(classes):
        per_s = effort.moderate * share / law.mean
        loads.append(theory.Load(arrivals_per_s=per_s, service=theory.service_of(law)))
        network.journey(
            Journey(name=name, steps=Visit(station="a", work=law, priority=priority))
        ).arrivals(name, rate_per_s=per_s)
    per_s = sum(load.arrivals_per_s for load in loads)
    runs = zip(*effort.runs(network, latencies_of_both, per_s=per_s), strict=True)
    means_of, quantiles_of = KNOWN[order]
    means_s, p99s_s = means_of(*loads), quantiles_of(0.99, *loads)
    for (name, *_), latencies_s, mean_s, p99_s in zip(classes, runs, means_s, p99s_s, strict=True):
        agree.mean(latencies_s, mean_s, f"{name}, mean")
        agree.p99(latencies_s, p99_s, f"{name}, p99")


@pytest.mark.efforts("quick", "long", "simpy")
@pytest.mark.parametrize("order", KNOWN)
def test_both_classes_with_exponential_work(effort, agree, order):
    compare(effort, agree, order, Exponential(mean=0.01), urgent_share=0.5)


@pytest.mark.parametrize("order", KNOWN)
def test_both_classes_with_urgent_work_of_another_law(effort, agree, order):
    compare(effort, agree, order, gamma(mean=0.005, scv=0.25, points=50), urgent_share=0.3)
