"""Small scenarios whose failures are easy to count."""

import pytest

from model.answers.statistics import over_replications
from model.world.scenario import Scenario

NEVER = {"every": "100000000 d", "repair": "1 s"}
QUIET = {
    "instance": NEVER,
    "server": NEVER,
    "zone": NEVER,
    "region": NEVER,
    "common_cause": 0.0,
    "incidents": {"per_year": 0},
}


@pytest.fixture
def quiet():
    """A scenario in which nothing fails but what is said; one kind of request, or a mix."""

    def of(*, mix="follow", fleet=None, **failing):
        mix = mix if isinstance(mix, dict) else {mix: 1.0}
        return Scenario.model_validate(
            {
                "name": "quiet",
                "people": {"users": 1000, "followers": {"mean": 10, "max": 100}},
                "traffic": {"rate": "10/s", "mix": mix},
                "fleet": fleet or {},
                "availability": {"years": 400, **QUIET, **failing},
            }
        )

    return of


@pytest.fixture
def interval():
    """The ends of the 99.9 % interval of the mean of independent repetitions."""

    def of(values):
        found = over_replications(values, confidence=0.999)
        return found.low, found.high

    return of
