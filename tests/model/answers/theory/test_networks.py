"""Open and closed networks against single queues, mean value analysis and chains."""

import math

import numpy as np
import pytest

from model.answers import theory

MEAN_S = 0.01
ONE, TWO = (theory.OpenStation(service_mean_s=MEAN_S, servers=servers) for servers in (1, 2))


def test_feedback_to_one_queue_is_m_m_1_with_longer_work():
    # What comes again with chance 1/4 brings 4/3 of the work in all.
    network = theory.open_network([ONE], [60], [[0.25]])
    assert network.arrivals_per_s == pytest.approx([80])
    assert network.visits == pytest.approx([4 / 3])
    assert network.response_s == pytest.approx(theory.mmc_response_mean_s(60, MEAN_S * 4 / 3))


def test_a_line_of_stations_is_a_tandem():
    network = theory.open_network([ONE, ONE], [80, 0], [[0, 1], [0, 0]])
    assert network.response_s == pytest.approx(theory.tandem_response_mean_s(80, [MEAN_S] * 2))
    assert network.responses_s == pytest.approx([theory.mmc_response_mean_s(80, MEAN_S)] * 2)


def test_an_open_network_is_its_chain(chain):
    entries, routing = (40.0, 10.0), ((0.0, 0.7), (0.3, 0.2))

    def moves(state):
        for place, servers in enumerate((1, 2)):
            if state[place] < 40:
                yield moved(state, None, place), entries[place]
            if rate := min(state[place], servers) / MEAN_S:
                for target, share in (*enumerate(routing[place]), (None, 1 - sum(routing[place]))):
                    if target is None or state[target] < 40:
                        yield moved(state, place, target), rate * share

    shares = chain(moves, (0, 0)).steady_state()
    present = sum(sum(state) * share for state, share in shares.items())
    network = theory.open_network([ONE, TWO], entries, routing)
    assert network.response_s == pytest.approx(present / 50, rel=1e-4)


def moved(state, source, target):
    after = list(state)
    if source is not None:
        after[source] -= 1
    if target is not None:
        after[target] += 1
    return tuple(after)


def mean_value_analysis(demands_s, think_s, customers):
    """The recursion for single servers and one delay (Reiser & Lavenberg 1980)."""
    present = np.zeros(len(demands_s))
    for number in range(1, customers + 1):
        stays_s = np.array(demands_s) * (1 + present)
        rounds_per_s = number / (think_s + stays_s.sum())
        present = rounds_per_s * stays_s
    return rounds_per_s, present


@pytest.mark.parametrize("customers", [1, 7, 400])
def test_single_servers_are_mean_value_analysis(customers):
    stations = [
        theory.ClosedStation(service_mean_s=1.0, servers=math.inf),
        theory.ClosedStation(service_mean_s=0.005, visits=3.0),
        theory.ClosedStation(service_mean_s=0.01),
        theory.ClosedStation(service_mean_s=0.01),
    ]
    rounds_per_s, present = mean_value_analysis([0.015, 0.01, 0.01], 1.0, customers)
    network = theory.closed_network(stations, customers)
    assert network.rounds_per_s == pytest.approx(rounds_per_s, rel=1e-9)
    assert network.present[1:] == pytest.approx(present, rel=1e-9)
    assert sum(network.present) == pytest.approx(customers, rel=1e-9)
    assert network.responses_s[0] == pytest.approx(1.0, rel=1e-9)
    assert network.responses_s[1] == pytest.approx(present[0] / rounds_per_s / 3, rel=1e-9)


@pytest.mark.parametrize(("servers", "customers"), [(1, 5), (3, 20), (8, 300)])
def test_several_servers_are_the_machine_repair_model(servers, customers, chain):
    def moves(waiting):
        if waiting < customers:
            yield waiting + 1, (customers - waiting) / 1.0
        if waiting:
            yield waiting - 1, min(waiting, servers) / 0.1

    shares = chain(moves, 0).steady_state()
    rounds_per_s = sum(min(n, servers) / 0.1 * share for n, share in shares.items())
    stations = [
        theory.ClosedStation(service_mean_s=1.0, servers=math.inf),
        theory.ClosedStation(service_mean_s=0.1, servers=servers),
    ]
    network = theory.closed_network(stations, customers)
    assert network.rounds_per_s == pytest.approx(rounds_per_s, rel=1e-9)
    waiting = sum(n * share for n, share in shares.items())
    assert network.present[1] == pytest.approx(waiting, rel=1e-9)


def test_a_lone_customer_never_waits():
    stations = [theory.ClosedStation(service_mean_s=mean_s) for mean_s in (0.2, 0.3)]
    network = theory.closed_network(stations, 1)
    assert network.responses_s == pytest.approx([0.2, 0.3])
    assert network.rounds_per_s == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (lambda: theory.open_network([ONE], [100], [[0]]), "no steady state"),
        (lambda: theory.open_network([ONE, ONE], [1, 1], [[0, 1], [1, 0]]), "never leave"),
        (lambda: theory.open_network([ONE], [1, 1], [[0]]), "1 stations"),
        (lambda: theory.open_network([ONE], [0], [[0]]), "not all 0"),
        (lambda: theory.open_network([ONE], [-1], [[0]]), "must be 0 or more"),
        (lambda: theory.open_network([ONE], [1], [[1.5]]), "each row of routing"),
        (lambda: theory.open_network([ONE], [1], [[-0.5]]), "each row of routing"),
        (lambda: theory.closed_network([], 1), "needs stations"),
        (lambda: theory.closed_network([theory.ClosedStation(service_mean_s=1.0)], 0), "customers"),
        (lambda: theory.ClosedStation(service_mean_s=0.0), "service_mean_s must be positive"),
        (lambda: theory.ClosedStation(service_mean_s=1.0, visits=0.0), "visits must be positive"),
        (lambda: theory.ClosedStation(service_mean_s=1.0, servers=1.5), "servers must be a whole"),
    ],
)
def test_what_is_no_network_is_refused(refused, reason):
    with pytest.raises(ValueError, match=reason):
        refused()
