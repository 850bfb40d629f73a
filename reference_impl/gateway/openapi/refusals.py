"""Which refusals a route can answer, told from the route; and the headers that come with them."""

from __future__ import annotations

from reference_impl.chassis.forms import FORM_BYTES_MAX
from reference_impl.gateway.openapi.parts import PROBLEM, Json, header, schema
from reference_impl.gateway.routes import PublicRoute, Who

MEANING_OF = {
    400: "The request does not say what it must, or says what it must not.",
    401: "There is no token, or it is no longer valid; at login: the password is wrong.",
    403: "You may not do this: the path names another user, or the two of you are blocked.",
    404: "There is nothing by this name, or nothing that you may see.",
    409: "What is stored stands against it: a name is taken, a list is full, a change under way.",
    413: "The body is longer than this route takes; where it takes none, there is one.",
    415: "The body, or a file in it, is of a type that this route does not take.",
    416: "The range lies beyond the end.",
    422: "The Idempotency-Key was sent before, with another body; or an image is damaged.",
    429: "You have asked too often.",
    502: "A service failed to answer.",
    503: "A part of the system is away or full; the request may be sent again.",
}
_HEADERS_OF = {
    401: ("WWW-Authenticate",),
    416: ("Content-Range",),
    429: ("Retry-After", "RateLimit", "RateLimit-Policy"),
    503: ("Retry-After",),
}


def statuses_of(route: PublicRoute) -> set[int]:
    """Return the statuses of the refusals that any route like this one has."""
    statuses = {413, 502, 503}
    if route.body_bytes_max:
        statuses |= {400, 415}
    if route.who is not Who.NOBODY:
        statuses |= {401, 429}
    if route.who is Who.OWNER:
        statuses |= {403}
    if "{" in route.path:
        statuses |= {404}
    if route.limits:
        statuses |= {429}
    if route.body_bytes_max == FORM_BYTES_MAX:
        statuses |= {422}
    if route.creates:
        statuses |= {409, 422}
    return statuses


def refusal(status: int) -> Json:
    """Return the reference to the refusal with this status."""
    return {"$ref": f"#/components/responses/{_name(status)}"}


def refusals() -> Json:
    """Return every refusal by its name."""
    return {_name(status): _refusal(status) for status in MEANING_OF}


def _refusal(status: int) -> Json:
    names = ("X-Request-Id", "Cache-Control", *_HEADERS_OF.get(status, ()))
    headers = {name: header(name) for name in names}
    if status == 409:
        headers["Retry-After"] = header("RetryAfterIfAny")
    return {
        "description": MEANING_OF[status],
        "headers": headers,
        "content": {PROBLEM: {"schema": schema("Problem")}},
    }


def _name(status: int) -> str:
    return f"Refusal{status}"
