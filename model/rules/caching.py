"""What a shared cache may keep of an answer, and for how long (a subset of RFC 9111).

`immutable` (RFC 8246) asks for nothing here: what is fresh is never asked for again, whatever a
client says, or anybody could make an edge ask its origin.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

# In either case a client may well be told otherwise in a moment: what it named is being stored.
BRIEF_STATUSES = frozenset({308, 404})
BRIEF_S = 2
# While the origin is away; as long as people take to mend it, and no longer than a page may lie.
STALE_ON_ERROR_S = 300
STALE_ON_ERROR_S_MAX = 86_400  # whatever the origin says (RFC 5861, section 4)
SECONDS_MAX = 2**31  # RFC 9111, section 1.2.2: what is longer means this
OBJECT_SHARE = 1 / 8  # of a cache that one object may take, or a few would push out all others
IMAGE_TYPES = ("image/avif", "image/webp")  # that not everybody takes, so answers may depend on it

_DIRECTIVE = re.compile(r'([!#$%&\'*+.^_`|~0-9A-Za-z-]+)(?:=("(?:[^"\\]|\\.)*"|[^\s,"]*))?')
_WEIGHT_ZERO = re.compile(r"q=0(?:\.0{0,3})?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheControl:
    """What a `Cache-Control` header tells a shared cache; None where it says nothing."""

    max_age_s: int | None = None
    shared_max_age_s: int | None = None
    stale_on_error_s: int | None = None
    is_no_store: bool = False
    is_no_cache: bool = False
    is_private: bool = False
    must_revalidate: bool = False


def cache_control(header: str) -> CacheControl:
    """Read the header; what is unknown is passed over, and times that are none are 0.

    Of a directive that comes twice the first counts (RFC 9111, section 4.2.1).

    >>> cache_control("public, max-age=60, immutable").max_age_s
    60
    """
    said: dict[str, str] = {}
    for name, value in _DIRECTIVE.findall(header):
        said.setdefault(name.lower(), value.strip('"'))
    return CacheControl(
        max_age_s=_seconds(said, "max-age"),
        shared_max_age_s=_seconds(said, "s-maxage"),
        stale_on_error_s=_seconds(said, "stale-if-error"),
        is_no_store="no-store" in said,
        is_no_cache="no-cache" in said,
        is_private="private" in said,
        must_revalidate=bool(said.keys() & {"must-revalidate", "proxy-revalidate", "s-maxage"}),
    )


def lifetime_s(status: int, control: CacheControl) -> int:
    """Return for how long an answer is fresh: as the origin says, and nothing is guessed.

    >>> lifetime_s(200, cache_control("max-age=60, s-maxage=10")), lifetime_s(404, CacheControl())
    (10, 2)
    """
    if control.is_no_cache:
        return 0
    said_s = control.max_age_s if control.shared_max_age_s is None else control.shared_max_age_s
    if status in BRIEF_STATUSES:
        return BRIEF_S if said_s is None else min(said_s, BRIEF_S)
    return said_s or 0


def stale_on_error_s(control: CacheControl) -> int:
    """Return for how long, once stale, an answer stands in for an origin that is away."""
    if control.is_no_cache or control.must_revalidate:
        return 0
    if control.stale_on_error_s is None:
        return STALE_ON_ERROR_S
    return min(control.stale_on_error_s, STALE_ON_ERROR_S_MAX)


def may_store(status: int, headers: Mapping[str, str]) -> bool:
    """Say whether a shared cache may keep this answer to a GET, and is helped by it.

    `headers` are those of the answer that bear on it, by lower-case name.
    """
    control = cache_control(headers.get("cache-control", ""))
    if control.is_no_store or control.is_private or varying(headers.get("vary", "")) is None:
        return False
    if status in BRIEF_STATUSES:
        return lifetime_s(status, control) > 0
    is_of_use = lifetime_s(status, control) > 0 or bool(headers.get("etag"))
    return status == 200 and is_of_use


def varying(vary: str) -> tuple[str, ...] | None:
    """Return the request headers that the answer depends on; None if on more than headers.

    >>> varying("Accept, accept-language"), varying("*")
    (('accept', 'accept-language'), None)
    """
    names = {name.strip().lower() for name in vary.split(",")} - {""}
    return None if "*" in names else tuple(sorted(names))


def is_selected(selecting: Mapping[str, str], told: Mapping[str, str]) -> bool:
    """Say whether an answer to a request that said `selecting` is one to this request, too.

    >>> is_selected({"accept": "image/webp"}, {"accept": "*/*"})
    False
    """
    return all(told.get(name, "") == value for name, value in selecting.items())


def age_s(*, age_on_arrival_s: float, received_s: float, now_s: float) -> float:
    """Return how old an answer is (RFC 9111, section 4.2.3), even if the clock has gone back.

    `age_on_arrival_s` is its `Age` header and the time that the origin took to answer.
    """
    return age_on_arrival_s + max(0.0, now_s - received_s)


def age_on_arrival_s(age: str, *, took_s: float) -> float:
    """Return how old an answer was when it came: what its `Age` says, if it can be read."""
    said_s = min(int(age), SECONDS_MAX) if _is_number(age) else 0
    return said_s + max(0.0, took_s)


def normal_accept(accept: str) -> str:
    """Return what the origin is told instead of a client's `Accept`: one of four texts.

    Browsers write theirs in many ways, and each would have copies of its own.

    >>> normal_accept("text/html, image/webp;q=0.8, */*"), normal_accept("image/*;q=0.5")
    ('image/webp, */*', '*/*')
    """
    taken = []
    for media_range in accept.lower().split(","):
        kind, *parameters = (part.strip() for part in media_range.split(";"))
        if not any(_WEIGHT_ZERO.fullmatch(parameter) for parameter in parameters):
            taken.append(kind)
    return ", ".join([*(kind for kind in IMAGE_TYPES if kind in taken), "*/*"])


def _seconds(said: Mapping[str, str], name: str) -> int | None:
    if name not in said:
        return None
    return min(int(said[name]), SECONDS_MAX) if _is_number(said[name]) else 0


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 20
