"""A small platform whose sizing can be reckoned by hand."""

from collections import UserDict

import pytest

from model.answers.calibrations import Calibration, Pair
from model.answers.sizing import sizing_of
from model.world.laws import QuantileTable
from model.world.scenario import Scenario


class SameWork(UserDict[Pair, QuantileTable]):
    """Works of which each that is asked for is as long."""

    def __init__(self, work_s, *, but=()):
        super().__init__()
        self.work_s, self.but = work_s, but

    def __missing__(self, pair):
        if pair in self.but:
            raise KeyError(pair)
        return QuantileTable(probabilities=(0.0, 1.0), values=(self.work_s, self.work_s))


BY_HAND = {
    "name": "by-hand",
    "people": {
        "users": 10_000_000,  # a law, not rows: quick
        "daily_active": 0.5,
        "followers": {"mean": 50, "max": 100_000},
        "posts_per_user": 4,
        "image_size": "1 MB",
        "post_types": {
            "image": 0.5,
            "text": 0.3,
            "video": 0.2,
            "text_size": "1 kB",
            "video_size": "20 MB",
            "video_renditions_size": "15 MB",
            "video_view_size": "3 MB",
            "renditions_size": "250 kB",
            "view_size": "100 kB",
        },
    },
    "traffic": {
        "requests_per_active_day": 8.64,  # so that 500 come per second on average
        "peak_to_mean": 2.0,
        "mix": {"newsfeed": 0.8, "post": 0.1, "follow": 0.06, "register": 0.04},
    },
    "fleet": {
        "placement": "dedicated",
        "cdn": {"hit_share": 0.75, "browser_share": 0.6},
        "machine": {"cores": 8, "memory": "32 GB", "disk": "2 TB"},
        "user_store": {"shards": 2, "replicas": 2},
        "post_store": {"shards": 4, "replicas": 3, "connections": 4},
        "timeline_store": {"shards": 4, "replicas": 2},
    },
    "policy": {"strategy": "push", "timeline_cap": 500, "page_limit": 10},
    "growth": {"keeps_years": 2, "replay": "2 d", "busy_max": 0.5, "storage_max": 0.8},
    "prices": {
        "core_hour": 0.1,
        "memory_gb_month": 1,
        "disk_gb_month": 0.01,
        "object_gb_month": 0.02,
        "egress_gb": 0.05,
        "region_gb": 0.01,
        "revenue_per_active_user_day": 0.02,
    },
}


def merged(base, changes):
    both = dict(base)
    for key, value in changes.items():
        deeper = isinstance(value, dict) and isinstance(both.get(key), dict) and key != "mix"
        both[key] = merged(both[key], value) if deeper else value
    return both


@pytest.fixture
def asked():
    """Return the scenario reckoned by hand, with these changes."""

    def make(**changes):
        return Scenario.model_validate(merged(BY_HAND, changes))

    return make


@pytest.fixture
def learnt(asked):
    """Return a calibration in which every visit works as long, but for those never learnt."""

    def make(work_s=0.001, *, but=()):
        return Calibration(
            works=SameWork(work_s, but=but),
            outside_s={},
            spread={},
            rate_min_per_s=1.0,
            rate_max_per_s=10.0,
            learnt_on=asked(),
            runs=(),
        )

    return make


@pytest.fixture
def sized(asked, learnt):
    """Return the sizing of the scenario with these changes."""

    def make(**changes):
        return sizing_of(asked(**changes), learnt())

    return make
