"""The loop on a system whose every work is known: a simulated one, recorded as if measured."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from loadtest.evidence import Window
from loadtest.results import Measurement, result_of
from loadtest.validity import Evidence, Validity
from model.answers.calibrate import expected_demand
from model.answers.calibrations import Calibration
from model.answers.runs import save_run
from model.answers.simulated import recording_of
from model.answers.twin import twin_of
from model.engine.compiled_engine import simulate
from model.world.laws import gamma
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[2] / "scenarios" / "laptop.toml"
MIX = (
    "{newsfeed=0.4, post=0.13, follow=0.1, unfollow=0.1, login=0.08, register=0.05,"
    " profile=0.05, search=0.04, image=0.05}"
)
SECONDS = 30.0
WORK_S = {"password": 0.02, "timeline": 0.002}


@pytest.fixture(scope="session")
def scenario():
    shorter = ["simulation.duration=10 s", "simulation.warmup=2 s", "simulation.replications=3"]
    return load_scenario(LAPTOP, [f"traffic.mix={MIX}", *shorter])


@pytest.fixture(scope="session")
def truth(scenario):
    demand = expected_demand(scenario)
    return Calibration(
        works={pair: gamma(mean=WORK_S.get(pair[1], 0.0004), scv=0.3) for pair in demand},
        outside_s={"newsfeed": 0.002},
        spread={},
        rate_min_per_s=1,
        rate_max_per_s=1000,
        learnt_on=scenario,
        runs=(),
    )


@pytest.fixture(scope="session")
def measure_known(scenario, truth):
    """Return a function that leaves a run of the known system in a folder, as `measure` does."""

    def measured(rate_per_s, folder, *, reasons=()):
        asked = scenario.at_rate(rate_per_s)
        run = simulate(twin_of(asked, truth), seed=5, replication=int(rate_per_s), until_s=SECONDS)
        measurement = Measurement(
            folder=folder,
            scenario=asked,
            recording=recording_of(run),
            window=Window(since_s=4.0, until_s=SECONDS),
            errors=pd.DataFrame({"endpoint": [], "error": [], "count": []}),
            background_cpu={},
            evidence=Evidence(
                lateness_p99_s=0.001,
                offered=1000,
                sent=1000,
                dropped=0,
                successes=1000,
                generator_core_share=0.1,
                foreign_share=0.0,
                stolen_share=0.0,
            ),
            validity=Validity(reasons=reasons),
            notes=[],
        )
        saved = save_run(
            folder,
            kind="measured",
            scenario=asked,
            recording=measurement.recording,
            started=datetime.now(UTC),
            result=result_of(measurement, stream=0),
        )
        return Measurement(
            **{
                name: getattr(measurement, name)
                for name in Measurement.__dataclass_fields__
                if name != "folder"
            },
            folder=saved,
        )

    return measured


@pytest.fixture(scope="session")
def ladder(measure_known, tmp_path_factory):
    """Three valid loads, and an invalid try at the highest."""
    folder = tmp_path_factory.mktemp("runs")
    tries = [(20.0, ()), (40.0, ()), (60.0, ("the generator was late",)), (60.0, ())]
    return [measure_known(rate, folder, reasons=reasons) for rate, reasons in tries]
