"""Which box answers a request: an edge, the pages, or a gateway; all by method and path."""

from __future__ import annotations

EDGE, PAGES, GATEWAY = "cdn", "web", "gateway"  # as the settings and the address book name them
BOXES = (EDGE, PAGES, GATEWAY)

_READING = frozenset({"GET", "HEAD"})
_AT_EDGES = ("/media/", "/static/")
_PAGES = frozenset({"/", "/register", "/login", "/feed", "/find", "/new", "/settings"})
_BELOW_PAGES = ("/people/", "/photos/")
_FORMS = "/do/"


def box_for(method: str, path: str) -> str:
    """Return who answers; what no edge and no page does is the API's, also to refuse.

    >>> box_for("GET", "/login"), box_for("POST", "/login"), box_for("POST", "/do/login")
    ('web', 'gateway', 'web')
    >>> box_for("HEAD", "/media/0a.jpg"), box_for("PUT", "/media/0a.jpg")
    ('cdn', 'gateway')
    """
    if path.startswith(_FORMS):
        return PAGES
    if method not in _READING:
        return GATEWAY
    if path.startswith(_AT_EDGES):
        return EDGE
    if path in _PAGES or path.startswith(_BELOW_PAGES):
        return PAGES
    return GATEWAY
