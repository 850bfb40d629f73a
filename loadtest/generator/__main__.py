"""Carry out the plan in the folder named on the command line, and leave what came of it there.

Prints `ready` when the plan is read, waits for a line on stdin (an instant of the monotonic
clock, or nothing for at once), sends, and leaves `outcomes.parquet`, `finished.json` and
Locust's own statistics.  SIGTERM, SIGINT, or the end of stdin (whoever started this has died)
stop it early; what it has by then is kept.
"""

from __future__ import annotations

from locust import FastHttpUser, task  # isort: skip # it patches what the modules below import
from locust.env import Environment  # isort: skip

import csv
import gc
import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gevent
import pandas as pd
from gevent.event import AsyncResult
from gevent.select import select
from locust.stats import PERCENTILES_TO_REPORT, StatsCSV

from loadtest.generator.dispatcher import Dispatcher, Outcome
from loadtest.generator.sockets import Clients
from loadtest.plan import Plan, load_plan

START_DELAY_S = 0.2  # when nobody said when to start


def main() -> None:
    """See the top of this file."""
    folder = Path(sys.argv[1])
    plan, persons = load_plan(folder)
    dispatcher = Dispatcher(plan, persons)
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, dispatcher.stop)
    with _locust(plan) as (environment, client), _no_garbage_collection():
        print("ready", flush=True)  # noqa: T201 - whoever started this waits for it
        started_s = _started_s()
        gevent.spawn(_stop_when_abandoned, dispatcher)
        environment.stats.reset_all()
        dispatcher.run(client, started_s)
    _write(folder, dispatcher, started_s)
    _write_locust_statistics(folder, environment)


def _started_s() -> float:
    """Wait for the word to start, and return the instant of the monotonic clock it names."""
    select([sys.stdin], [], [])
    said = sys.stdin.readline()
    if not said:
        sys.exit("whoever started this has died before it began")
    return float(said) if said.strip() else time.monotonic() + START_DELAY_S


def _stop_when_abandoned(dispatcher: Dispatcher) -> None:
    select([sys.stdin], [], [])
    if not sys.stdin.read(1):
        dispatcher.stop()


@contextmanager
def _locust(plan: Plan) -> Iterator[tuple[Environment, Any]]:
    """Run a Locust test of one user, and lend its HTTP client out."""
    lent = AsyncResult()

    class OpenLoopUser(FastHttpUser):
        """All the people in one: its client holds as many connections as requests may fly.

        Locust's default of ten would close the loop unseen: the eleventh request would wait
        in the client for one of the ten before it.
        """

        client_pool = Clients(concurrency=plan.in_flight_max, timeout_s=plan.request_timeout_s)
        max_redirects = 0

        @task
        def lend(self) -> None:
            self.client.client.cookiejar = None  # the people must not share their cookies
            lent.set(self.client)
            gevent.event.Event().wait()

    environment = Environment(user_classes=[OpenLoopUser], host=plan.gateway_urls[0])
    runner = environment.create_local_runner()
    runner.start(1, spawn_rate=1)
    yield environment, lent.get()
    runner.quit()


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Keep the collector from pausing the generator while it is being measured with."""
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()


def _write(folder: Path, dispatcher: Dispatcher, started_s: float) -> None:
    outcomes = pd.DataFrame(dispatcher.outcomes, columns=list(Outcome._fields))
    outcomes.sort_values("request").to_parquet(folder / "outcomes.parquet", index=False)
    finished = {
        "started_s": started_s,
        "ended_s": time.monotonic(),
        "interrupted": dispatcher.stopped,
    }
    (folder / "finished.json").write_text(json.dumps(finished))


def _write_locust_statistics(folder: Path, environment: Environment) -> None:
    """Write what Locust's users know from `--csv`; its percentiles are bucketed, ours are not."""
    statistics = StatsCSV(environment, PERCENTILES_TO_REPORT)
    with (folder / "locust_stats.csv").open("w", newline="") as file:
        statistics.requests_csv(csv.writer(file))
    with (folder / "locust_failures.csv").open("w", newline="") as file:
        statistics.failures_csv(csv.writer(file))


if __name__ == "__main__":
    main()
