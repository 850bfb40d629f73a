"""Which kind of request a method and path of the reference services are."""

from __future__ import annotations

import re

from model.world.scenario import Endpoint

ANY = "{any}"  # one part of a path, whatever it is
ROUTES = (
    ("POST", "/register", Endpoint.REGISTER),
    ("POST", "/login", Endpoint.LOGIN),
    ("POST", f"/user/{ANY}/post", Endpoint.POST),
    ("POST", f"/user/{ANY}/follow", Endpoint.FOLLOW),
    ("POST", f"/user/{ANY}/unfollow", Endpoint.UNFOLLOW),
    ("GET", f"/user/{ANY}/newsfeed", Endpoint.NEWSFEED),
    ("GET", f"/user/{ANY}/posts", Endpoint.PROFILE),
    ("GET", "/search", Endpoint.SEARCH),
    ("GET", f"/media/{ANY}", Endpoint.IMAGE),
)
_PATTERNS = tuple(
    (method, re.compile(path.replace(ANY, "[^/]+")), endpoint) for method, path, endpoint in ROUTES
)


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
