"""What the search service answers."""

from __future__ import annotations

import re

from aiohttp import web

from model.rules.search import (
    QUERY_CHARS_MAX,
    QUERY_WORDS_MAX,
    WORD_CHARS_MAX,
    parts_of,
    query_words,
)
from model.rules.timelines import PAGE_LIMIT_MAX
from reference_impl.chassis.cursors import Cursors
from reference_impl.chassis.errors import BadRequest
from reference_impl.chassis.fields import limit_of, text_of
from reference_impl.chassis.pages import page_response
from reference_impl.chassis.requests import user_id_of
from reference_impl.search.generations import Generations
from reference_impl.search.service import SearchService, Shard

SERVICE = web.AppKey("search_service", SearchService)
OWN_SHARD = web.AppKey("own_shard", Shard)
GENERATIONS = web.AppKey("generations", Generations)
CURSORS = web.AppKey("cursors", Cursors)
PAGE_LIMIT = web.AppKey("page_limit", int)
WORDS_CHARS_MAX = QUERY_WORDS_MAX * (WORD_CHARS_MAX + 1)  # folded they may be longer than `q` was

routes = web.RouteTableDef()


@routes.get("/search")
async def search(request: web.Request) -> web.Response:
    """GET /search?q=&limit=&cursor= -> {"users": [...], "next": cursor or null, "complete"}."""
    viewer_id = user_id_of(request)
    text = text_of(request.query, "q", chars_max=QUERY_CHARS_MAX)
    words = _words_of(text)
    limit = limit_of(request.query, request.app[PAGE_LIMIT])
    purpose = f"search:{' '.join(words)}"
    cursors, cursor = request.app[CURSORS], request.query.get("cursor")
    after = 0 if cursor is None else cursors.read(purpose, viewer_id, cursor)
    page = await request.app[SERVICE].page(words, viewer_id=viewer_id, after=after, limit=limit)
    following = None if page.last is None else cursors.write(purpose, viewer_id, page.last)
    return page_response(
        request,
        "users",
        page.users,
        following=following,
        limit=limit,
        query={"q": text},
        also={"complete": page.is_complete},
    )


@routes.get("/internal/search")
async def search_own_shard(request: web.Request) -> web.Response:
    """GET /internal/search?q=&after=&limit= -> {"hits": [{"place", "user"}...], "complete"}."""
    text = text_of(request.query, "q", chars_max=WORDS_CHARS_MAX)
    found = await request.app[OWN_SHARD].search(
        _words_of(text), after=_after_of(request), limit=_hits_limit_of(request)
    )
    hits = [{"place": str(hit.place), "user": hit.user} for hit in found.hits]
    return web.json_response({"hits": hits, "complete": found.is_complete})


@routes.get("/internal/index")
async def index(request: web.Request) -> web.Response:
    """GET /internal/index -> {"complete", "rebuild": id or null, "users", "filling"}.

    `rebuild` is what the index that serves was made by; `filling` {"rebuild", "users"} speaks of
    the one that is being made beside it, or is null.
    """
    status = request.app[GENERATIONS].status()
    return web.json_response(
        {
            "complete": status.is_complete,
            "rebuild": status.rebuild,
            "users": status.users,
            "filling": status.filling,
        }
    )


def _words_of(text: str) -> tuple[str, ...]:
    try:
        return query_words(text)
    except ValueError as error:  # which names `q`
        raise BadRequest(str(error)) from None


def _after_of(request: web.Request) -> int:
    text = request.query.get("after", "0")
    if not re.fullmatch("[0-9]{1,22}", text):
        raise BadRequest("after must be a place")
    try:
        parts_of(int(text))
    except ValueError:
        raise BadRequest("after must be a place") from None
    return int(text)


def _hits_limit_of(request: web.Request) -> int:
    """Return how many hits are asked for: those of a page, and one that tells if it goes on."""
    text = request.query.get("limit", "")
    if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= PAGE_LIMIT_MAX + 1:
        raise BadRequest(f"limit must be in 1..{PAGE_LIMIT_MAX + 1}, got {text[:20]!r}")
    return int(text)
