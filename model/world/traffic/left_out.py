"""What the files of recorded requests have and the scenarios that name them have not."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from model.world.scenario import Scenario
from model.world.traffic.recordings import read_recording, said_of_left_out


def left_out_of(scenarios: Iterable[Scenario]) -> list[str]:
    """Return a sentence for each file that has requests which are no kind of request.

    However fast it is made, a file leaves out the same.  Raises ScenarioError as `read_recording`
    does.
    """
    said = {}
    for scenario in scenarios:
        if (recorded := scenario.traffic.recorded) is not None:
            recording = read_recording(recorded, seed=scenario.seed)
            said[recorded.file, recorded.form] = said_of_left_out(recording)
    return [f"traffic.recorded: {Path(file).name}: {of}" for (file, _), of in said.items() if of]
