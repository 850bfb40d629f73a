"""Small graphs, the population that figures were published of, and works known beforehand."""

from collections import UserDict

import numpy as np
import pytest

from model.answers.calibrations import Calibration
from model.answers.push_pull import Edges
from model.world.laws import QuantileTable
from model.world.scenario import Scenario


class SameWork(UserDict[tuple[str, str], QuantileTable]):
    """Works of which each that is asked for is as long, but for some."""

    def __init__(self, work_s, but):
        super().__init__()
        self.work_s, self.but = work_s, but

    def __missing__(self, pair):
        work_s = self.but.get(pair, self.work_s)
        if work_s is None:
            raise KeyError(pair)
        return QuantileTable(probabilities=(0.0, 1.0), values=(work_s, work_s))


SMALL = {
    "name": "small",
    "people": {"users": 3_000, "followers": {"mean": 20, "max": 1_500}},
    "traffic": {"rate": "100/s", "mix": {"newsfeed": 0.9, "post": 0.1}},
    "fleet": {"timeline_store": {"shards": 4}},
}


@pytest.fixture
def asked():
    """Return a small scenario with these tables changed."""

    def make(**tables):
        return Scenario.model_validate(SMALL | tables)

    return make


@pytest.fixture
def learnt(asked):
    """Return a calibration in which every visit works as long, but for some; None: not learnt."""

    def make(work_s=0.001, *, but=()):
        return Calibration(
            works=SameWork(work_s, dict(but)),
            outside_s={},
            spread={},
            rate_min_per_s=1.0,
            rate_max_per_s=10.0,
            learnt_on=asked(),
            runs=(),
        )

    return make


@pytest.fixture
def drawn():
    """Return a small random graph in which some never read and some never post."""

    def make(seed, *, users=5, edges=8):
        rng = np.random.default_rng(seed)
        return Edges(
            authors=rng.integers(0, users, edges),
            readers=rng.integers(0, users, edges),
            posts_per_day=rng.exponential(1.0, users) * (rng.random(users) < 0.8),
            reads_per_day=rng.exponential(3.0, users) * (rng.random(users) < 0.7),
        )

    return make
