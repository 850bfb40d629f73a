"""The pages that are looked at: feed, people, photos and search."""

from __future__ import annotations

from aiohttp import web

from reference_impl.gateway.routes import ID_PATTERN
from reference_impl.web.incoming import PAGES, signed_in, visitor_of
from reference_impl.web.rendering import page
from reference_impl.web.service import QUERY_CHARS_MAX

routes = web.RouteTableDef()


@routes.get("/")
async def home(request: web.Request) -> web.Response:
    """GET / -> the feed of who is signed in; else what this is."""
    if visitor_of(request).is_signed_in:
        return web.Response(status=303, headers={"Location": "/feed"})
    return page(request, "landing.html")


@routes.get("/do/{deed}")
async def nothing_to_see(_: web.Request) -> web.Response:
    """GET /do/… -> the beginning: a refused form was shown there, and its address taken."""
    return web.Response(status=303, headers={"Location": "/"})


@routes.get("/feed")
async def feed(request: web.Request) -> web.Response:
    """GET /feed?cursor=&fragment= -> the newsfeed; `newest` is only what a script asks for."""
    visitor, pages = signed_in(request), request.app[PAGES]
    if request.query.get("fragment") == "newest":
        return web.json_response({"newest": await pages.newest(visitor)})
    cursor = request.query.get("cursor", "")
    posts = await pages.feed(visitor, cursor)
    template = _whole_or_part(request, "feed.html", "feed_part.html")
    return page(request, template, posts=posts, is_first=not cursor)


@routes.get(f"/people/{{user_id:{ID_PATTERN}}}")
async def person(request: web.Request) -> web.Response:
    """GET /people/{id}?cursor=&fragment= -> a person and their posts."""
    visitor, user_id = signed_in(request), request.match_info["user_id"]
    cursor = request.query.get("cursor", "")
    profile = await request.app[PAGES].profile(visitor, user_id, cursor)
    template = _whole_or_part(request, "person.html", "grid_part.html")
    return page(request, template, person=profile.person, posts=profile.page, is_first=not cursor)


@routes.get(f"/photos/{{post_id:{ID_PATTERN}}}")
async def photo(request: web.Request) -> web.Response:
    """GET /photos/{id}?fragment= -> one post."""
    visitor, post_id = signed_in(request), request.match_info["post_id"]
    post = await request.app[PAGES].post(visitor, post_id)
    return page(request, _whole_or_part(request, "photo.html", "photo_part.html"), post=post)


@routes.get("/find")
async def find(request: web.Request) -> web.Response:
    """GET /find?q=&cursor=&fragment= -> people by name."""
    visitor = signed_in(request)
    query = request.query.get("q", "").strip()[:QUERY_CHARS_MAX]
    cursor = request.query.get("cursor", "")
    found = await request.app[PAGES].found(visitor, query, cursor)
    template = _whole_or_part(request, "find.html", "find_part.html")
    return page(request, template, found=found, query=query, is_first=not cursor)


def _whole_or_part(request: web.Request, whole: str, part: str) -> str:
    """Return the template of the page, or of that part of it that a script puts into one."""
    return part if "fragment" in request.query else whole
