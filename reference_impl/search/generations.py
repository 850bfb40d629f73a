"""The index that serves, and the one that a rebuild fills beside it until it takes its place.

What happens now goes into both.  What happened before the other one began, and may have been
read of too early by whoever announces, is taken over from the one that serves.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from model.rules.search import is_newer, rebuild_id, shard_of_user
from reference_impl.search.entries import AllAnnounced, Announced, Cleared, Entry, News, merged
from reference_impl.search.index import Hit, Index, Shelf, State
from reference_impl.search.metrics import COMMITS

INHERITED_S = 600.0  # before a rebuild's first word: no transaction of the user database lasts so
GONE_KEPT_S = 86_400.0  # of who is gone: for so long an older event of theirs may come again
FORGET_S = 600.0  # between two times that what was kept longer is dropped
COMMIT_MAX = 5_000  # entries in one commit: what waits for it is in memory

log = logging.getLogger("feedtwin")


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

    def commit(self) -> None:
        """Make what was learned, and the state, last."""
        if self._changes or self.state != self.index.state:
            self._write(self.state)

    def _write(self, state: State) -> None:
        self.index.commit(self._changes.values(), state)
        self._changes.clear()
        COMMITS.inc()


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How far a shard is; `filling` speaks of the index that is being made, if one is."""

    is_complete: bool
    rebuild: str | None
    users: int
    filling: dict[str, Any] | None


class Generations:
    """All that one shard knows.  Events may be taken by any thread, and searches run in any."""

    def __init__(
        self, shelf: Shelf, *, shard: int, shards: int, clock_s: Callable[[], float]
    ) -> None:
        self._shelf = shelf
        self._shard, self._shards = shard, shards
        self._clock_s = clock_s
        self._forget_at_s = 0.0
        self._turn = threading.Lock()
        self._serving, self._filling = self._found()

    def _found(self) -> tuple[Draft, Draft | None]:
        """Go on with what is on the shelf; of what a crash left double, the newer stays."""
        drafts = [Draft(name, index) for name, index in self._shelf.opened().items()]
        ready = [draft for draft in drafts if not draft.state.is_filling]
        begun = [draft for draft in drafts if draft.state.is_filling]
        serving = max(ready, key=_age, default=None)
        filling = max(begun, key=_age, default=None)
        for draft in drafts:
            if draft not in (serving, filling):
                self._shelf.remove(draft.name)
        if serving is None:
            serving = Draft(*self._shelf.create(State()))
        return serving, filling

    @property
    def is_complete(self) -> bool:
        """Whether all users of this shard can be found."""
        return self._serving.index.state.is_complete

    def search(self, query: Sequence[str], *, after: int, limit: int) -> list[Hit]:
        """Return whom the words find, from above the place `after` on."""
        return self._serving.index.search(query, after=after, limit=limit)

    def status(self) -> Status:
        """Return how far the shard is."""
        serving, draft = self._serving.index, self._filling
        filling = {"rebuild": draft.state.rebuild, "users": draft.index.users()} if draft else None
        return Status(
            is_complete=serving.state.is_complete,
            rebuild=serving.state.rebuild,
            users=serving.users(),
            filling=filling,
        )

    def take(self, news: Iterable[News]) -> None:
        """Learn from events; all of it lasts when this returns."""
        with self._turn:
            for each in news:
                self._take(each)
            self._forget_if_due()
            self._commit()

    @property
    def is_new(self) -> bool:
        """Whether nothing has ever been heard here."""
        return self._serving.state == State() and not self._serving.index.users()

    def note_gap(self, *, of_users: bool, upto: str | None) -> None:
        """Know that events were missed, of users or else announcements.

        Rebuilds up to this one (None: none has begun) make no good: they too have missed some.
        """
        with self._turn:
            begun = self._filling.state.rebuild if self._filling is not None else None
            over = max(upto or "", begun or "", self._serving.state.passed_over or "")
            self._end_filling()
            self._serving.state = replace(self._serving.state, passed_over=over or None)
            if of_users:
                self._serving.state = replace(self._serving.state, is_complete=False)
            self._serving.commit()

    def _take(self, news: News) -> None:
        match news:
            case Entry() if self._is_ours(news):
                for draft in (self._serving, self._filling):
                    if draft is not None:
                        draft.learn(news)
            case Announced():
                draft = self._made_by(news.rebuild, news.at_s)
                if draft is not None and self._is_ours(news.entry):
                    draft.learn(news.entry)
            case AllAnnounced():
                draft = self._made_by(news.rebuild, news.at_s)
                if draft is not None and draft is self._filling:
                    self._end_source(draft, news)
            case Cleared():
                self._begin_anew(rebuild_id(news.at_ms, ""))

    def _begin_anew(self, upto: str) -> None:
        """Forget everybody, unless a rebuild has begun since: it will end with who is there."""
        if not all(is_newer(upto, than) for than in self._outdated()):
            return
        self._end_filling()
        outdated = self._serving
        outdated.commit()
        self._serving = Draft(*self._shelf.create(State(passed_over=upto)))
        self._shelf.remove(outdated.name)

    def _is_ours(self, entry: Entry) -> bool:
        return shard_of_user(entry.user_id, self._shards) == self._shard

    def _made_by(self, rebuild: str, at_s: float) -> Draft | None:
        """Return what this rebuild makes, which begins if it is news; None if it is outdated."""
        for draft in (self._serving, self._filling):
            if draft is not None and draft.state.rebuild == rebuild:
                return draft
        if not all(is_newer(rebuild, than) for than in self._outdated()):
            return None
        self._end_filling()
        self._serving.commit()  # and so it says what has changed
        self._filling = Draft(*self._shelf.create(State(rebuild=rebuild, is_filling=True)))
        for entry in self._serving.index.changed_since(at_s - INHERITED_S):
            self._filling.learn(entry)
        log.info("rebuild %s has begun", rebuild)
        return self._filling

    def _outdated(self) -> tuple[str | None, ...]:
        """Return rebuilds which, with those before them, are over."""
        serving = self._serving.state
        begun = self._filling.state.rebuild if self._filling is not None else None
        return begun, serving.rebuild, serving.passed_over

    def _end_filling(self) -> None:
        if self._filling is not None:
            self._shelf.remove(self._filling.name)
            self._filling = None

    def _end_source(self, draft: Draft, news: AllAnnounced) -> None:
        sources = draft.state.sources | {news.source}
        draft.state = replace(draft.state, sources=sources)
        if len(sources) < news.sources:
            return
        draft.state = replace(draft.state, is_filling=False, is_complete=True)
        draft.commit()
        outdated, self._serving, self._filling = self._serving, draft, None
        self._shelf.remove(outdated.name)
        log.info("rebuild %s has ended: %d users", news.rebuild, draft.index.users())

    def _commit(self) -> None:
        """Commit both.  The one that serves is last: what it finds, the other one has."""
        for draft in (self._filling, self._serving):
            if draft is not None:
                draft.commit()

    def _forget_if_due(self) -> None:
        now_s = self._clock_s()
        if self._filling is None and now_s >= self._forget_at_s:
            self._forget_at_s = now_s + FORGET_S
            self._serving.index.forget_gone(now_s - GONE_KEPT_S)


def _age(draft: Draft) -> tuple[bool, str]:
    return draft.state.is_complete, draft.state.rebuild or ""
