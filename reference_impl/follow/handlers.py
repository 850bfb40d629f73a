"""What the follow service answers."""

from __future__ import annotations

import re

from aiohttp import web

from reference_impl.chassis.errors import BadRequest
from reference_impl.chassis.fields import id_of
from reference_impl.chassis.requests import json_object, user_id_of
from reference_impl.follow.service import FOLLOWERS_PAGE_MAX, FollowService

SERVICE = web.AppKey("follow_service", FollowService)

routes = web.RouteTableDef()


@routes.post(r"/user/{user_id:\d+}/follow")
async def follow(request: web.Request) -> web.Response:
    """POST /user/{id}/follow {"target_id"} -> {"following": true}."""
    return await _set_following(request, following=True)


@routes.post(r"/user/{user_id:\d+}/unfollow")
async def unfollow(request: web.Request) -> web.Response:
    """POST /user/{id}/unfollow {"target_id"} -> {"following": false}."""
    return await _set_following(request, following=False)


async def _set_following(request: web.Request, *, following: bool) -> web.Response:
    follower_id = user_id_of(request)
    target_id = id_of((await json_object(request)).get("target_id"), "target_id")
    await request.app[SERVICE].set_following(follower_id, target_id, following=following)
    return web.json_response({"following": following})


@routes.get(r"/internal/users/{subject_id:\d+}/followees")
async def followees(request: web.Request) -> web.Response:
    """GET /internal/users/{id}/followees -> {"ids": [...]}."""
    ids = await request.app[SERVICE].followees(_subject_id_of(request))
    return web.json_response({"ids": [str(identity) for identity in ids]})


@routes.get(r"/internal/users/{subject_id:\d+}/followers")
async def followers(request: web.Request) -> web.Response:
    """GET /internal/users/{id}/followers?after=&limit= -> {"ids": [... ascending]}."""
    subject_id = _subject_id_of(request)
    after = id_of(request.query.get("after", "0"), "after")
    limit = _followers_limit_of(request.query.get("limit", str(FOLLOWERS_PAGE_MAX)))
    ids = await request.app[SERVICE].followers(subject_id, after=after, limit=limit)
    return web.json_response({"ids": [str(identity) for identity in ids]})


@routes.get(r"/internal/users/{subject_id:\d+}/follower-count")
async def follower_count(request: web.Request) -> web.Response:
    """GET /internal/users/{id}/follower-count -> {"count": n}."""
    count = await request.app[SERVICE].follower_count(_subject_id_of(request))
    return web.json_response({"count": count})


def _subject_id_of(request: web.Request) -> int:
    return id_of(request.match_info["subject_id"], "the user in the path")


def _followers_limit_of(text: str) -> int:
    if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= FOLLOWERS_PAGE_MAX:
        raise BadRequest(f"limit must be in 1..{FOLLOWERS_PAGE_MAX}, got {text[:20]!r}")
    return int(text)
