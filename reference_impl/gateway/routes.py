"""What the public may ask for, who may ask, and which service answers."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from enum import Enum

from model.rules import rate_limits
from model.rules.ids import ID_MAX
from model.rules.rate_limits import RateLimit
from reference_impl.chassis.forms import FORM_BYTES_MAX
from reference_impl.chassis.idempotency import IDEMPOTENCY_KEY
from reference_impl.chassis.media_types import NAME_PATTERN
from reference_impl.chassis.requests import JSON_BYTES_MAX

ID_PATTERN = "[1-9][0-9]{0,18}"  # one way to write an id: no sign, no leading zero
PATTERN_OF = {
    "user_id": ID_PATTERN,  # the caller's own
    "subject_id": ID_PATTERN,  # anybody's
    "post_id": ID_PATTERN,
    "name": NAME_PATTERN,
}


class Who(Enum):
    """To whom a route is answered."""

    NOBODY = "nobody"  # in particular
    SIGNED_IN = "signed in"
    OWNER = "owner"  # the user whom the path names


@dataclass(frozen=True, slots=True)
class PublicRoute:
    """One route, its path in the notation of OpenAPI."""

    method: str
    path: str
    service: str
    who: Who
    _: KW_ONLY
    body_bytes_max: int = 0
    limits: tuple[RateLimit, ...] = ()  # besides the one on everything that somebody does
    inward: tuple[str, ...] = ()  # request headers that this service gets, besides Content-Type
    creates: bool = False  # takes an Idempotency-Key

    @property
    def pattern(self) -> str:
        """Return the path in the notation of aiohttp; it matches no malformed id."""
        pattern = self.path
        for name, of_name in PATTERN_OF.items():
            pattern = pattern.replace(f"{{{name}}}", f"{{{name}:{of_name}}}")
        return pattern


def could_exist(name: str, value: str) -> bool:
    """Say whether what a path gives for `{name}` is not an id beyond all ids."""
    return PATTERN_OF.get(name) != ID_PATTERN or int(value) <= ID_MAX


_NOBODY, _SIGNED_IN, _OWNER = Who.NOBODY, Who.SIGNED_IN, Who.OWNER
_FORM, _JSON = FORM_BYTES_MAX, JSON_BYTES_MAX
_MEDIA_HEADERS = ("If-None-Match", "Range", "If-Range")

USER_ROUTES = (
    PublicRoute(
        "POST",
        "/register",
        "user",
        _NOBODY,
        body_bytes_max=_FORM,
        limits=rate_limits.REGISTER,
        creates=True,
    ),
    PublicRoute("POST", "/login", "user", _NOBODY, body_bytes_max=_JSON, limits=rate_limits.LOGIN),
    PublicRoute("POST", "/logout", "user", _SIGNED_IN, inward=("Authorization",)),
    PublicRoute("GET", "/user/{subject_id}/profile", "user", _SIGNED_IN),
    PublicRoute("GET", "/users", "user", _SIGNED_IN),
    PublicRoute("GET", "/user/{user_id}/account", "user", _OWNER),
    PublicRoute(
        "PATCH",
        "/user/{user_id}/account",
        "user",
        _OWNER,
        body_bytes_max=_FORM,
        limits=rate_limits.ACCOUNT,
    ),
    PublicRoute(
        "POST",
        "/user/{user_id}/password",
        "user",
        _OWNER,
        body_bytes_max=_JSON,
        limits=rate_limits.PASSWORD,
    ),
    PublicRoute(
        "POST",
        "/user/{user_id}/delete",
        "user",
        _OWNER,
        body_bytes_max=_JSON,
        limits=rate_limits.PASSWORD,
    ),
)
POST_ROUTES = (
    PublicRoute(
        "POST",
        "/user/{user_id}/post",
        "post",
        _OWNER,
        body_bytes_max=_FORM,
        limits=rate_limits.POST,
        inward=(IDEMPOTENCY_KEY,),
        creates=True,
    ),
    PublicRoute("GET", "/post/{post_id}", "post", _SIGNED_IN),
    PublicRoute("DELETE", "/user/{user_id}/post/{post_id}", "post", _OWNER),
    PublicRoute("GET", "/user/{subject_id}/posts", "post", _SIGNED_IN),
)
FOLLOW_ROUTES = (
    *(
        PublicRoute(
            "POST",
            f"/user/{{user_id}}/{change}",
            "follow",
            _OWNER,
            body_bytes_max=_JSON,
            limits=rate_limits.RELATIONS,
        )
        for change in ("follow", "unfollow", "block", "unblock")
    ),
    PublicRoute("GET", "/user/{subject_id}/followers", "follow", _SIGNED_IN),
    PublicRoute("GET", "/user/{subject_id}/followees", "follow", _SIGNED_IN),
    PublicRoute("GET", "/user/{user_id}/blocked", "follow", _OWNER),
)
SEARCH_ROUTES = (PublicRoute("GET", "/search", "search", _SIGNED_IN, limits=rate_limits.SEARCH),)
TIMELINE_ROUTES = (PublicRoute("GET", "/user/{user_id}/newsfeed", "timeline", _OWNER),)
MEDIA_ROUTES = tuple(
    PublicRoute(method, "/media/{name}", "media", _NOBODY, inward=_MEDIA_HEADERS)
    for method in ("GET", "HEAD")
)
PUBLIC_ROUTES = (
    *USER_ROUTES,
    *POST_ROUTES,
    *FOLLOW_ROUTES,
    *SEARCH_ROUTES,
    *TIMELINE_ROUTES,
    *MEDIA_ROUTES,
)
