"""The set of authors whose posts are merged, in Valkey, by the functions of authors.lua."""

from __future__ import annotations

from collections.abc import Iterable

from reference_impl.chassis.errors import Full
from reference_impl.chassis.keyvalue import visiting
from reference_impl.timeline.forgetting import Forgotten
from reference_impl.timeline.functions import STATION, Functions
from reference_impl.timeline.merge_authors import KEY, KNOWN_MAX, MERGED_FOR_S, WHOLE, Known

SEARCH_S = 30.0  # longer than a search takes, which has a budget of 5 s
MARK = b"search:"  # before the token of a search for all authors, among them


class ValkeyAuthors:
    """An AuthorSet on Valkey."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._forgotten = Forgotten()

    async def add(self, author_id: int) -> None:
        """See AuthorSet."""
        try:
            await self._functions.call("feedtwin_add_author", [KEY], author_id)
        except Full as error:
            self._forgotten.count(await self._renew_or_forget(author_id), error)

    async def known(self) -> Known:
        """See AuthorSet."""
        is_whole, *told = await self._functions.call(
            "feedtwin_authors", [KEY], MERGED_FOR_S, KNOWN_MAX
        )
        if not told:
            return Known(is_whole=True, authors=None)
        [members] = told
        authors = {int(member) for member in members if not member.startswith(MARK)}
        return Known(is_whole=is_whole == 1, authors=frozenset(authors - {WHOLE}))

    async def begin(self, token: str) -> None:
        """See AuthorSet."""
        mark = MARK + token.encode()
        await self._functions.call("feedtwin_begin_search", [KEY], mark, MERGED_FOR_S, SEARCH_S)

    async def finish(self, token: str, author_ids: Iterable[int]) -> bool:
        """See AuthorSet."""
        answer = await self._functions.call(
            "feedtwin_know_authors", [KEY], MARK + token.encode(), *author_ids
        )
        return bool(answer == 1)

    async def _renew_or_forget(self, author_id: int) -> int:
        """Forget the set on a full server, unless the author is in it; return how many were."""
        try:
            sets = await self._functions.call("feedtwin_add_author_or_forget", [KEY], author_id)
        except Full:  # too full even to be given the function
            with visiting(STATION):
                sets = await self._functions.server.delete(KEY)
        return int(sets)
