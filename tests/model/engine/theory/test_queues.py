"""One station: first come, first served, with endless or finite room, patience and batches."""

import pytest

from model.answers import theory
from model.engine.codes import Outcome
from model.engine.network import Network
from model.engine.parts import Queue
from model.world.counts import ConstantCount, CountTable
from model.world.journeys import Call, Journey, Visit
from model.world.laws import Constant, Exponential, Lognormal, erlang, hyperexponential

MEAN_S = 0.01
WORK = Exponential(mean=MEAN_S)
VISIT = Visit(station="a", work=WORK)


@pytest.mark.parametrize("servers", [2, 4, 16])
def test_m_m_c(effort, agree, servers):
    per_s = effort.busy * servers / MEAN_S
    runs = effort.latencies_s(Network().station("a", servers=servers), VISIT, per_s=per_s)
    agree.mean(runs, theory.mmc_response_mean_s(per_s, MEAN_S, servers))
    agree.p99(runs, theory.mmc_response_quantile_s(0.99, per_s, MEAN_S, servers))


@pytest.mark.efforts("quick", "long", "simpy")
def test_m_m_1(effort, agree):
    per_s = effort.busy / MEAN_S
    runs = effort.latencies_s(Network().station("a"), VISIT, per_s=per_s)
    agree.mean(runs, theory.mmc_response_mean_s(per_s, MEAN_S))
    agree.p99(runs, theory.mmc_response_quantile_s(0.99, per_s, MEAN_S))


def test_each_of_four_shards_by_key_is_m_m_1(effort, agree):
    per_s = effort.busy / MEAN_S
    visit = Visit(station="a", work=WORK, key="own")
    runs = effort.latencies_s(Network().station("a", members=4), visit, per_s=4 * per_s)
    agree.mean(runs, theory.mmc_response_mean_s(per_s, MEAN_S))
    agree.p99(runs, theory.mmc_response_quantile_s(0.99, per_s, MEAN_S))


@pytest.mark.parametrize(("servers", "room"), [(1, 4), (3, 6)])
def test_m_m_c_k(effort, agree, servers, room):
    per_s = (effort.busy + 0.3) * servers / MEAN_S
    queue = theory.FiniteRoom(
        arrivals_per_s=per_s, service_mean_s=MEAN_S, servers=servers, room=room
    )
    network = Network().station("a", servers=servers, queue=Queue(limit=room - servers))
    network.journey(Journey(name="customer", steps=VISIT)).arrivals("customer", rate_per_s=per_s)

    def measure(run, since_s):
        latencies_s = run.latencies_s("customer", since_s=since_s)
        refused = run.failures("customer", since_s=since_s)[Outcome.REFUSED]
        return latencies_s, refused / (refused + len(latencies_s))

    latencies_s, refused = zip(*effort.runs(network, measure, per_s=per_s), strict=True)
    agree.mean(latencies_s, theory.finite_room_response_mean_s(queue))
    agree.p99(latencies_s, theory.finite_room_response_quantile_s(0.99, queue))
    agree.value(refused, theory.blocking_probability(queue), "refused")


def test_m_d_1(effort, agree):
    per_s, visit = effort.busy / MEAN_S, Visit(station="a", work=Constant(value=MEAN_S))
    runs = effort.latencies_s(Network().station("a"), visit, per_s=per_s)
    agree.mean(runs, theory.md1_response_mean_s(per_s, MEAN_S))
    agree.p99(runs, theory.md1_response_quantile_s(0.99, per_s, MEAN_S))


@pytest.mark.parametrize(
    "law",
    [
        erlang(k=4, mean=MEAN_S),
        Lognormal(mean=MEAN_S, scv=1.5),
        hyperexponential(mean=MEAN_S, scv=2.0),
    ],
    ids=["erlang", "lognormal", "hyperexponential"],
)
def test_m_g_1(effort, agree, law):
    per_s, service = effort.moderate / MEAN_S, theory.service_of(law)
    runs = effort.latencies_s(Network().station("a"), Visit(station="a", work=law), per_s=per_s)
    agree.mean(runs, theory.mg1_response_mean_s(per_s, service))
    agree.p99(runs, theory.mg1_response_quantile_s(0.99, per_s, service))


@pytest.mark.parametrize(
    ("batch", "shares"),
    [
        (ConstantCount(count=3), (0.0, 0.0, 1.0)),
        (CountTable(counts=(1, 2, 6), cumulated=(0.6, 0.8, 1.0)), (0.6, 0.2, 0.0, 0.0, 0.0, 0.2)),
    ],
    ids=["threes", "uneven"],
)
def test_batch_arrivals(effort, agree, batch, shares):
    per_s = effort.moderate / MEAN_S
    batches = theory.Batches(batches_per_s=per_s / batch.mean, shares=shares)
    runs = effort.latencies_s(Network().station("a"), VISIT, per_s=per_s, batch=batch)
    service = theory.service_of(WORK)
    agree.mean(runs, theory.batch_response_mean_s(batches, service))
    agree.p99(runs, theory.batch_response_quantile_s(0.99, batches, service))


@pytest.mark.efforts("quick", "long", "simpy")
@pytest.mark.parametrize("servers", [1, 4])
def test_impatience(effort, agree, servers):
    """Patience ends the wait only: who is in service when the deadline passes is served out."""
    per_s, patience_s = (effort.busy + 0.3) * servers / MEAN_S, 2 * MEAN_S
    queue = theory.ImpatientQueue(
        arrivals_per_s=per_s, service_mean_s=MEAN_S, patience_mean_s=patience_s, servers=servers
    )
    network = Network().station("a", servers=servers, queue=Queue(drop_expired=True))
    network.journey(
        Journey(name="customer", steps=Call(steps=VISIT, deadline=Exponential(mean=patience_s)))
    )
    network.arrivals("customer", rate_per_s=per_s)

    def measure(run, since_s):
        visits, late = run.visits, run.visits.arrived_s >= since_s
        served, dropped = (
            late & (visits.outcome == end) for end in (Outcome.DONE, Outcome.EXPIRED)
        )
        left = int(dropped.sum())
        waits_s = (visits.started_s - visits.arrived_s)[served]
        responses_s = (visits.done_s - visits.arrived_s)[served]
        return waits_s, responses_s, left / (left + len(waits_s))

    runs = effort.runs(network, measure, per_s=per_s, keep_visits=True)
    waits_s, responses_s, dropped = zip(*runs, strict=True)
    agree.mean(waits_s, theory.served_wait_mean_s(queue), "mean wait")
    agree.p99(waits_s, theory.served_wait_quantile_s(0.99, queue), "p99 wait")
    agree.mean(responses_s, theory.served_response_mean_s(queue))
    agree.p99(responses_s, theory.served_response_quantile_s(0.99, queue))
    agree.value(dropped, theory.abandonment_probability(queue), "dropped")
