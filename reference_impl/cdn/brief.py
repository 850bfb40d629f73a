"""Answers that are kept for a moment, and in memory: that there is nothing, or that it moved."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from model.rules.caching import is_selected
from reference_impl.cdn.entries import Entry

ENTRIES_MAX = 1_000  # whoever asks for what is not there must not push out what is
CONTENT_BYTES_MAX = 4 << 10  # of one, which says what is wrong and no more


class BriefAnswers:
    """The latest such answer of each path; who asked first goes first."""

    def __init__(self) -> None:
        self._answers: OrderedDict[str, tuple[Entry, bytes]] = OrderedDict()

    def find(self, path: str, told: Mapping[str, str], now_s: float) -> tuple[Entry, bytes] | None:
        """Return what was answered a moment ago, if it is still to be said."""
        found = self._answers.get(path)
        if found is None or not is_selected(found[0].selecting, told):
            return None
        return found if found[0].is_fresh(now_s) else None

    def keep(self, entry: Entry, content: bytes) -> bool:
        """Keep an answer unless it is long; return whether it is kept."""
        if len(content) > CONTENT_BYTES_MAX:
            return False
        self._answers[entry.path] = (entry, content)
        self._answers.move_to_end(entry.path)
        if len(self._answers) > ENTRIES_MAX:
            self._answers.popitem(last=False)
        return True

    def clear(self) -> None:
        """Keep nothing."""
        self._answers.clear()

    def drop(self, path: str) -> None:
        """Keep nothing of this path."""
        self._answers.pop(path, None)
