"""How requests come over time: day, crowds, sessions, floods, and what was recorded."""

from model.world.traffic.demand import busiest_per_s
from model.world.traffic.left_out import left_out_of
from model.world.traffic.recordings import read_recording
from model.world.traffic.replays import as_recorded
from model.world.traffic.streams import (
    AnyStream,
    RecordedStream,
    SessionStream,
    Stream,
    streams_of,
)

__all__ = [
    "AnyStream", "RecordedStream", "SessionStream", "Stream", "as_recorded", "busiest_per_s",
    "left_out_of", "read_recording", "streams_of",
]  # fmt: skip
