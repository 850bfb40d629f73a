"""What the timeline service answers."""

from __future__ import annotations

from aiohttp import web

from reference_impl.chassis.cursors import Cursors
from reference_impl.chassis.fields import id_of, limit_of
from reference_impl.chassis.pages import page_response
from reference_impl.chassis.requests import json_object, user_id_of
from reference_impl.timeline.metrics import PAGES, PAGES_WITHOUT_STORE
from reference_impl.timeline.service import Page, TimelineService

FEED_SOURCE = "Feed-Source"  # where the posts of the page were found; see scan.FeedSource
PURPOSE = "newsfeed"  # of cursors

SERVICE = web.AppKey("timeline_service", TimelineService)
CURSORS = web.AppKey("cursors", Cursors)
PAGE_LIMIT = web.AppKey("page_limit", int)

routes = web.RouteTableDef()


@routes.get(r"/user/{user_id:\d+}/newsfeed")
async def newsfeed(request: web.Request) -> web.Response:
    """GET /user/{id}/newsfeed?limit=&cursor= -> {"posts": [...], "next": cursor or null}."""
    user_id, cursors = user_id_of(request), request.app[CURSORS]
    limit = limit_of(request.query, request.app[PAGE_LIMIT])
    cursor = request.query.get("cursor")
    before = None if cursor is None else cursors.read(PURPOSE, user_id, cursor)
    page = await request.app[SERVICE].newsfeed(user_id, before=before, limit=limit)
    _count(page)
    last = page.last_scanned
    return page_response(
        request,
        "posts",
        page.posts,
        following=None if last is None else cursors.write(PURPOSE, user_id, last),
        limit=limit,
        headers={FEED_SOURCE: page.source.value},
    )


@routes.post(r"/internal/users/{subject_id:\d+}/own")
async def show_own(request: web.Request) -> web.Response:
    """POST /internal/users/{id}/own {"post_id"} -> {"delivered": n}, into how many timelines."""
    subject_id = id_of(request.match_info["subject_id"], "the user in the path")
    post_id = id_of((await json_object(request)).get("post_id"), "post_id")
    delivered = await request.app[SERVICE].show_own(subject_id, post_id)
    return web.json_response({"delivered": delivered})


def _count(page: Page) -> None:
    PAGES.labels(page.source.value).inc()
    if page.is_without_store:
        PAGES_WITHOUT_STORE.inc()
