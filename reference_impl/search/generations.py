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
from reference_impl.search.drafts import Draft
from reference_impl.search.entries import AllAnnounced, Announced, Cleared, Entry, News
from reference_impl.search.index import Hit, Shelf, State

INHERITED_S = 600.0  # before a rebuild's first word: no transaction of the user database lasts so
GONE_KEPT_S = 86_400.0  # of who is gone: for so long an older event of theirs may come again
FORGET_S = 600.0  # between two times that what was kept longer is dropped

_LAST = "~"  # token of an id that comes after those of every rebuild of its moment

log = logging.getLogger("feedtwin")


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
        self.opening = rebuild_id(round(clock_s() * 1000), _LAST)  # rebuilds up to it began before
        self._turn = threading.Lock()
        self._serving, self._filling = self._found()

    def _found(self) -> tuple[Draft, Draft | None]:
        """Go on with what is on the shelf; of what a crash left double, the newer stays.

        If any of it is lost, no rebuild that may have been filling it is told to its end here.
        """
        found = self._shelf.opened()
        drafts = [Draft(name, index) for name, index in found.items() if index is not None]
        ready = [draft for draft in drafts if not draft.state.is_filling]
        begun = [draft for draft in drafts if draft.state.is_filling]
        serving = max(ready, key=_age, default=None)
        filling = max(begun, key=_age, default=None)
        is_lost = len(drafts) < len(found) or (filling is not None and serving is None)
        if serving is None:
            serving = Draft(*self._shelf.create(State()))
        if is_lost:
            _pass_over(serving, self.opening, filling)
            filling = None
        for name in found:
            if name not in (serving.name, filling and filling.name):
                self._shelf.remove(name)
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
        serving = self._serving
        return self._filling is None and serving.state == State() and not serving.index.users()

    def note_gap(self, *, of_users: bool, upto: str | None) -> None:
        """Know that events were missed, of users or else announcements.

        Rebuilds up to this one (None: none has begun) make no good: they too have missed some.
        """
        with self._turn:
            if of_users:
                self._serving.state = replace(self._serving.state, is_complete=False)
            _pass_over(self._serving, upto, self._filling)
            self._end_filling()

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
                self._clear(news.at_s)

    def _clear(self, at_s: float) -> None:
        """Forget whoever was there; a rebuild that has begun since is of those who came after."""
        upto = rebuild_id(round(at_s * 1000), "")
        serving, filling = self._serving, self._filling
        if is_newer(upto, serving.state.rebuild):
            serving.commit()
            over = max(upto, serving.state.passed_over or "")
            self._serving = Draft(*self._shelf.create(State(passed_over=over)))
            self._shelf.remove(serving.name)
        elif not serving.clear(at_s):
            serving.state = replace(serving.state, is_complete=False)
        if filling is None:
            return
        if is_newer(upto, filling.state.rebuild) or not filling.clear(at_s):
            _pass_over(self._serving, None, filling)
            self._end_filling()

    def _is_ours(self, entry: Entry) -> bool:
        return shard_of_user(entry.user_id, self._shards) == self._shard

    def _made_by(self, rebuild: str, at_s: float) -> Draft | None:
        """Return what this rebuild makes, which begins if it is news; None if it is outdated."""
        for draft in (self._serving, self._filling):
            if draft is not None and draft.state.rebuild == rebuild:
                break
        else:
            draft = self._begun(rebuild)
        if draft is not None and draft is self._filling and not draft.state.has_inherited:
            self._serving.inherit(at_s - INHERITED_S, draft)
        return draft

    def _begun(self, rebuild: str) -> Draft | None:
        if not all(is_newer(rebuild, than) for than in self._outdated()):
            return None
        self._end_filling()
        self._filling = Draft(*self._shelf.create(State(rebuild=rebuild, is_filling=True)))
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


def _pass_over(serving: Draft, upto: str | None, filling: Draft | None) -> None:
    """Have no rebuild up to this one, nor the one that is filling, make an index from now on."""
    begun = filling.state.rebuild if filling is not None else None
    over = max(upto or "", begun or "", serving.state.passed_over or "")
    serving.state = replace(serving.state, passed_over=over or None)
    serving.commit()


def _age(draft: Draft) -> tuple[bool, str]:
    return draft.state.is_complete, draft.state.rebuild or ""
