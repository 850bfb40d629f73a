"""What a page is put together from: lists of post ids that are whole down to some id, not below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from model.rules.ids import ID_MAX
from model.rules.timelines import newsfeed_page


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The newest ids of one list, newest first; every id that belongs there and is above `floor`.

    A list that is whole has the floor 0.
    """

    ids: Sequence[int]
    floor: int


NOWHERE = Source(ids=(), floor=ID_MAX)  # a list that is not there: nothing is known to be whole


def page_of(sources: Iterable[Source], *, limit: int) -> list[int]:
    """Return the newest `limit` ids of all sources, each once, newest first.

    >>> page_of([Source(ids=[9, 5], floor=0), Source(ids=[8, 5], floor=3)], limit=3)
    [9, 8, 5]
    """
    return newsfeed_page((), [source.ids for source in sources], before=None, limit=limit)


def leaves_gap(source: Source, page: Sequence[int], *, limit: int) -> bool:
    """Say whether ids that the source does not know of may belong on this page of `limit`.

    They are all below its floor: a full page that ends above that needs none of them.

    >>> leaves_gap(Source(ids=[9], floor=7), [9, 8], limit=2)
    False
    """
    return source.floor > 0 and (len(page) < limit or page[-1] < source.floor)
