"""People and posts as the templates show them, made of what the API answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from reference_impl.web.ages import age_of, full_time_of, instant_of
from reference_impl.web.pictures import Picture, avatar_of, picture_of_post

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """Somebody, as others see them."""

    user_id: str
    name: str
    username: str
    avatar: Picture
    location: str = ""
    follower_count: int | None = None  # None where it has not been asked for
    is_followed: bool = False  # by who looks
    fields: Mapping[str, str] = field(default_factory=dict)  # open ones


@dataclass(frozen=True, slots=True, kw_only=True)
class PostView:
    """A post and who wrote it; `kind` is image, video or text."""

    post_id: str
    kind: str
    author: PersonView
    is_own: bool  # of who looks
    created_at: str  # as HTML's <time> wants it
    age: str
    full_time: str
    caption: str
    text: str
    alt: str  # the medium in words
    picture: Picture | None
    video_url: str


def person_view(person: Json) -> PersonView:
    """Return the view of a profile, with what else the API said of them."""
    count = person.get("follower_count")
    return PersonView(
        user_id=str(person["user_id"]),
        name=f"{person['first_name']} {person['last_name']}",
        username=str(person["username"]),
        avatar=avatar_of(person),
        location=str(person.get("location", "")),
        follower_count=None if count is None else int(count),
        is_followed=bool(person.get("followed", False)),
        fields=dict(person.get("fields", {})),
    )


def post_view(post: Json, author: PersonView, *, viewer_id: str, now: datetime) -> PostView:
    """Return the view of a post; what has no words is named after its author."""
    kind = str(post["type"])
    created_at = instant_of(str(post["created_at"]))
    noun = "Video" if kind == "video" else "Photo"
    return PostView(
        post_id=str(post["post_id"]),
        kind=kind,
        author=author,
        is_own=author.user_id == viewer_id,
        created_at=str(post["created_at"]),
        age=age_of(created_at, now),
        full_time=full_time_of(created_at),
        caption=str(post.get("caption", "")),
        text=str(post.get("text", "")),
        alt=str(post.get("alt_text") or f"{noun} by {author.name}"),
        picture=picture_of_post(post) if kind == "image" else None,
        video_url=str(post.get("video_url", "")),
    )
