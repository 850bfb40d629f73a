"""Following and blocking, and their opposites."""

from __future__ import annotations

from aiohttp import web

from reference_impl.chassis.fields import id_of
from reference_impl.web.incoming import GATEWAY, NEXT, filled_in, see, signed_in
from reference_impl.web.local_paths import local_path

routes = web.RouteTableDef()


@routes.post("/do/{change:follow|unfollow}")
async def follow_or_not(request: web.Request) -> web.Response:
    """POST /do/follow, /do/unfollow -> 303 to where the form was."""
    user_id, after = await _changed(request)
    return see(local_path(after, otherwise=f"/people/{user_id}"))


@routes.post("/do/block")
async def block(request: web.Request) -> web.Response:
    """POST /do/block -> 303 to the feed: the page of who is blocked is gone."""
    await _changed(request, "block")
    return see("/feed", said="blocked")


@routes.post("/do/unblock")
async def unblock(request: web.Request) -> web.Response:
    """POST /do/unblock -> 303 to the person's page, which can be seen again."""
    user_id, _ = await _changed(request, "unblock")
    return see(f"/people/{user_id}", said="unblocked")


async def _changed(request: web.Request, change: str = "") -> tuple[int, str]:
    """Have the API do what the form asks for; return to whom, and where to go afterwards."""
    visitor = signed_in(request)
    form = await filled_in(request, ("user_id",))
    user_id = id_of(form.texts.get("user_id"), "user_id")
    path = f"/user/{visitor.user_id}/{change or request.match_info['change']}"
    await request.app[GATEWAY].post(visitor, path, {"target_id": str(user_id)})
    return user_id, form.texts.get(NEXT, "")
