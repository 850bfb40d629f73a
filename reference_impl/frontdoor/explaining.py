"""What the door itself refuses of pages, as a page: who sees it has a browser and no script."""

from __future__ import annotations

from html import escape

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from reference_impl.chassis.errors import ServiceError, status_of
from reference_impl.frontdoor.routes import PAGES, box_for
from reference_impl.web.complaints import TOO_BUSY, TOO_LARGE
from reference_impl.web.policy import HEADERS_OF_ALL

# A page alone: what it looks like is asked of edges, and may be as far away as what was asked for.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>feedtwin</title>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{text}</p>
<p><a href="/">Home</a></p>
</main>
</body>
</html>
"""
_LOST = (
    "The connection was lost before the answer. It may have been done: please look before you send"
    " it again."
)
_EXPLANATIONS = {  # title and text by status; of others the refusal's own words
    413: ("Too large", TOO_LARGE),
    502: ("Nobody knows whether that worked", _LOST),
    503: ("feedtwin is catching its breath", TOO_BUSY),
}


@web.middleware
async def explaining(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what the door refuses of a page as a page; let all else rise."""
    if box_for(request.method, request.rel_url.raw_path) != PAGES:
        return await handler(request)
    try:
        return await handler(request)
    except ServiceError as error:
        answer = _explained(status_of(error), str(error))
        answer.headers.update(error.headers)
    except web.HTTPError as error:
        answer = _explained(error.status, error.reason)
        if hdrs.ALLOW in error.headers:
            answer.headers[hdrs.ALLOW] = error.headers[hdrs.ALLOW]
    return answer


def _explained(status: int, detail: str) -> web.Response:
    title, text = _EXPLANATIONS.get(status, ("That did not work", f"{detail}."))
    body = _PAGE.format(title=escape(title), text=escape(text))
    return web.Response(text=body, status=status, content_type="text/html", headers=HEADERS_OF_ALL)
