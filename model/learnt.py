"""Which calibration a verb uses: what was learnt here, or else what came with feedtwin."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from model.answers.terminal import say

if TYPE_CHECKING:
    from model.answers.calibrations import Calibration

CALIBRATION = Path("calibration.json")
SHIPPED = Path(__file__).parents[1] / "loadtest" / "measurements" / "laptop.json"

Learnt = Annotated[Path, typer.Option("--calibration", help="What `calibrate` wrote.")]
Jobs = Annotated[int, typer.Option(min=0, help="Replications at once; 0: one per core.")]


def calibration_at(file: Path) -> Calibration:
    """Return what was learnt here; where nothing was, what came with feedtwin."""
    from model.answers.calibrations import load_calibration

    if file == CALIBRATION and not file.exists():
        say(f"no {CALIBRATION} here: using {SHIPPED.name}, learnt on another machine")
        file = SHIPPED
    return load_calibration(file)
