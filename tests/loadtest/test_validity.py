"""Each reason for which a measurement does not count."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from loadtest.validity import Evidence, validity_of
from model.world.scenario import Load

LOAD = Load.model_validate(
    {"lateness_p99_max": "10 ms", "achieved_rate_min": "99 %", "in_flight_max": 512}
)
GOOD = Evidence(
    lateness_p99_s=0.009,
    offered=2000,
    sent=1985,
    dropped=0,
    successes=1900,
    generator_core_share=0.79,
    foreign_share=0.049,
    stolen_share=0.0,
)


def test_a_run_at_every_limit_counts():
    assert validity_of(GOOD, LOAD).valid


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"lateness_p99_s": 0.0101}, "the generator was late: 1 % of sends by more than 10.1 ms"),
        ({"lateness_p99_s": math.nan}, "the generator was late"),
        ({"sent": 1979}, "the rate was not reached: 1979 of 2000"),
        ({"dropped": 1}, "1 arrivals were dropped: load.in_flight_max (512)"),
        ({"successes": 299}, "only 299 requests succeeded"),
        ({"generator_core_share": 0.81}, "the generator used 81% of its core"),
        ({"foreign_share": 0.06}, "other processes used 6% of the cores"),
        ({"foreign_share": math.nan}, "nobody watched the cores"),
        ({"stolen_share": 0.06}, "the hypervisor took 6% of the cores"),
        ({"lost": ("timeline-2",)}, "timeline-2 ended during the run"),
        ({"drained": False}, "fan-outs were still waiting"),
        ({"interrupted": True}, "interrupted"),
    ],
)
def test_a_run_beyond_a_limit_says_which(change, reason):
    validity = validity_of(replace(GOOD, **change), LOAD)
    assert not validity.valid
    [said] = validity.reasons
    assert reason in said


def test_every_reason_is_told_at_once():
    bad = replace(GOOD, dropped=3, successes=0, foreign_share=0.5)
    assert len(validity_of(bad, LOAD).reasons) == 3
