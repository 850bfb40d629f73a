"""What every verb shares: its common options, where things are, and how it talks to a person."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from model.answers.tables import Format
from model.rules.exits import Exit

RUNS = Path("runs")

ScenarioFile = Annotated[Path, typer.Argument(help="The scenario (TOML).", show_default=False)]
Overrides = Annotated[list[str] | None, typer.Option("--set", help="Override, as KEY=VALUE.")]
TableFormat = Annotated[Format, typer.Option("--format", help="How to print the table.")]


def home_folder() -> Path:
    """Return where the data, logs and state of the running services are."""
    return Path(os.environ.get("FEEDTWIN_HOME") or ".feedtwin")


def say(text: str) -> None:
    """Talk to the person, not to the program that reads the output."""
    sys.stderr.write(f"{text}\n")


@contextmanager
def failures_leave_with(
    codes: Mapping[type[Exception], Exit], *, interrupted: str = "interrupted"
) -> Iterator[None]:
    """Say what went wrong in the block, and leave with the code for it.

    That of a class counts for its subclasses, unless they have their own; other errors are ours,
    and pass.
    """
    # So that a polite kill cleans up, and keeps what there is, as Ctrl-C does.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except tuple(codes) as error:
        say(str(error))
        code = next(codes[kind] for kind in type(error).__mro__ if kind in codes)
        raise typer.Exit(code) from None
    except KeyboardInterrupt:
        say(interrupted)
        raise typer.Exit(Exit.INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGTERM, before)
