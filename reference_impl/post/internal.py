"""What the post service answers to other services."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from model.rules.influencers import Delivery
from reference_impl.chassis.errors import BadRequest
from reference_impl.chassis.fields import id_of
from reference_impl.chassis.requests import json_object
from reference_impl.post.authors import AUTHORS_MAX, IDS_MAX, MERGE_AUTHORS_MAX, AuthorsService
from reference_impl.post.handlers import SERVICE, body_of
from reference_impl.post.service import POSTS_MAX

BODY_BYTES_MAX = 256 << 10  # 5,001 ids take 115 kB

AUTHORS = web.AppKey("authors_service", AuthorsService)

routes = web.RouteTableDef()


@routes.get("/internal/posts")
async def posts(request: web.Request) -> web.Response:
    """GET /internal/posts?ids=1,2,3 -> {"posts": [...]}, those missing left out."""
    texts = request.query.get("ids", "").split(",", POSTS_MAX)
    if len(texts) > POSTS_MAX:
        raise BadRequest(f"ids must name at most {POSTS_MAX} posts")
    post_ids = [id_of(text, "each of ids") for text in texts]
    found = await request.app[SERVICE].posts(post_ids)
    return web.json_response({"posts": [body_of(post) for post in found]})


@routes.post("/internal/posts/by-authors")
async def by_authors(request: web.Request) -> web.Response:
    """POST {"author_ids", "before" or null, "limit", "deliveries" or null} -> {"ids": [...]}.

    The newest posts of all these authors together, newest first.
    """
    body = await json_object(request, bytes_max=BODY_BYTES_MAX)
    before = body.get("before")
    ids = await request.app[AUTHORS].newest(
        _author_ids_of(body),
        before=None if before is None else id_of(before, "before"),
        limit=_limit_of(body),
        deliveries=_deliveries_of(body),
    )
    return web.json_response({"ids": _texts_of(ids)})


@routes.post("/internal/posts/lists")
async def lists(request: web.Request) -> web.Response:
    """POST {"author_ids", "limit", "deliveries" or null} -> {"lists": {author: [...]}}.

    The newest posts of each of these authors, newest first.
    """
    body = await json_object(request, bytes_max=BODY_BYTES_MAX)
    found = await request.app[AUTHORS].newest_of_each(
        _author_ids_of(body), limit=_limit_of(body), deliveries=_deliveries_of(body)
    )
    return web.json_response(
        {"lists": {str(author): _texts_of(ids) for author, ids in found.items()}}
    )


@routes.post("/internal/posts/rates")
async def rates(request: web.Request) -> web.Response:
    """POST {"author_ids"} -> {"per_day": {author: posts a day}}."""
    body = await json_object(request, bytes_max=BODY_BYTES_MAX)
    found = await request.app[AUTHORS].posts_per_day(_author_ids_of(body))
    return web.json_response({"per_day": {str(author): rate for author, rate in found.items()}})


@routes.get("/internal/merge-authors")
async def merge_authors(request: web.Request) -> web.Response:
    """GET /internal/merge-authors?after=&limit= -> {"ids": [... ascending]}."""
    after = id_of(request.query.get("after", "0"), "after")
    text = request.query.get("limit", str(MERGE_AUTHORS_MAX))
    if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= MERGE_AUTHORS_MAX:
        raise BadRequest(f"limit must be in 1..{MERGE_AUTHORS_MAX}, got {text[:20]!r}")
    ids = await request.app[AUTHORS].merge_authors(after=after, limit=int(text))
    return web.json_response({"ids": _texts_of(ids)})


@routes.post(r"/internal/authors/{author_id:\d+}/departure")
async def departure(request: web.Request) -> web.Response:
    """POST /internal/authors/{id}/departure -> {"departed": true}; again changes nothing.

    When it answers, nobody sees a post of this author any more.
    """
    author_id = id_of(request.match_info["author_id"], "the author in the path")
    await request.app[SERVICE].depart(author_id)
    return web.json_response({"departed": True})


def _author_ids_of(body: Mapping[str, Any]) -> list[int]:
    texts = body.get("author_ids")
    if not isinstance(texts, list) or len(texts) > AUTHORS_MAX:
        raise BadRequest(f"author_ids must be a list of at most {AUTHORS_MAX}")
    return [id_of(text, "each of author_ids") for text in texts]


def _limit_of(body: Mapping[str, Any]) -> int:
    limit = body.get("limit")
    if type(limit) is not int or not 1 <= limit <= IDS_MAX:  # to Python, true is a number too
        raise BadRequest(f"limit must be a number in 1..{IDS_MAX}")
    return limit


def _deliveries_of(body: Mapping[str, Any]) -> list[Delivery]:
    """Return the deliveries asked for, all if it is left open."""
    names = body.get("deliveries")
    if names is None:
        return list(Delivery)
    known = {delivery.value: delivery for delivery in Delivery}
    if not isinstance(names, list) or not all(name in known for name in map(str, names)):
        raise BadRequest(f"deliveries must be null or a list of: {', '.join(known)}")
    return [known[name] for name in names]


def _texts_of(ids: Sequence[int]) -> list[str]:
    return [str(identity) for identity in ids]
