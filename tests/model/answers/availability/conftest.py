"""Small scenarios whose failures are easy to count."""

import pytest

from model.answers.calibrate import expected_demand
from model.answers.calibrations import Calibration
from model.answers.statistics import over_replications
from model.answers.theory import mmc_response_quantile_s
from model.world.laws import gamma
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


@pytest.fixture
def learnt():
    """A calibration for a scenario: exponential works of these means, and all else takes none."""

    def of(scenario, means_s):
        pairs = expected_demand(scenario)
        return Calibration(
            works={pair: gamma(mean=means_s.get(pair, 1e-9), scv=1.0) for pair in pairs},
            outside_s={},
            spread={},
            rate_min_per_s=1,
            rate_max_per_s=1_000,
            learnt_on=scenario,
            runs=(),
        )

    return of


@pytest.fixture
def logins(learnt):
    """People log in at 150 a second; passwords take 20 ms, and nothing else takes time.

    Each instance of `user` checks two at a time, and they share the requests at random: each is
    an M/M/2 queue.  One of them fails every 300 s, for 10 s; a hundred gateways do, too.
    """

    def of(users=3, *, rate=150, works_at="password", **simulation):
        scenario = Scenario.model_validate(
            {
                "name": "logins",
                "people": {"users": 1000, "followers": {"mean": 10, "max": 100}},
                "traffic": {"rate": f"{rate}/s", "mix": {"login": 1.0}},
                "fleet": {
                    "placement": "dedicated",
                    "gateway": {"instances": 101},
                    "user": {"instances": users},
                    "links": {"noticed_after": "0.2 s"},
                },
                "targets": {"general_p99": "80 ms"},
                "availability": {**QUIET, "instance": {"every": "300 s", "repair": "10 s"}},
                "simulation": {
                    "warmup": "2 s",
                    "duration": "8 s",
                    "replications": 20,
                    **simulation,
                },
            }
        )
        return scenario, learnt(scenario, {("login", works_at): 0.02})

    return of


@pytest.fixture
def late_share():
    """The share of answers of an M/M/2 queue of `logins` that are late: by halving."""

    def of(arrivals_per_s):
        low, high = 1e-9, 1 - 1e-9
        for _ in range(60):
            middle = (low + high) / 2
            is_late = mmc_response_quantile_s(middle, arrivals_per_s, 0.02, 2) > 0.08
            low, high = (low, middle) if is_late else (middle, high)
        return 1 - low

    return of
