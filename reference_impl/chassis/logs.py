"""One JSON object per line on stderr: starts, stops and errors; requests only if asked for."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from types import TracebackType

from reference_impl.chassis.callers import CALLER

# The password of a URL is the one secret that errors of libraries are known to repeat.
_PASSWORD = re.compile(r"(://[^\s/:@]*):[^\s/@]+@")


def log_to_stderr(instance: str) -> logging.Logger:
    """Send warnings of every library, and all of ours, to stderr as lines of JSON.

    So are errors that nobody catches: asyncio logs those of tasks, the interpreter its last.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonLines(instance))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logger = logging.getLogger("feedtwin")
    logger.setLevel(logging.INFO)
    sys.excepthook = _log_last_words
    return logger


def _log_last_words(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    told = (kind, error, trace)
    logging.getLogger("feedtwin").critical("ended by an error: %s", error, exc_info=told)


class _JsonLines(logging.Formatter):
    def __init__(self, instance: str) -> None:
        super().__init__()
        self._instance = instance

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line; `extra={"fields": {...}}` adds to it."""
        line = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "instance": self._instance,
            "message": record.getMessage(),
            **_of_the_request(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _PASSWORD.sub(r"\1:***@", json.dumps(line))


def _of_the_request() -> dict[str, str]:
    caller = CALLER.get()
    if caller is None:
        return {}
    told = {"request_id": caller.request_id}
    if caller.trace:
        told |= {"trace_id": caller.trace.trace_id, "span_id": caller.trace.span_id}
    return told
