"""What an index promises, on disk or in memory: entries by user, found by words, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from reference_impl.search.entries import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How far an index is: what it was made from, and whether all of that is in it."""

    rebuild: str | None = None  # None if it was only ever fed by what happened since it began
    sources: frozenset[int] = frozenset()  # of the rebuild, that have announced all of theirs
    is_filling: bool = False  # while another one serves
    has_inherited: bool = False  # what happened shortly before the rebuild began
    is_complete: bool = False
    passed_over: str | None = None  # rebuilds up to this one began before all of them was heard

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return {
            "rebuild": self.rebuild,
            "sources": sorted(self.sources),
            "is_filling": self.is_filling,
            "has_inherited": self.has_inherited,
            "is_complete": self.is_complete,
            "passed_over": self.passed_over,
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> State:
        """Read what `to_json` wrote."""
        return cls(**{**said, "sources": frozenset(said["sources"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A user who was found, and their place among all whom the query finds."""

    place: int  # see `model.rules.search.place_of`
    user: Mapping[str, Any]


class Index(Protocol):
    """Entries of one shard.  One thread at a time may change it, while others search."""

    @property
    def state(self) -> State:
        """What was committed last."""

    def entry_of(self, user_id: int) -> Entry | None:
        """Return what was committed of a user."""

    def commit(self, entries: Iterable[Entry], state: State) -> None:
        """Put these in place of what there was of their users, and keep the state with them.

        All of it is there when this returns, and none of it if the process dies before.
        """

    def search(self, query: Sequence[str], *, after: int, limit: int) -> list[Hit]:
        """Return whom the words find, in the order of their places, from above `after` on."""

    def changed_since(self, at_s: float) -> Iterator[Entry]:
        """Yield every entry in which is an event of this time or later, also of who is gone."""

    def forget_gone(self, before_s: float) -> None:
        """Drop, with the next commit, entries without a profile and without later events."""

    def drop(self, user_ids: Iterable[int]) -> None:
        """Drop, with the next commit, what is known of these users."""

    def users(self) -> int:
        """Return how many can be found."""


class Shelf(Protocol):
    """Where the indexes of one shard are kept."""

    def opened(self) -> dict[str, Index | None]:
        """Return the indexes found there, by name; None for what was there and cannot be used."""

    def create(self, state: State) -> tuple[str, Index]:
        """Begin an empty index, and return it with its name."""

    def remove(self, name: str) -> None:
        """Drop what this shelf opened or created; a search under way ends in order."""

    def close(self) -> None:
        """Let another process use them."""
