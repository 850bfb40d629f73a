"""What one measurement found, and how its result.json says so."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from loadtest.evidence import Window
from loadtest.validity import Evidence, Validity
from model.answers.recordings import Recording
from model.answers.summaries import EndpointSummary, numbers_of, summary_of
from model.world.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What one measurement found; all of it is in `folder` too."""

    folder: Path
    scenario: Scenario  # at the measured rate
    recording: Recording
    window: Window  # what of the recording counts
    errors: pd.DataFrame  # endpoint, error, count, within the window
    background_cpu: Mapping[str, float]  # CPU seconds per second of each process when idle
    evidence: Evidence
    validity: Validity
    notes: Sequence[str]  # what a reader should know about how it was done

    def summary(self) -> list[EndpointSummary]:
        """Return the run in a few numbers per endpoint."""
        return summary_of(self.recording, self.scenario, **asdict(self.window))

    @property
    def interrupted(self) -> bool:
        """Say whether somebody ended it early."""
        return self.evidence.interrupted


def result_of(measurement: Measurement, *, stream: int) -> dict[str, Any]:
    """Return what result.json says of a measurement, beside its circumstances."""
    return {
        "rate_per_s": measurement.scenario.requests_per_s,
        "stream": stream,
        "window": asdict(measurement.window),
        "validity": {
            "valid": measurement.validity.valid,
            "reasons": list(measurement.validity.reasons),
            "evidence": _known(asdict(measurement.evidence)),
        },
        "notes": list(measurement.notes),
        "summary": [numbers_of(row) for row in measurement.summary()],
        "errors": measurement.errors.to_dict("records"),
        "background_cpu": dict(measurement.background_cpu),
    }


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    """Replace what is not a number by None: JSON has no word for it."""
    return {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in values.items()
    }
