"""What the public may ask for, and which service answers."""

from __future__ import annotations

from dataclasses import dataclass

from reference_impl.chassis.forms import FORM_BYTES_MAX
from reference_impl.chassis.images import NAME_PATTERN
from reference_impl.chassis.requests import JSON_BYTES_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicRoute:
    """One route; a path with {user_id} is answered only to that user."""

    method: str
    path: str
    service: str
    body_bytes_max: int = 0

    @property
    def needs_user(self) -> bool:
        """Whether the caller must be the user whom the path names."""
        return "{user_id}" in self.path


PUBLIC_ROUTES = (
    PublicRoute(method="POST", path="/register", service="user", body_bytes_max=FORM_BYTES_MAX),
    PublicRoute(method="POST", path="/login", service="user", body_bytes_max=JSON_BYTES_MAX),
    PublicRoute(
        method="POST", path="/user/{user_id}/post", service="post", body_bytes_max=FORM_BYTES_MAX
    ),
    PublicRoute(
        method="POST",
        path="/user/{user_id}/follow",
        service="follow",
        body_bytes_max=JSON_BYTES_MAX,
    ),
    PublicRoute(
        method="POST",
        path="/user/{user_id}/unfollow",
        service="follow",
        body_bytes_max=JSON_BYTES_MAX,
    ),
    PublicRoute(method="GET", path="/user/{user_id}/newsfeed", service="timeline"),
    PublicRoute(method="GET", path=f"/media/{{name:{NAME_PATTERN}}}", service="media"),
)
