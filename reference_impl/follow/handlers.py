"""What the follow service answers."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from model.rules.sharding import LOGICAL_SHARD_COUNT
from reference_impl.chassis.cursors import Cursors
from reference_impl.chassis.errors import BadRequest
from reference_impl.chassis.fields import id_of, limit_of
from reference_impl.chassis.pages import page_response
from reference_impl.chassis.requests import json_object, user_id_of
from reference_impl.follow.pairs import EVERY_SHARD, FOLLOWERS_PAGE_MAX, IDS_MAX, Followees
from reference_impl.follow.people import PeoplePage
from reference_impl.follow.service import FollowService

SERVICE = web.AppKey("follow_service", FollowService)
CURSORS = web.AppKey("cursors", Cursors)
PAGE_LIMIT = web.AppKey("page_limit", int)

SEQ_MAX = (1 << 63) - 1  # what PostgreSQL can count to

routes = web.RouteTableDef()


@routes.post(r"/user/{user_id:\d+}/follow")
async def follow(request: web.Request) -> web.Response:
    """POST /user/{id}/follow {"target_id"} -> {"following": true}."""
    return await _set_following(request, following=True)


@routes.post(r"/user/{user_id:\d+}/unfollow")
async def unfollow(request: web.Request) -> web.Response:
    """POST /user/{id}/unfollow {"target_id"} -> {"following": false}."""
    return await _set_following(request, following=False)


@routes.post(r"/user/{user_id:\d+}/block")
async def block(request: web.Request) -> web.Response:
    """POST /user/{id}/block {"target_id"} -> {"blocked": true}."""
    return await _set_blocked(request, blocked=True)


@routes.post(r"/user/{user_id:\d+}/unblock")
async def unblock(request: web.Request) -> web.Response:
    """POST /user/{id}/unblock {"target_id"} -> {"blocked": false}."""
    return await _set_blocked(request, blocked=False)


async def _set_following(request: web.Request, *, following: bool) -> web.Response:
    follower_id, target_id = user_id_of(request), await _target_id_of(request)
    await request.app[SERVICE].set_following(follower_id, target_id, following=following)
    return web.json_response({"following": following})


async def _set_blocked(request: web.Request, *, blocked: bool) -> web.Response:
    user_id, target_id = user_id_of(request), await _target_id_of(request)
    await request.app[SERVICE].set_blocked(user_id, target_id, blocked=blocked)
    return web.json_response({"blocked": blocked})


@routes.get(r"/user/{subject_id:\d+}/followers")
async def people_who_follow(request: web.Request) -> web.Response:
    """GET /user/{id}/followers?limit=&cursor= -> {"users": [...], "next": cursor or null}."""
    viewer_id, subject_id = user_id_of(request), _subject_id_of(request)
    where = _Where(request, f"followers:{subject_id}", viewer_id)
    page = await request.app[SERVICE].people.followers(
        subject_id, viewer_id=viewer_id, after=where.after, limit=where.limit
    )
    return where.answer(page)


@routes.get(r"/user/{subject_id:\d+}/followees")
async def people_followed(request: web.Request) -> web.Response:
    """GET /user/{id}/followees?limit=&cursor= -> {"users": [...], "next": cursor or null}."""
    viewer_id, subject_id = user_id_of(request), _subject_id_of(request)
    where = _Where(request, f"followees:{subject_id}", viewer_id)
    page = await request.app[SERVICE].people.followees(
        subject_id, viewer_id=viewer_id, after=where.after, limit=where.limit
    )
    return where.answer(page)


@routes.get(r"/user/{user_id:\d+}/blocked")
async def people_blocked(request: web.Request) -> web.Response:
    """GET /user/{id}/blocked?limit=&cursor= -> {"users": [...], "next": cursor or null}."""
    user_id = user_id_of(request)
    where = _Where(request, "blocked", user_id)
    page = await request.app[SERVICE].people.blocked(user_id, after=where.after, limit=where.limit)
    return where.answer(page)


@routes.get(r"/internal/users/{subject_id:\d+}/followees")
async def followees(request: web.Request) -> web.Response:
    """GET /internal/users/{id}/followees -> {"ids": [...], "seq": n}."""
    return _followees_response(await request.app[SERVICE].followees(_subject_id_of(request)))


@routes.post(r"/internal/users/{subject_id:\d+}/mirror")
async def mirror(request: web.Request) -> web.Response:
    """POST /internal/users/{id}/mirror {"since": n} -> {"ids": [... changed since], "seq": n}."""
    subject_id = _subject_id_of(request)
    since = _seq_of((await json_object(request)).get("since"))
    return _followees_response(await request.app[SERVICE].mirror(subject_id, since=since))


@routes.post(r"/internal/users/{subject_id:\d+}/look-for-own")
async def look_for_own(request: web.Request) -> web.Response:
    """POST /internal/users/{id}/look-for-own -> {}; the next page looks for the own posts."""
    await request.app[SERVICE].look_for_own(_subject_id_of(request))
    return web.json_response({})


@routes.get(r"/internal/users/{subject_id:\d+}/followers")
async def followers(request: web.Request) -> web.Response:
    """GET /internal/users/{id}/followers?after=&limit=&shards=lo-hi -> {"ids": [... by shard]}."""
    ids = await request.app[SERVICE].followers(
        _subject_id_of(request),
        after=id_of(request.query.get("after", "0"), "after"),
        limit=_followers_limit_of(request.query.get("limit", str(FOLLOWERS_PAGE_MAX))),
        shards=_shards_of(request.query.get("shards")),
    )
    return web.json_response({"ids": _texts(ids)})


@routes.get(r"/internal/users/{subject_id:\d+}/follower-count")
async def follower_count(request: web.Request) -> web.Response:
    """GET /internal/users/{id}/follower-count -> {"count": n}."""
    count = await request.app[SERVICE].follower_count(_subject_id_of(request))
    return web.json_response({"count": count})


@routes.get("/internal/follower-counts")
async def follower_counts(request: web.Request) -> web.Response:
    """GET /internal/follower-counts?ids=1,2 -> {"counts": {id: {"followers", "version"}}}.

    Whom nobody ever followed may be left out.
    """
    counts = await request.app[SERVICE].follower_counts(_ids_of(request))
    told = {
        str(user_id): {"followers": count.followers, "version": count.version}
        for user_id, count in counts.items()
    }
    return web.json_response({"counts": told})


@routes.get(r"/internal/users/{subject_id:\d+}/hidden")
async def hidden(request: web.Request) -> web.Response:
    """GET /internal/users/{id}/hidden?ids=1,2 -> {"ids": [those across a block]}."""
    found = await request.app[SERVICE].hidden_among(_subject_id_of(request), _ids_of(request))
    return web.json_response({"ids": _texts(found)})


@routes.get(r"/internal/users/{subject_id:\d+}/follows")
async def followed(request: web.Request) -> web.Response:
    """GET /internal/users/{id}/follows?ids=1,2 -> {"ids": [those whom the user follows]}."""
    found = await request.app[SERVICE].followed_among(_subject_id_of(request), _ids_of(request))
    return web.json_response({"ids": _texts(found)})


class _Where:
    """Which page of a list a request asks for, and the answer with the cursor of the next."""

    def __init__(self, request: web.Request, purpose: str, reader_id: int) -> None:
        self._request = request
        self._list = (purpose, reader_id)
        self._cursors = request.app[CURSORS]
        cursor = request.query.get("cursor")
        self.limit = limit_of(request.query, request.app[PAGE_LIMIT])
        self.after = 0 if cursor is None else self._cursors.read(*self._list, cursor)

    def answer(self, page: PeoplePage) -> web.Response:
        """Return the page of people."""
        following = None if page.last is None else self._cursors.write(*self._list, page.last)
        return page_response(
            self._request, "users", page.users, following=following, limit=self.limit
        )


def _followees_response(followees: Followees) -> web.Response:
    return web.json_response({"ids": _texts(followees.ids), "seq": followees.seq})


def _texts(ids: list[int]) -> list[str]:
    return [str(identity) for identity in ids]


async def _target_id_of(request: web.Request) -> int:
    body = await json_object(request, fields=("target_id",))
    return id_of(body.get("target_id"), "target_id")


def _ids_of(request: web.Request) -> list[int]:
    texts = request.query.get("ids", "").split(",", IDS_MAX)
    if len(texts) > IDS_MAX:
        raise BadRequest(f"ids must name at most {IDS_MAX} users")
    return [id_of(text, "each of ids") for text in texts]


def _subject_id_of(request: web.Request) -> int:
    return id_of(request.match_info["subject_id"], "the user in the path")


def _seq_of(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= SEQ_MAX:
        raise BadRequest(f"since must be a whole number in 0..{SEQ_MAX}")
    return value


def _followers_limit_of(text: str) -> int:
    if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= FOLLOWERS_PAGE_MAX:
        raise BadRequest(f"limit must be in 1..{FOLLOWERS_PAGE_MAX}, got {text[:20]!r}")
    return int(text)


def _shards_of(text: str | None) -> range:
    if text is None:
        return EVERY_SHARD
    bounds = re.fullmatch("([0-9]{1,4})-([0-9]{1,4})", text)
    if bounds is None or not int(bounds[1]) <= int(bounds[2]) < LOGICAL_SHARD_COUNT:
        raise BadRequest(
            f"shards must be lo-hi within 0-{LOGICAL_SHARD_COUNT - 1}, got {text[:20]!r}"
        )
    return range(int(bounds[1]), int(bounds[2]) + 1)
