"""Join the shortest queue, of two to four: no formula is known, so the chain is solved."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from model.answers.theory.operational import utilisation
from model.answers.theory.phases import Floats
from model.world.laws import refuse_unless

_SERVERS_MAX = 4
_GAPS_MAX = {1: (1, 1), 2: (20, 40), 3: (12, 18), 4: (9, 12)}  # kept in a coarse and a fine chain
_REST = (1e-8, 1e-10)  # so small is the share of arrivals beyond the longest queue kept
_STATES_MAX = 60_000

Lengths = tuple[int, ...]  # of the queues with those in service, longest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncated:
    """A value from a chain of finitely many states, and how far it may be from the true one.

    The error is the distance to a chain with fewer states, plus the value times the probability
    of the states at the edge: an estimate from above, not a proof.
    """

    value: float
    truncation_error: float


def shortest_queue_response_mean_s(
    arrivals_per_s: float, service_mean_s: float, servers: int
) -> Truncated:
    """Return the mean response where each arrival joins the shortest of 1 to 4 queues.

    Service is exponential, each queue first come, first served; nobody changes queue; ties are
    broken by chance.

    Source: J. F. C. Kingman, "Two Similar Queues in Parallel", Annals of Mathematical Statistics
    32 (1961); cut off at a gap as in I. Adan, G.-J. van Houtum & J. van der Wal, "Upper and Lower
    Bounds for the Waiting Time in the Symmetric Shortest Queue System", Annals of Operations
    Research 48 (1994).
    """

    def mean_s(found: Floats) -> float:
        return float(np.dot(found, np.arange(1, len(found) + 1))) * service_mean_s

    return _truncated(mean_s, arrivals_per_s * service_mean_s, servers)


def shortest_queue_response_quantile_s(
    p: float, arrivals_per_s: float, service_mean_s: float, servers: int
) -> Truncated:
    """Return the response that a share `p` of arrivals stay below; source as for the mean."""
    from scipy.optimize import brentq
    from scipy.special import gammaincc

    refuse_unless(0 < p < 1, "p must be in (0, 1)", p)

    def quantile_s(found: Floats) -> float:
        stages = np.arange(1, len(found) + 1)
        longest = 2.0
        while np.dot(found, gammaincc(stages, longest)) > 1 - p:
            longest *= 2
        services = brentq(lambda t: np.dot(found, gammaincc(stages, t)) - (1 - p), 0.0, longest)
        return float(services) * service_mean_s

    return _truncated(quantile_s, arrivals_per_s * service_mean_s, servers)


def _truncated(
    answer: Callable[[Floats], float], offered_erlangs: float, servers: int
) -> Truncated:
    """Return the answer from a fine chain, with its distance to that from a coarse one."""
    if not 1 <= servers <= _SERVERS_MAX:
        raise ValueError(f"servers must be in 1..{_SERVERS_MAX}, got {servers}")
    busy = utilisation(offered_erlangs, 1.0, servers)
    if busy == 0:
        return Truncated(value=answer(np.ones(1)), truncation_error=0.0)
    values, edge = [], 0.0
    for gap_max, rest in zip(_GAPS_MAX[servers], _REST, strict=True):
        shortest_max = math.ceil(math.log(rest) / (servers * math.log(busy))) + 1
        found, edge = _shares_found(offered_erlangs, servers, gap_max, shortest_max)
        values.append(answer(found))
    coarse, fine = values
    return Truncated(value=fine, truncation_error=abs(fine - coarse) + edge * fine)


def _shares_found(
    offered_erlangs: float, servers: int, gap_max: int, shortest_max: int
) -> tuple[Floats, float]:
    """Return the shares of arrivals by how many they find in the shortest queue, and at the edge.

    No queue is longer than the shortest by more than `gap_max` (a departure that would make it
    so does not happen), and an arrival at `shortest_max` in all queues is lost.
    """
    states = list(_states(servers, gap_max, shortest_max))
    if len(states) > _STATES_MAX:
        raise ValueError(f"{len(states)} states, at most {_STATES_MAX}: utilisation too high")
    shares = _steady_state(states, offered_erlangs)
    shortest = np.array([state[-1] for state in states])
    gaps = np.array([state[0] for state in states]) - shortest
    at_edge = (gaps == gap_max) | (shortest == shortest_max)
    found: Floats = np.bincount(shortest, weights=shares).astype(np.float64)
    return found, float(shares[at_edge].sum())


def _states(servers: int, gap_max: int, shortest_max: int) -> Iterator[Lengths]:
    """Yield the lengths of all queues, the shortest ones first, for few fill-ins when solved."""

    def gaps(count: int, at_most: int) -> Iterator[Lengths]:
        if count == 0:
            yield ()
            return
        for first in range(at_most + 1):
            yield from ((first, *rest) for rest in gaps(count - 1, first))

    for shortest in range(shortest_max + 1):
        for above in gaps(servers - 1, gap_max):
            yield (*(shortest + gap for gap in above), shortest)


def _moves(state: Lengths, offered_erlangs: float) -> Iterator[tuple[Lengths, float]]:
    """Yield every next state and its rate, in units of the service rate."""
    yield tuple(sorted((*state[:-1], state[-1] + 1), reverse=True)), offered_erlangs
    for length, queues in Counter(state).items():
        if length:
            left = list(state)
            left[left.index(length)] -= 1
            yield tuple(sorted(left, reverse=True)), float(queues)


def _steady_state(states: list[Lengths], offered_erlangs: float) -> Floats:
    """Return the steady state of the chain of these states; moves out of them do not happen."""
    from scipy.sparse import coo_array
    from scipy.sparse.linalg import spsolve

    index = {state: place for place, state in enumerate(states)}
    moves = [
        (index[after], place, rate)
        for place, state in enumerate(states)
        for after, rate in _moves(state, offered_erlangs)
        if after in index
    ]
    rows, columns, rates = (np.array(column) for column in zip(*moves, strict=True))
    size = len(states)
    balance = coo_array((rates, (rows, columns)), shape=(size, size)).tocsc()
    balance.setdiag(-np.bincount(columns, weights=rates, minlength=size))
    # Relative to the empty system, whose own equation is then superfluous.
    weights = np.concatenate(([1.0], spsolve(balance[1:, 1:], -balance[1:, [0]].toarray().ravel())))
    return np.asarray(weights / weights.sum(), dtype=np.float64)
