"""Which upload an event takes into use, and which it is the end of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from model.rules.media import is_shared
from reference_impl.chassis.events import Event
from reference_impl.chassis.media_types import CONTENT_TYPE_OF
from reference_impl.media.names import name_in, upload_of

POST_CREATED, POST_DELETED = "post.created", "post.deleted"
USER_REGISTERED, USER_UPDATED, USER_DELETED = "user.registered", "user.updated", "user.deleted"
DROPPED_IMAGE = "dropped_image"  # said of users who have changed their image, and only then

_IMAGE_OF = {POST_DELETED: "media_url", USER_DELETED: "profile_image", USER_UPDATED: DROPPED_IMAGE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """That a post or a user shows an object."""

    name: str
    url: str
    owner: Mapping[str, str]  # "post_id" or "user_id"

    @property
    def is_image(self) -> bool:
        """Whether there is something to develop."""
        suffix = self.name.rpartition(".")[2]
        return CONTENT_TYPE_OF[suffix].startswith("image/")


def taken_by(event: Event) -> Use | None:
    """Return what is in use from this event on."""
    body = event.body
    if event.kind == POST_CREATED:
        return _use_of(body.get("media_url"), {"post_id": body["post_id"]})
    if event.kind == USER_REGISTERED or (event.kind == USER_UPDATED and DROPPED_IMAGE in body):
        return _use_of(body.get("profile_image"), {"user_id": body["user_id"]})
    return None


def left_by(event: Event) -> str | None:
    """Return the name of what is not in use any more from this event on."""
    return _name_of(event.body.get(_IMAGE_OF.get(event.kind, "")))


def _use_of(url: Any, owner: Mapping[str, str]) -> Use | None:
    name = _name_of(url)
    return None if name is None else Use(name=name, url=url, owner=owner)


def _name_of(url: Any) -> str | None:
    """Return the name in an address of one upload's own; None if there is none.

    Of a text there is none, and none in an address from before uploads had ids.
    """
    try:
        name = name_in(str(url))
    except ValueError:
        return None
    return None if is_shared(upload_of(name)) else name
