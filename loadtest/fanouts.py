"""What the broker knows of a run's fan-outs: how far behind they are, and how each of them went."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import redis

from model.answers.recordings import COLUMNS, table_of
from model.rules.fanouts import BULK_STREAMS, LATE_PREFIX

DONE = "fanout_done"
POSTED = "events:post"
PAGE = 1_000  # entries read in one call
BROKER_TIMEOUT_S = 5.0

Entry = tuple[bytes, Mapping[bytes, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where the broker's streams stood when a run began."""

    posted: int  # entries ever added; the stream itself forgets its oldest
    done: bytes  # the last entry's id


class Broker:
    """Reads the streams that fan-outs leave behind."""

    def __init__(self, url: str) -> None:
        self._redis: Any = redis.Redis.from_url(url, socket_timeout=BROKER_TIMEOUT_S)

    def close(self) -> None:
        """Give the connection back."""
        self._redis.close()

    def mark(self) -> Mark:
        """Return where the streams stand now."""
        return Mark(posted=self._posted(), done=self._last(DONE))

    def backlog(self) -> int:
        """Return what is left to do: posts that wait for their fan-out, chunks of others."""
        late = self._redis.scan_iter(f"{LATE_PREFIX}[0-9]*", _type="stream")
        streams = {POSTED, *BULK_STREAMS, *(name.decode() for name in late)}
        return sum(self._backlog_of(stream) for stream in streams)

    def _backlog_of(self, stream: str) -> int:
        if not self._redis.exists(stream):
            return 0
        groups = self._redis.xinfo_groups(stream)
        return sum(group["pending"] + self._lag(stream, group) for group in groups)

    def posted_since(self, mark: Mark) -> int:
        """Return how many posts the services have told of since the mark."""
        return self._posted() - mark.posted

    def fanouts_since(self, mark: Mark, *, started_unix_s: float) -> pd.DataFrame:
        """Return the fan-outs done since the mark, as the table `fanouts` of a recording."""
        entries = self._since(DONE, mark.done)
        return table_of("fanouts", [_row(fields, started_unix_s) for _, fields in entries])

    def _posted(self) -> int:
        if not self._redis.exists(POSTED):
            return 0
        return int(self._redis.xinfo_stream(POSTED)["entries-added"])

    def _lag(self, stream: str, group: Mapping[str, Any]) -> int:
        """Return how many entries a group has not read; 1 if the broker only knows it is some."""
        if group.get("lag") is not None:
            return int(group["lag"])
        return int(group["last-delivered-id"] != self._last(stream))

    def _last(self, stream: str) -> bytes:
        newest = self._redis.xrevrange(stream, count=1)
        return newest[0][0] if newest else b"0-0"

    def _since(self, stream: str, last: bytes) -> Iterator[Entry]:
        while page := self._redis.xrange(stream, min=b"(" + last, count=PAGE):
            yield from page
            last = page[-1][0]


def _row(fields: Mapping[bytes, bytes], started_unix_s: float) -> tuple[object, ...]:
    """Return one row of the table `fanouts`; its instants become seconds since the run began."""
    said = {name: float(fields[name.removesuffix("_s").encode()]) for name in COLUMNS["fanouts"]}
    instants = ("created_s", "begun_s", "done_s")
    since = {name: said[name] - started_unix_s for name in instants}
    exact = {"post": int(fields[b"post"])}  # 63 bits, which a float does not hold
    return tuple((said | since | exact).values())


def wait_until_drained(
    broker: Broker,
    mark: Mark,
    *,
    posts_min: int,
    timeout_s: float,
    pause: Callable[[], None] = lambda: time.sleep(0.1),
) -> bool:
    """Wait until the fan-outs of at least `posts_min` posts are done; return False if in vain.

    The broker's own backlog is not enough to go by: what it has not been told of yet is still
    in an outbox.
    """
    deadline_s = time.monotonic() + timeout_s
    while broker.posted_since(mark) < posts_min or broker.backlog() > 0:
        if time.monotonic() > deadline_s:
            return False
        pause()
    return True
