"""The whole loop: bring up, seed, measure, learn, predict, compare, extrapolate; then take down."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtest.generator_process import GeneratorFailed
from loadtest.protocols.held_out import (
    Comparison,
    Report,
    TooFewValid,
    compare_held_out,
    measure_levels,
)
from loadtest.results import Measurement
from model.answers.calibrations import CalibrationError, extrapolations
from model.answers.predict import Prediction, predict
from model.world.scenario import Scenario
from reference_impl.cluster import lifecycle
from reference_impl.cluster.cores import beside_the_first
from reference_impl.cluster.errors import ClusterError
from reference_impl.cluster.reindexing import reindex
from reference_impl.cluster.storage import Row, stored_images
from reference_impl.seeding.people import seeded_people
from reference_impl.seeding.seed import Seeded, seed

Stage = Callable[[str], Report]  # begins a stage of the demo, and says how it goes on


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """All that the demo found; what could not be answered is None, and `why` says why."""

    scenario: Scenario
    seeded: Seeded
    measurements: Sequence[Measurement]  # every try of every level
    images: Sequence[Row]  # what was stored of them in the end
    comparison: Comparison | None
    planet: Prediction | None
    extrapolated: Sequence[str]  # in what the planet leaves what was learnt
    why: str


class DemoFailed(RuntimeError):
    """The services did not start or the load could not be sent; the message says which."""


def run_demo(scenario: Scenario, planet: Scenario, home: Path, runs: Path, stage: Stage) -> Demo:
    """Run the scenario for real and simulated, and the planet simulated with what was learnt.

    `home` is the demo's own: what an earlier one left there is removed.  Nothing is left
    running, however this ends.  Raises DemoFailed if nothing could be measured.
    """
    try:
        lifecycle.down(home)
        shutil.rmtree(home, ignore_errors=True)
        try:
            seeded, measurements, images = _measured(scenario, home, runs, stage)
        finally:
            lifecycle.down(home)
    except (ClusterError, GeneratorFailed) as error:
        raise DemoFailed(str(error)) from error
    comparison, answer, outside, why = None, None, [], ""
    jobs = os.cpu_count() or 1
    try:
        comparison = compare_held_out(measurements, jobs=jobs, report=stage("simulate"))
    except (TooFewValid, CalibrationError) as error:
        why = str(error)
    if comparison is not None:
        stage("extrapolate")(f"simulating {planet.people.users:,} users", 0.0)
        answer = predict(planet, comparison.calibration, jobs=jobs)
        outside = extrapolations(planet, comparison.calibration)
    return Demo(
        scenario=scenario,
        seeded=seeded,
        measurements=measurements,
        images=images,
        comparison=comparison,
        planet=answer,
        extrapolated=outside,
        why=why,
    )


def _measured(
    scenario: Scenario, home: Path, runs: Path, stage: Stage
) -> tuple[Seeded, list[Measurement], list[Row]]:
    """Bring the services up, fill them, measure every level, and look what is stored."""
    tell = stage("start")
    cluster = lifecycle.up(
        scenario,
        home,
        server_timing=True,
        cpus=beside_the_first(),
        report=lambda what: tell(what, 0.5),
    )
    tell = stage("seed")
    seeded = seed(
        scenario, cluster.settings, home, replace=False, report=lambda what: tell(what, 0.5)
    )
    reindex(cluster.settings, lambda what: tell(what, 0.9))  # seeding tells nobody of its people
    people = seeded_people(home)
    measurements = measure_levels(scenario, cluster, people, runs, stage("measure"))
    return seeded, measurements, stored_images(cluster.settings)
