"""The slow ways to the same numbers: chains solved state by state, and long recursions."""

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.linalg import expm_multiply, spsolve
from scipy.stats import t as student


class Chain:
    """All states that can be reached from some; moves to None leave the chain for good."""

    def __init__(self, moves, *starts):
        found = list(starts)
        self.index = {state: place for place, state in enumerate(found)}
        rows, columns, rates = [], [], []
        for state in found:  # grows while it is read
            for after, rate in moves(state):
                if after is not None and after not in self.index:
                    self.index[after] = len(found)
                    found.append(after)
                here = self.index[state]
                there = [] if after is None else [self.index[after]]
                rows += [here] * (1 + len(there))
                columns += [here, *there]
                rates += [-rate, rate][: 1 + len(there)]
        self.states = found
        self.generator = coo_array((rates, (rows, columns)), shape=(len(found),) * 2).tocsc()

    def steady_state(self):
        """Shares of time by state."""
        balance = self.generator.T.tocsc()
        rest = spsolve(balance[1:, 1:], -balance[1:, [0]].toarray().ravel())
        weights = np.concatenate(([1.0], rest))
        return dict(zip(self.states, weights / weights.sum(), strict=True))

    def remains(self, start, t):
        """Probability to be still in the chain at `t`, from a distribution over states."""
        weights = np.zeros(len(self.states))
        for state, share in start.items():
            weights[self.index[state]] += share
        return float(expm_multiply(self.generator.T * t, weights).sum())


@pytest.fixture
def chain():
    return Chain


@pytest.fixture
def interval():
    """Half width, and middle, of the 99.9 % interval of the mean of replications."""

    def of(values):
        reach = student.ppf(0.9995, len(values) - 1)
        return np.mean(values), reach * np.std(values, ddof=1) / np.sqrt(len(values))

    return of


@pytest.fixture
def lindley():
    """Waits of customers one after another (last axis), the first empty, warm-up thrown away."""

    def waits_s(gaps_s, services_s):
        walk_s = np.cumsum(services_s[..., :-1] - gaps_s[..., 1:], axis=-1)
        low_s = np.minimum(np.minimum.accumulate(walk_s, axis=-1), 0)
        return (walk_s - low_s)[..., walk_s.shape[-1] // 10 :]

    return waits_s
