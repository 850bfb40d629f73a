"""Which kind of request a method and path of the reference services are."""

from __future__ import annotations

import re

from model.world.scenario import Endpoint

_ID = "[^/]+"
_ROUTES = (
    ("POST", "/register", Endpoint.REGISTER),
    ("POST", "/login", Endpoint.LOGIN),
    ("POST", f"/user/{_ID}/post", Endpoint.POST),
    ("POST", f"/user/{_ID}/follow", Endpoint.FOLLOW),
    ("POST", f"/user/{_ID}/unfollow", Endpoint.UNFOLLOW),
    ("GET", f"/user/{_ID}/newsfeed", Endpoint.NEWSFEED),
    ("GET", f"/user/{_ID}/posts", Endpoint.PROFILE),
    ("GET", "/search", Endpoint.SEARCH),
    ("GET", f"/media/{_ID}", Endpoint.IMAGE),
)
_PATTERNS = tuple((method, re.compile(path), endpoint) for method, path, endpoint in _ROUTES)


def endpoint_of(method: str, path: str) -> Endpoint | None:
    """Return what is asked for; None for a route that no kind of request stands for.

    The path may be a template, and have a query.  Without a method, the path decides.

    >>> endpoint_of("GET", "/user/17/newsfeed?limit=20")
    <Endpoint.NEWSFEED: 'newsfeed'>
    >>> endpoint_of("", "/user/{user_id}/follow")
    <Endpoint.FOLLOW: 'follow'>
    """
    bare = path.partition("?")[0]
    for of_method, pattern, endpoint in _PATTERNS:
        if method in ("", of_method) and pattern.fullmatch(bare):
            return endpoint
    return None
