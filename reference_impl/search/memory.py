"""Indexes in memory, held to the same contract as those on disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from model.rules.search import match_of, place_of, rank_of
from reference_impl.search.entries import Entry
from reference_impl.search.index import Hit, Index, State


class MemoryIndex:
    """An Index that asks the rules about every entry."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._entries: dict[int, Entry] = {}

    def entry_of(self, user_id: int) -> Entry | None:
        """See Index."""
        return self._entries.get(user_id)

    def commit(self, entries: Iterable[Entry], state: State) -> None:
        """See Index."""
        self._entries = {**self._entries, **{entry.user_id: entry for entry in entries}}
        self.state = state

    def search(self, query: Sequence[str], *, after: int, limit: int) -> list[Hit]:
        """See Index."""
        found = [
            Hit(place=place_of(match, rank_of(entry.followers, entry.user_id)), user=entry.user)
            for entry in self._entries.values()
            if (match := match_of(query, entry.words)) is not None
        ]
        later = (hit for hit in found if hit.place > after)
        return sorted(later, key=lambda hit: hit.place)[:limit]

    def changed_since(self, at_s: float) -> Iterator[Entry]:
        """See Index."""
        return (entry for entry in self._entries.values() if entry.at_s >= at_s)

    def forget_gone(self, before_s: float) -> None:
        """See Index."""
        self._entries = {
            user_id: entry
            for user_id, entry in self._entries.items()
            if entry.profile is not None or entry.at_s >= before_s
        }

    def drop(self, user_ids: Iterable[int]) -> None:
        """See Index."""
        dropped = set(user_ids)
        self._entries = {
            user_id: entry for user_id, entry in self._entries.items() if user_id not in dropped
        }

    def users(self) -> int:
        """See Index."""
        return sum(entry.profile is not None for entry in self._entries.values())


class MemoryShelf:
    """A Shelf whose indexes last as long as it does."""

    def __init__(self) -> None:
        self._indexes: dict[str, Index] = {}
        self._number = 0

    def opened(self) -> dict[str, Index | None]:
        """See Shelf."""
        return dict(self._indexes)

    def create(self, state: State) -> tuple[str, Index]:
        """See Shelf."""
        self._number += 1
        name, index = str(self._number), MemoryIndex(state)
        self._indexes[name] = index
        return name, index

    def remove(self, name: str) -> None:
        """See Shelf."""
        del self._indexes[name]

    def close(self) -> None:
        """See Shelf."""
