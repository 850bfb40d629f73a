"""What came once: files of recorded requests, in three forms."""

from __future__ import annotations

from pathlib import Path

from model.world.scenario.traffic import Recorded
from model.world.traffic.recordings.access_logs import read_access_log
from model.world.traffic.recordings.range_queries import read_range_query
from model.world.traffic.recordings.recording import (
    RecordedInstants,
    RecordedRates,
    Recording,
    said_of_left_out,
)
from model.world.traffic.recordings.tables import read_table

__all__ = ["RecordedInstants", "RecordedRates", "Recording", "read_recording", "said_of_left_out"]


def read_recording(recorded: Recorded, *, seed: int) -> Recording:
    """Return what the file holds, `faster` as it is asked for; it may be gzipped.

    Raises ScenarioError for a file that cannot be read, is too large, or is not of its form.
    """
    path = Path(recorded.file)
    if recorded.form == "prometheus":
        return read_range_query(path).faster(recorded.faster)
    if recorded.form == "access-log":
        return read_access_log(path, seed=seed).faster(recorded.faster)
    return read_table(path).faster(recorded.faster)
