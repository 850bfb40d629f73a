"""What is wrong at every request is said once in a while."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

EVERY_S = 5.0


class Complaint:
    """A warning that is logged at most once per EVERY_S, with how often it was due since."""

    def __init__(self, what: str, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._what = what
        self._clock_s = clock_s
        self._silent_until_s = float("-inf")
        self._times = 0

    def make(self, log: logging.Logger, why: object) -> None:
        """Say what is wrong and why, unless that was just said."""
        self._times += 1
        now_s = self._clock_s()
        if now_s < self._silent_until_s:
            return
        log.warning("%s (%d times): %s", self._what, self._times, why)
        self._times, self._silent_until_s = 0, now_s + EVERY_S
