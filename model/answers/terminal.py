"""What every verb shares: its common options, where things are, and how it talks to a person."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from model.answers.tables import Format

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
