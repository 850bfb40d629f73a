"""One page of a list over HTTP: its items, and where the next page begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiohttp import hdrs, web
from yarl import URL


def page_response(
    request: web.Request,
    items_name: str,
    items: Sequence[object],
    *,
    following: str | None,
    limit: int,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    also: Mapping[str, object] | None = None,
) -> web.Response:
    """Answer {"<items_name>": [...], "next": cursor or null}, with a link to the next page.

    `following` is the cursor of that page, None for the last one; the link (RFC 8288) is
    relative, so that it holds behind every gateway.  It repeats `query`, what else was asked;
    `also` is what else is answered.
    """
    told = dict(headers or {})
    if following is not None:
        target = URL(request.path).with_query(
            {**(query or {}), "limit": limit, "cursor": following}
        )
        told[hdrs.LINK] = f'<{target}>; rel="next"'
    said = {items_name: items, "next": following, **(also or {})}
    return web.json_response(said, headers=told)
