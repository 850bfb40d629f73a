"""The contents that an `If-None-Match` header names (RFC 9110, section 13.1.2)."""

from __future__ import annotations

import re
from collections.abc import Sequence

_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_LIST = re.compile(rf"[ \t,]*{_TAG}(?:[ \t]*,[ \t,]*{_TAG})*[ \t,]*")  # with empty elements, 5.6.1
_ONE = re.compile(_TAG)


def names(headers: Sequence[str], etag: str) -> bool:
    """Say whether the header, sent in one or several lines, is `*` or has this ETag in its list.

    The comparison is the weak one: `W/` makes no difference.  What is no list of ETags names
    nothing.

    >>> names(['"a", W/"b"'], '"b"'), names(["*"], '"b"'), names(['"ab"'], '"b"')
    (True, True, False)
    """
    text = ", ".join(headers)
    if text.strip() == "*":
        return True
    if not _LIST.fullmatch(text):
        return False
    return etag.removeprefix("W/") in {tag.removeprefix("W/") for tag in _ONE.findall(text)}
