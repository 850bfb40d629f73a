"""An index, and what it is about to be told."""

from __future__ import annotations

from dataclasses import replace

from reference_impl.search.entries import Entry, merged
from reference_impl.search.index import Index, State
from reference_impl.search.metrics import COMMITS

COMMIT_MAX = 5_000  # entries in one commit: what waits for it is in memory
FIRST_S = 1.0  # Unix time: entries in which no event told of a change are of 0


class Draft:
    """An index, and what is about to be committed to it."""

    def __init__(self, name: str, index: Index) -> None:
        self.name = name
        self.index = index
        self.state = index.state
        self._changes: dict[int, Entry] = {}

    def learn(self, news: Entry) -> None:
        """Join what is known of a user with what is told of them now."""
        known = self._changes.get(news.user_id) or self.index.entry_of(news.user_id)
        entry = news if known is None else merged(known, news)
        if entry != known:
            self._changes[news.user_id] = entry
        if len(self._changes) >= COMMIT_MAX:
            self._write(self.index.state)

    def inherit(self, since_s: float, heir: Draft) -> None:
        """Have another one learn what happened since a time; its state says so with the last."""
        self.commit()
        for entry in self.index.changed_since(since_s):
            heir.learn(replace(entry, is_announced=False))
        heir.state = replace(heir.state, has_inherited=True)

    def clear(self, upto_s: float) -> bool:
        """Drop those of whom no event later than this told; say whether no announcement was lost.

        Who was only announced stays.  What was announced of somebody else, who has got the id of
        one who was cleared away, cannot be told from what was known of that one.
        """
        self.commit()
        changed = self.index.changed_since(FIRST_S)
        dropped = [entry for entry in changed if entry.at_s <= upto_s]
        self.index.drop(entry.user_id for entry in dropped)
        self._write(self.state)
        return not any(entry.is_announced for entry in dropped)

    def commit(self) -> None:
        """Make what was learned, and the state, last."""
        if self._changes or self.state != self.index.state:
            self._write(self.state)

    def _write(self, state: State) -> None:
        self.index.commit(self._changes.values(), state)
        self._changes.clear()
        COMMITS.inc()
