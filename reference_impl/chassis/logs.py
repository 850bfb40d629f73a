"""One JSON object per line on stderr: starts, stops and errors, not requests."""

from __future__ import annotations

import json
import logging
import time

from reference_impl.chassis.callers import CALLER


def log_to_stderr(instance: str) -> logging.Logger:
    """Send warnings of every library, and all of ours, to stderr as lines of JSON."""
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonLines(instance))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logger = logging.getLogger("feedtwin")
    logger.setLevel(logging.INFO)
    return logger


class _JsonLines(logging.Formatter):
    def __init__(self, instance: str) -> None:
        super().__init__()
        self._instance = instance

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        caller = CALLER.get()
        line = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "instance": self._instance,
            "message": record.getMessage(),
        }
        if caller:
            line["request_id"] = caller.request_id
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line)
