"""The same networks in Ciw, another simulator, with luck of its own.

Both means may err; so the interval is that of their difference, and it has to be tight too.
"""

from math import sqrt

import ciw
import numpy as np
import pytest
from ciw.dists import Deterministic
from scipy.stats import t as student

from model.engine.codes import Outcome
from model.engine.network import Network
from model.engine.parts import Queue
from model.engine.replications import replicate
from model.world.counts import ConstantCount, Geometric
from model.world.journeys import Call, ForEach, Journey, Visit
from model.world.laws import Exponential

MEAN_S = 0.01
REPLICATIONS = 10
REQUESTS = 50_000  # of ours; Ciw needs a hundred times as long for each
VISIT = Visit(station="a", work=Exponential(mean=MEAN_S))


@pytest.fixture(params=[4_000, pytest.param(40_000, marks=pytest.mark.verify)])
def customers(request):
    """How many customers a replication of Ciw has."""
    return request.param


def every(mean_s):
    """Ciw's exponential law, which goes by the rate."""
    return ciw.dists.Exponential(1 / mean_s)


def in_ciw(customers, per_s, measure=None, **network):
    """Mean stay of the served, and share of who was not served, in each replication."""
    built, until_s = ciw.create_network(**network), customers / per_s
    found = []
    for seed in range(REPLICATIONS):
        ciw.seed(seed)
        simulation = ciw.Simulation(built)
        simulation.simulate_until_max_time(until_s)
        found.append((measure or judged)(simulation.nodes[-1].all_individuals, until_s / 10))
    return np.array(found).T


def judged(individuals, since_s):
    visits = [one.data_records for one in individuals]
    late = [records for records in visits if records[0].arrival_date >= since_s]
    served = [records for records in late if records[-1].record_type == "service"]
    stays_s = [records[-1].exit_date - records[0].arrival_date for records in served]
    return np.mean(stays_s), 1 - len(served) / len(late)


def in_ours(per_s, network, measure=None):
    until_s = REQUESTS / per_s

    def stays(run):
        """The same of all visits or requests that arrived after the warm-up."""
        latencies_s = run.latencies_s("customer", since_s=until_s / 10)
        failed = sum(run.failures("customer", since_s=until_s / 10).values())
        return latencies_s.mean(), failed / (failed + len(latencies_s))

    return np.array(
        replicate(
            network.build(),
            measure or stays,
            seed=1,
            until_s=until_s,
            replications=REPLICATIONS,
            keep_visits=measure is not None,
        )
    ).T


def of_customers(per_s, network, steps, **arrivals):
    network.journey(Journey(name="customer", steps=steps))
    return network.arrivals("customer", rate_per_s=per_s, **arrivals)


def assert_agree(ours, theirs, customers):
    """Welch's interval of the difference of the two means."""
    variances = [np.var(values, ddof=1) / len(values) for values in (ours, theirs)]
    squares = sum(variance**2 / (len(ours) - 1) for variance in variances)
    half_width = student.ppf(0.9995, sum(variances) ** 2 / squares) * sqrt(sum(variances))
    allowed = 8 / sqrt(customers) * np.mean(theirs)  # 13 % quickly, 4 % to verify
    assert half_width < allowed, "too noisy to prove anything"
    assert abs(np.mean(ours) - np.mean(theirs)) < half_width


def test_m_m_c(customers):
    per_s = 0.7 * 3 / MEAN_S
    ours, _ = in_ours(per_s, of_customers(per_s, Network().station("a", servers=3), VISIT))
    theirs, _ = in_ciw(
        customers,
        per_s,
        arrival_distributions=[every(1 / per_s)],
        service_distributions=[every(MEAN_S)],
        number_of_servers=[3],
    )
    assert_agree(ours, theirs, customers)


def test_m_m_c_k(customers):
    per_s = 1.2 * 2 / MEAN_S
    network = Network().station("a", servers=2, queue=Queue(limit=4))
    ours, our_refused = in_ours(per_s, of_customers(per_s, network, VISIT))
    theirs, their_refused = in_ciw(
        customers,
        per_s,
        arrival_distributions=[every(1 / per_s)],
        service_distributions=[every(MEAN_S)],
        number_of_servers=[2],
        queue_capacities=[4],
    )
    assert_agree(ours, theirs, customers)
    assert_agree(our_refused, their_refused, customers)


