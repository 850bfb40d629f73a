"""Where a browser may be sent: to paths of ours only, whatever a link or a form says."""

from __future__ import annotations

import re

CHARS_MAX = 512
HOME = "/feed"

# One slash and no second one, nor a backslash, which browsers take for one: those name a host.
_LOCAL = re.compile(rf"/(?![/\\])[!-\[\]-~]{{0,{CHARS_MAX - 1}}}")


def local_path(text: str, *, otherwise: str = HOME) -> str:
    r"""Return the path with its query if it is one of ours to be looked at, else the other one.

    >>> local_path("/photos/7?a=b"), local_path("//example.org"), local_path("/\\example.org")
    ('/photos/7?a=b', '/feed', '/feed')
    """
    is_ours = _LOCAL.fullmatch(text) and "/." not in text and not text.startswith("/do/")
    return text if is_ours else otherwise
