"""One measurement: load at one rate on a running system, written down as a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from loadtest.evidence import GENERATOR, Window, evidence_of
from loadtest.fanouts import Broker
from loadtest.generator_process import GeneratorProcess
from loadtest.ledger import Ledger, Watched
from loadtest.placement import Placement, kept_on, placement_of
from loadtest.plan import People, Plan, save_plan
from loadtest.planning import plan_of
from loadtest.recording import errors_of, recording_of
from loadtest.results import Measurement, result_of
from loadtest.validity import validity_of
from loadtest.watch import Report, Seen, Watch
from model.answers.runs import save_run
from model.world.scenario import Scenario

BESIDE = ("generator.log", "locust_stats.csv", "locust_failures.csv")  # kept with the run


class Addresses(Protocol):
    """What of a cluster's settings is needed here."""

    @property
    def broker(self) -> str:
        """Return the URL of the broker; empty if there is none."""

    @property
    def cdn_urls(self) -> Sequence[str]:
        """Return where images are asked for."""


class Process(Watched, Protocol):
    """One process of a running system."""

    @property
    def running(self) -> bool:
        """Say whether it runs, and on this machine."""


class Cluster(Protocol):
    """A running system, as `reference_impl.cluster` describes it."""

    @property
    def settings(self) -> Addresses:
        """Return where its parts are."""

    @property
    def gateway_urls(self) -> Sequence[str]:
        """Return where all other requests are sent."""

    def processes(self) -> Sequence[Process]:
        """Return its processes as they are now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Generator:
    """The generator's entry in the ledger."""

    pid: int
    name: str = GENERATOR
    station: str = GENERATOR


def measure(
    scenario: Scenario,
    cluster: Cluster,
    people: People,
    *,
    rate_per_s: float,
    stream: int,
    folder: Path,
    report: Report,
) -> Measurement:
    """Load the cluster at one rate; write the run into a new folder of `folder`.

    An invalid run is written like any other, and says so.  KeyboardInterrupt ends the load
    early; what was seen by then is written too, as an interrupted run, and no error is raised
    (before the load has begun there is nothing to write, and it is).  Raises GeneratorFailed.
    """
    asked = scenario.at_rate(rate_per_s)
    plan = plan_of(asked, cluster.gateway_urls, cluster.settings.cdn_urls, stream=stream)
    processes = [process for process in cluster.processes() if process.running]
    placement = placement_of(process.pid for process in processes)
    started = datetime.now(UTC)
    with TemporaryDirectory(prefix="feedtwin-load-") as name, _broker(cluster) as broker:
        private = Path(name)
        save_plan(private, plan, people)
        report("starting the load generator", 0.0)
        with kept_on(placement.generator_core), GeneratorProcess(private) as generator:
            generator.wait_ready()
            ledger = Ledger([*processes, _Generator(pid=generator.pid)], placement.cores_in_use)
            seen = Watch(plan, generator, ledger, broker, report).run()
        measurement = _judged(asked, plan, seen, placement, folder)
        run = save_run(
            folder,
            kind="measured",
            scenario=asked,
            recording=measurement.recording,
            started=started,
            result=result_of(measurement, stream=stream),
            beside={name: (private / name).read_text(encoding="utf-8") for name in BESIDE},
        )
    return replace(measurement, folder=run)


def _judged(
    asked: Scenario, plan: Plan, seen: Seen, placement: Placement, folder: Path
) -> Measurement:
    outcomes, started_s = seen.finished.outcomes, seen.started_s
    until_s = min(plan.until_s, seen.finished.ended_s - started_s)
    window = Window(since_s=min(asked.load.warmup, until_s), until_s=until_s)
    recording = recording_of(
        plan.arrivals, outcomes, seen.ledger.readings, seen.fanouts, started_s=started_s
    )
    evidence = evidence_of(
        recording.requests,
        seen.ledger,
        window,
        started_s=started_s,
        core_count=len(placement.cores_in_use),
        drained=seen.drained,
        interrupted=seen.finished.interrupted,
    )
    counted = plan.arrivals[plan.arrivals.at_s >= window.since_s]
    return Measurement(
        folder=folder,
        scenario=asked,
        recording=recording,
        window=window,
        errors=errors_of(counted, outcomes),
        background_cpu=seen.background_cpu,
        evidence=evidence,
        validity=validity_of(evidence, asked.load),
        notes=placement.notes,
    )


@contextmanager
def _broker(cluster: Cluster) -> Iterator[Broker | None]:
    if not cluster.settings.broker:
        yield None
        return
    with closing(Broker(cluster.settings.broker)) as broker:
        yield broker
