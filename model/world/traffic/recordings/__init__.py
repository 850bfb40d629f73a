"""What came once: files of recorded requests, in three forms."""

from __future__ import annotations

from functools import lru_cache
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

KEPT_MAX = 2  # recordings, which variants and reports ask for again and again


def read_recording(recorded: Recorded, *, seed: int) -> Recording:
    """Return what the file holds, `faster` as it is asked for; it may be gzipped.

    Raises ScenarioError for a file that cannot be read, is too large, or is not of its form.
    """
    path = Path(recorded.file)
    read = _read(path, recorded.form, seed, _version(path))
    return read.faster(recorded.faster)


@lru_cache(maxsize=KEPT_MAX)
def _read(
    path: Path,
    form: str,
    seed: int,
    version: tuple[int, ...],  # noqa: ARG001 - another one is another recording
) -> Recording:
    """Return what this version of a file holds."""
    if form == "prometheus":
        return read_range_query(path)
    return read_access_log(path, seed=seed) if form == "access-log" else read_table(path)


def _version(path: Path) -> tuple[int, ...]:
    """Return what tells a file from what it was before; nothing of one that cannot be read."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return (status.st_mtime_ns, status.st_size, status.st_ino)
