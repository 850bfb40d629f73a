"""Headers of answers, and parameters of requests, that several operations share."""

from __future__ import annotations

from model.rules.search import QUERY_CHARS_MAX
from model.rules.timelines import PAGE_LIMIT_MAX
from reference_impl.chassis.callers import REQUEST_ID_PATTERN
from reference_impl.chassis.idempotency import KEY_PATTERN
from reference_impl.chassis.media_types import NAME_PATTERN
from reference_impl.gateway.openapi.parts import Json, schema

_SECONDS = {"type": "integer", "minimum": 1}


def headers() -> Json:
    """Return the headers of answers by name."""
    return {
        "X-Request-Id": _header(
            "Names this request in our logs; yours, if you sent a good one.",
            {"type": "string", "pattern": f"^{REQUEST_ID_PATTERN}$"},
        ),
        "Cache-Control": _header("Who may keep the answer.", {"type": "string"}),
        "Location": _header("Where the new thing is.", {"type": "string", "pattern": "^/"}),
        "Link": _header(
            'The next page, as rel="next"; there is none on the last one.',
            {"type": "string", "pattern": '^</[^>]*>; rel="next"$'},
            required=False,
        ),
        "Retry-After": _header("Seconds after which to ask again.", _SECONDS),
        "RetryAfterIfAny": _header(
            "Seconds after which to ask again, where time alone helps.", _SECONDS, required=False
        ),
        "RateLimit": _header(
            "The limit that was met: how many are left, for how many seconds"
            " (draft-ietf-httpapi-ratelimit-headers-10).",
            {"type": "string", "pattern": r'^"[a-z-]+";r=0;t=[1-9][0-9]*$'},
        ),
        "RateLimit-Policy": _header(
            "The limit that was met: how many in how many seconds.",
            {"type": "string", "pattern": r'^"[a-z-]+";q=[0-9]+;w=[0-9]+$'},
        ),
        "Idempotent-Replayed": _header(
            "Says that this is the answer that the first request with this key got.",
            {"const": "true"},
            required=False,
        ),
        "Feed-Source": _header(
            "From where the page came: a timeline kept ready, one built just now, or everybody's"
            " posts.",
            {"enum": ["timeline", "built", "pull"]},
        ),
        "WWW-Authenticate": _header("How to sign in.", {"const": "Bearer"}),
        "Content-Range": _header(
            "Which bytes of how many.",
            {"type": "string", "pattern": r"^bytes ([0-9]+-[0-9]+|\*)/[0-9]+$"},
        ),
        "Accept-Ranges": _header("That ranges may be asked for.", {"const": "bytes"}),
        "ETag": _header("Names the content.", {"type": "string", "pattern": '^"[0-9a-f]{64}"$'}),
        "Content-Length": _header("How long it is in bytes.", {"type": "integer", "minimum": 0}),
    }


def parameters(page_limit: int) -> Json:
    """Return the parameters of requests by name; a page has `page_limit` items unless asked."""
    return {
        "user_id": _in_path("user_id", schema("Id"), "Your own id."),
        "subject_id": _in_path("subject_id", schema("Id"), "Anybody's id."),
        "post_id": _in_path("post_id", schema("Id"), "The post."),
        "name": _in_path(
            "name",
            {"type": "string", "pattern": f"^{NAME_PATTERN}$"},
            "The hash of the content, the upload that it belongs to, and what kind it is.",
        ),
        "limit": _parameter(
            "query",
            "limit",
            {
                "type": "integer",
                "minimum": 1,
                "maximum": PAGE_LIMIT_MAX,
                "default": page_limit,
            },
            "How many items at most; a page may be shorter and yet not the last.",
        ),
        "q": _parameter(
            "query",
            "q",
            {"type": "string", "minLength": 1, "maxLength": QUERY_CHARS_MAX},
            "What people are called, where they are, or what they say of themselves; beginnings"
            " of words do, and small mistakes.",
            required=True,
        ),
        "ids": _parameter(
            "query",
            "ids",
            {"type": "string", "pattern": "^[0-9]+(,[0-9]+){0,99}$"},
            "Ids, with commas between them.",
            required=True,
        ),
        "cursor": _parameter(
            "query", "cursor", {"type": "string"}, "`next` of the page before this one."
        ),
        "Idempotency-Key": _parameter(
            "header",
            "Idempotency-Key",
            {"type": "string", "pattern": f"^{KEY_PATTERN}$"},
            "Any text that is new: sent again with it within a day, the request gets the same"
            " answer and nothing happens twice (draft-ietf-httpapi-idempotency-key-header-07).",
        ),
        "Range": _parameter("header", "Range", {"type": "string"}, "Such as `bytes=0-1023`."),
        "If-Range": _parameter("header", "If-Range", {"type": "string"}, "The ETag of that."),
        "If-None-Match": _parameter(
            "header", "If-None-Match", {"type": "string"}, "ETags that you have, or `*`."
        ),
    }


def _header(description: str, of: Json, *, required: bool = True) -> Json:
    return {"description": description, "required": required, "schema": of}


def _parameter(
    place: str, name: str, of: Json, description: str, *, required: bool = False
) -> Json:
    its = {"name": name, "in": place, "description": description, "schema": of}
    return {**its, "required": True} if required else its


def _in_path(name: str, of: Json, description: str) -> Json:
    return _parameter("path", name, of, description, required=True)
