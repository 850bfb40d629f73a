"""One run, watched from outside: an idle stretch, the load, and the fan-outs that it leaves."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from loadtest.evidence import Window, cpu_shares
from loadtest.fanouts import Broker, Mark, wait_until_drained
from loadtest.generator_process import Finished, GeneratorProcess
from loadtest.ledger import Ledger
from loadtest.plan import Plan
from model.answers.recordings import table_of
from model.world.scenario import Endpoint

IDLE_S = 2.0  # what processes do when nobody asks for anything
BEGIN_AFTER_S = 0.3
READ_EVERY_S = 1.0
DRAINED_WITHIN_S = 30.0
GENERATOR_MARGIN_S = 15.0

Report = Callable[[str, float], None]  # what is being done, and which share of it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was seen of one run."""

    started_s: float  # of the monotonic clock
    finished: Finished
    ledger: Ledger
    background_cpu: dict[str, float]  # CPU seconds per second of each process, before the load
    fanouts: pd.DataFrame
    drained: bool


class Watch:
    """Takes a generator that is ready through one run."""

    def __init__(
        self,
        plan: Plan,
        generator: GeneratorProcess,
        ledger: Ledger,
        broker: Broker | None,
        report: Report,
    ) -> None:
        self._plan = plan
        self._generator = generator
        self._ledger = ledger
        self._broker = broker
        self._report = report

    def run(self) -> Seen:
        """Watch everything; KeyboardInterrupt after the load has begun only ends it early."""
        background_cpu = self._idle()
        mark = self._broker.mark() if self._broker else None
        started_s = time.monotonic() + BEGIN_AFTER_S
        finished = self._load(started_s)
        fanouts, drained = table_of("fanouts", []), True
        if self._broker and mark:
            drained = finished.interrupted or self._drain(self._broker, mark, finished)
            fanouts = self._broker.fanouts_since(mark, started_unix_s=_unix_s(started_s))
        self._ledger.read()
        return Seen(
            started_s=started_s,
            finished=finished,
            ledger=self._ledger,
            background_cpu=background_cpu,
            fanouts=fanouts,
            drained=drained,
        )

    def _idle(self) -> dict[str, float]:
        self._report("watching the system idle", 0.0)
        since_s = time.monotonic()
        self._ledger.read()
        time.sleep(IDLE_S)
        self._ledger.read()
        idle = Window(since_s=since_s, until_s=time.monotonic())
        return cpu_shares(self._ledger.readings, idle)

    def _load(self, started_s: float) -> Finished:
        self._generator.begin(started_s)
        ends_s = started_s + self._plan.until_s
        try:
            self._read_until(started_s, ends_s)
            self._report("waiting for the last answers", 1.0)
            patience_s = self._plan.request_timeout_s + GENERATOR_MARGIN_S
            self._generator.wait(ends_s + patience_s)
        except KeyboardInterrupt:
            self._generator.stop()
        self._ledger.read()
        return self._generator.finished()

    def _read_until(self, started_s: float, ends_s: float) -> None:
        """Read the ledger at the start, every second, and at the end; return early if it ended."""
        due_s = started_s
        while self._generator.is_running():
            time.sleep(max(0.0, due_s - time.monotonic()))
            self._ledger.read()
            if due_s >= ends_s:
                return
            self._report("load", (due_s - started_s) / self._plan.until_s)
            due_s = min(due_s + READ_EVERY_S, ends_s)

    def _drain(self, broker: Broker, mark: Mark, finished: Finished) -> bool:
        self._report("waiting for the last fan-outs", 1.0)
        arrivals = self._plan.arrivals
        posts = arrivals.request[arrivals.endpoint == Endpoint.POST.value]
        outcomes = finished.outcomes
        posted = outcomes.request.isin(posts) & outcomes.status.between(200, 299)
        return wait_until_drained(
            broker, mark, posts_min=int(posted.sum()), timeout_s=DRAINED_WITHIN_S
        )


def _unix_s(monotonic_s: float) -> float:
    """Return the Unix time of an instant of the monotonic clock, near now."""
    return time.time() - time.monotonic() + monotonic_s
