"""Works as they might have been learnt, for twins that are held to one another."""

import pytest

from model.answers.calibrate import expected_demand
from model.answers.calibrations import Calibration
from model.world.laws import gamma


@pytest.fixture(scope="session")
def learnt_on():
    """A calibration that was learnt on a scenario: every visit works alike, or as `works` say."""

    def of(scenario, *, work_s=0.001, works=None, rates_per_s=(1, 1_000)):
        alike = gamma(mean=work_s, scv=0.3)
        return Calibration(
            works=works or dict.fromkeys(expected_demand(scenario), alike),
            outside_s={},
            spread={},
            rate_min_per_s=rates_per_s[0],
            rate_max_per_s=rates_per_s[1],
            learnt_on=scenario,
            runs=(),
        )

    return of
