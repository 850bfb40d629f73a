"""What a run leaves behind, whether it was measured or simulated: four tables of one shape.

`requests`: one row per request.
    request (int), endpoint (text), intended_s, sent_s, done_s (seconds since the run began;
    done_s is NaN if no answer came), status (int, 0 if no answer came), bytes (int).
`stages`: one row per request and station that it visited.
    request (int), station (text), visits (int), wall_s (time from outside, waiting included),
    cpu_s (work done by the process for this request, NaN where nobody can say).
`cpu`: one row per process and instant at which its clock was read.
    process (text), station (text), at_s, cpu_s (cumulated).
`fanouts`: one row per post that was delivered.
    post (int), followers (int), chunks (int), created_s, begun_s, done_s, cpu_s.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd

COLUMNS: dict[str, dict[str, str]] = {
    "requests": {
        "request": "int64", "endpoint": "str", "intended_s": "float64", "sent_s": "float64",
        "done_s": "float64", "status": "int64", "bytes": "int64",
    },
    "stages": {
        "request": "int64", "station": "str", "visits": "int64", "wall_s": "float64",
        "cpu_s": "float64",
    },
    "cpu": {"process": "str", "station": "str", "at_s": "float64", "cpu_s": "float64"},
    "fanouts": {
        "post": "int64", "followers": "int64", "chunks": "int64", "created_s": "float64",
        "begun_s": "float64", "done_s": "float64", "cpu_s": "float64",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """The four tables of one run; see the top of this file for their columns."""

    requests: pd.DataFrame
    stages: pd.DataFrame
    cpu: pd.DataFrame
    fanouts: pd.DataFrame

    def save(self, folder: Path) -> None:
        """Write each table as `<name>.parquet` into `folder`."""
        for field in fields(self):
            table: pd.DataFrame = getattr(self, field.name)
            table.to_parquet(folder / f"{field.name}.parquet", index=False)

    @classmethod
    def load(cls, folder: Path) -> Recording:
        """Read the tables that `save` wrote into `folder`; ValueError if they are others."""
        return cls(**{field.name: _table_in(folder, field.name) for field in fields(cls)})

    def latencies_s(self, endpoint: str, *, since_s: float = 0.0) -> np.ndarray:
        """Return the latencies of an endpoint's answered requests, in order of intended time.

        Latency runs from the intended time, so that a late generator or a stalled server
        cannot hide a wait (coordinated omission).  Only 2xx answers to requests intended at
        or after `since_s` count.
        """
        rows = self.requests
        rows = rows[(rows.endpoint == endpoint) & (rows.intended_s >= since_s)]
        rows = rows[(rows.status >= 200) & (rows.status < 300)].sort_values("intended_s")
        return (rows.done_s - rows.intended_s).to_numpy()


def _table_in(folder: Path, name: str) -> pd.DataFrame:
    """Read one table; ValueError if a column is missing."""
    file = folder / f"{name}.parquet"
    table = pd.read_parquet(file)
    missing = [column for column in COLUMNS[name] if column not in table]
    if missing:
        raise ValueError(f"{file.name} lacks {', '.join(missing)}")
    return table


def table_of(name: str, rows: list[tuple[object, ...]]) -> pd.DataFrame:
    """Return the table `name` of COLUMNS made of `rows`, each in the order of its columns."""
    columns = COLUMNS[name]
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)