def test_priorities(customers):
    per_s, classes = 0.25 / MEAN_S, ("customer", "patient")
    network = Network().station("a", queue=Queue(order="priority"))
    for priority, name in enumerate(classes):
        visit = Visit(station="a", work=Exponential(mean=MEAN_S), priority=priority)
        network.journey(Journey(name=name, steps=visit)).arrivals(name, rate_per_s=per_s)

    def means(run):
        since_s = run.until_s / 10
        return [run.latencies_s(name, since_s=since_s).mean() for name in classes]

    def their_means(individuals, since_s):
        return [
            judged([one for one in individuals if one.customer_class == name], since_s)[0]
            for name in classes
        ]

    ours = in_ours(2 * per_s, network, means)
    theirs = in_ciw(
        customers,
        2 * per_s,
        their_means,
        arrival_distributions={name: [every(1 / per_s)] for name in classes},
        service_distributions={name: [every(MEAN_S)] for name in classes},
        number_of_servers=[1],
        priority_classes={name: priority for priority, name in enumerate(classes)},
    )
    for our_means, of_theirs in zip(ours, theirs, strict=True):
        assert_agree(our_means, of_theirs, customers)


def test_tandem(customers):
    per_s, means_s = 0.6 / MEAN_S, (MEAN_S, 0.7 * MEAN_S)
    steps = tuple(
        Visit(station=name, work=Exponential(mean=mean_s))
        for name, mean_s in zip("ab", means_s, strict=True)
    )
    ours, _ = in_ours(per_s, of_customers(per_s, Network().station("a").station("b"), steps))
    theirs, _ = in_ciw(
        customers,
        per_s,
        arrival_distributions=[every(1 / per_s), None],
        service_distributions=[every(mean_s) for mean_s in means_s],
        number_of_servers=[1, 1],
        routing=[[0.0, 1.0], [0.0, 0.0]],
    )
    assert_agree(ours, theirs, customers)


def test_feedback(customers):
    again, per_s = 0.3, 0.4 / MEAN_S
    repeated = ForEach(count=Geometric(mean=again / (1 - again)), body=VISIT, at_once=1)
    ours, _ = in_ours(per_s, of_customers(per_s, Network().station("a"), (VISIT, repeated)))
    theirs, _ = in_ciw(
        customers,
        per_s,
        arrival_distributions=[every(1 / per_s)],
        service_distributions=[every(MEAN_S)],
        number_of_servers=[1],
        routing=[[again]],
    )
    assert_agree(ours, theirs, customers)


def test_batch_arrivals(customers):
    per_s = 0.5 / MEAN_S
    network = of_customers(per_s / 3, Network().station("a"), VISIT, batch=ConstantCount(count=3))
    ours, _ = in_ours(per_s, network)
    theirs, _ = in_ciw(
        customers,
        per_s,
        arrival_distributions=[every(3 / per_s)],
        service_distributions=[every(MEAN_S)],
        number_of_servers=[1],
        batching_distributions=[Deterministic(3)],
    )
    assert_agree(ours, theirs, customers)


def test_reneging(customers):
    per_s, patience_s = 0.9 / MEAN_S, 2 * MEAN_S
    call = Call(steps=VISIT, deadline=Exponential(mean=patience_s))
    network = of_customers(per_s, Network().station("a", queue=Queue(drop_expired=True)), call)

    def visits(run):
        late = run.visits.arrived_s >= run.until_s / 10
        served, left = (
            late & (run.visits.outcome == end) for end in (Outcome.DONE, Outcome.EXPIRED)
        )
        stays_s = (run.visits.done_s - run.visits.arrived_s)[served]
        return stays_s.mean(), left.sum() / (left.sum() + served.sum())

    ours, our_left = in_ours(per_s, network, visits)
    theirs, their_left = in_ciw(
        customers,
        per_s,
        arrival_distributions=[every(1 / per_s)],
        service_distributions=[every(MEAN_S)],
        number_of_servers=[1],
        reneging_time_distributions=[every(patience_s)],
    )
    assert_agree(ours, theirs, customers)
    assert_agree(our_left, their_left, customers)
