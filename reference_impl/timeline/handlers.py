"""What the timeline service answers."""

from __future__ import annotations

from aiohttp import web
from yarl import URL

from reference_impl.chassis.fields import limit_of
from reference_impl.chassis.requests import user_id_of
from reference_impl.timeline.cursors import Cursors
from reference_impl.timeline.service import TimelineService

SERVICE = web.AppKey("timeline_service", TimelineService)
CURSORS = web.AppKey("cursors", Cursors)
PAGE_LIMIT = web.AppKey("page_limit", int)

routes = web.RouteTableDef()


@routes.get(r"/user/{user_id:\d+}/newsfeed")
async def newsfeed(request: web.Request) -> web.Response:
    """GET /user/{id}/newsfeed?limit=&cursor= -> {"posts": [...], "next": cursor or null}."""
    user_id = user_id_of(request)
    limit = limit_of(request.query, request.app[PAGE_LIMIT])
    cursor = request.query.get("cursor")
    before = None if cursor is None else request.app[CURSORS].read(user_id, cursor)
    page = await request.app[SERVICE].newsfeed(user_id, before=before, limit=limit)
    if page.last_scanned is None:
        return web.json_response({"posts": page.posts, "next": None})
    following = request.app[CURSORS].write(user_id, page.last_scanned)
    link = URL(request.path).with_query(limit=limit, cursor=following)
    headers = {"Link": f'<{link}>; rel="next"'}
    return web.json_response({"posts": page.posts, "next": following}, headers=headers)
