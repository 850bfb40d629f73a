"""The generator as the measuring command holds it: started, told to begin, stopped, read out."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import pandas as pd

READY_WITHIN_S = 60.0  # importing Locust takes one or two seconds on a quiet core
STOPPED_WITHIN_S = 20.0
LOG_TAIL_BYTES = 2_000
PROJECT = Path(__file__).parents[1]


class GeneratorFailed(Exception):
    """A generator that did not do its work; the message ends with what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What the generator left; the columns of `outcomes` are those of `dispatcher.Outcome`."""

    outcomes: pd.DataFrame
    interrupted: bool
    ended_s: float  # of the monotonic clock


class GeneratorProcess:
    """One generator carrying out the plan in `folder`; ends with the `with` block.

    It runs on the cores that the thread which starts it is kept on.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = folder / "generator.log"
        # gevent's default resolver asks a thread pool even for 127.0.0.1.
        environment = os.environ | {"GEVENT_RESOLVER": "block", "PYTHONUNBUFFERED": "1"}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - no part of it comes from outside
                [sys.executable, "-m", "loadtest.generator", str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=PROJECT,
                env=environment,
                start_new_session=True,  # Ctrl-C is for the command, which then stops it
            )

    @property
    def pid(self) -> int:
        """The generator's pid."""
        return self._process.pid

    @property
    def log(self) -> str:
        """What the generator has said so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def __enter__(self) -> GeneratorProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.is_running():
            self._process.kill()
            self._process.wait()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()

    def wait_ready(self) -> None:
        """Return once it could begin; raises GeneratorFailed."""
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], READY_WITHIN_S)
        if not readable or self._process.stdout.readline() != b"ready\n":
            raise self._failed("did not get ready")

    def begin(self, at_s: float) -> None:
        """Tell it to begin at an instant of the monotonic clock."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{at_s!r}\n".encode())
        self._process.stdin.flush()

    def is_running(self) -> bool:
        """Say whether it still runs."""
        return self._process.poll() is None

    def stop(self) -> None:
        """Have it send nothing more and write what it has; raises GeneratorFailed."""
        if self.is_running():
            self._process.terminate()
        self.wait(time.monotonic() + STOPPED_WITHIN_S)

    def wait(self, until_s: float) -> None:
        """Wait for its end until an instant of the monotonic clock; raises GeneratorFailed."""
        try:
            self._process.wait(max(0.0, until_s - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise self._failed("did not come to its end") from None

    def finished(self) -> Finished:
        """Return what it left; raises GeneratorFailed if it failed instead."""
        if self._process.returncode != 0:
            raise self._failed(f"ended with {self._process.returncode}")
        said = json.loads((self._folder / "finished.json").read_text())
        outcomes = pd.read_parquet(self._folder / "outcomes.parquet")
        return Finished(outcomes=outcomes, interrupted=said["interrupted"], ended_s=said["ended_s"])

    def _failed(self, how: str) -> GeneratorFailed:
        return GeneratorFailed(f"the load generator {how}:\n{self.log[-LOG_TAIL_BYTES:]}")
