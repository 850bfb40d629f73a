"""Around every page: what was refused, as a page; who must sign in is led to where that is."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from yarl import URL

from reference_impl.chassis.errors import ServiceError, status_of
from reference_impl.chassis.health import PATHS
from reference_impl.web.complaints import TOO_BUSY, TOO_LARGE, when_again
from reference_impl.web.gateway import retry_after_s_in
from reference_impl.web.incoming import visitor_of
from reference_impl.web.refusals import Refused
from reference_impl.web.rendering import RENDERER, page

AWAY = (502, 503, 504)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A refusal as its page tells it."""

    title: str
    text: str


@web.middleware
async def explaining(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer refusals as pages, wherever they come from."""
    if request.path in PATHS:
        return await handler(request)
    try:
        return await handler(request)
    except Refused as refused:
        return explained(request, refused)
    except ServiceError as error:
        after_s = retry_after_s_in(error.headers)
        return explained(request, Refused(status_of(error), str(error), retry_after_s=after_s))
    except web.HTTPError as error:  # aiohttp's own: no such path, no such method
        answer = explained(request, Refused(error.status, error.reason))
        if hdrs.ALLOW in error.headers:
            answer.headers[hdrs.ALLOW] = error.headers[hdrs.ALLOW]
        return answer


def explained(request: web.Request, refused: Refused) -> web.Response:
    """Return the page that says what was refused, or that lets somebody sign in."""
    if refused.status == 401:
        return _to_login(request)
    answer = page(
        request,
        "error.html",
        status=refused.status,
        explanation=explanation_of(refused),
    )
    if refused.retry_after_s is not None:
        answer.headers[hdrs.RETRY_AFTER] = str(refused.retry_after_s)
    return answer


def explanation_of(refused: Refused) -> Explanation:
    """Return what happened, in words for people."""
    if refused.status == 404:
        return Explanation(
            title="There is nothing here",
            text="It may have been deleted, or it is not for you to see.",
        )
    if refused.status == 403:
        return Explanation(
            title="That was not possible",
            text="If the page has been open for long, please go back, reload it and try again.",
        )
    if refused.status == 413:
        return Explanation(title="Too large", text=TOO_LARGE)
    if refused.status == 429:
        return Explanation(title="A little too fast", text=when_again(refused))
    if refused.status in AWAY:
        return Explanation(title="feedtwin is catching its breath", text=TOO_BUSY)
    return Explanation(title="That did not work", text=refused.detail)


def _to_login(request: web.Request) -> web.Response:
    """Have the session forgotten, and lead back here from where one signs in."""
    is_look = request.method == hdrs.METH_GET and request.path != "/"
    looked_at = str(request.rel_url.without_query_params("fragment"))
    target = URL("/login").with_query({"next": looked_at} if is_look else {})
    answer = web.Response(status=303, headers={hdrs.LOCATION: str(target)})
    if visitor_of(request).is_signed_in:
        request.app[RENDERER].cookies.end_session(answer)
    return answer
