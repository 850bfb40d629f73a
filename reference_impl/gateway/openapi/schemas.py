"""What bodies look like: every object is closed, so that no private field leaves unseen."""

from __future__ import annotations

from model.rules.timelines import PAGE_LIMIT_MAX
from reference_impl.chassis.media_types import NAME_PATTERN
from reference_impl.gateway.openapi.parts import Json, closed, schema
from reference_impl.gateway.routes import ID_PATTERN
from reference_impl.post.posts import ALT_TEXT_MAX, CAPTION_MAX, TEXT_MAX
from reference_impl.user import open_fields, profiles

TEXT = {"type": "string"}
MEDIA_URL = f"^/media/{NAME_PATTERN}$"
OF_PERSON = {
    "user_id": schema("Id"),
    "username": {
        "type": "string",
        "pattern": f"^{profiles.USERNAME_PATTERN}$",
        "examples": ["ada.king"],
    },
    "first_name": {"type": "string", "minLength": 1, "maxLength": profiles.NAME_CHARS_MAX},
    "last_name": {"type": "string", "minLength": 1, "maxLength": profiles.NAME_CHARS_MAX},
    "location": {"type": "string", "minLength": 1, "maxLength": profiles.LOCATION_CHARS_MAX},
    "fields": schema("Fields"),
    "profile_image": {"type": "string", "pattern": MEDIA_URL},
    "profile_image_renditions": {"type": "array", "items": schema("Rendition")},
}
PRIVATE = {
    "email": {"type": "string", "format": "email", "maxLength": profiles.EMAIL_CHARS_MAX},
    "age": {"type": "integer", "minimum": profiles.AGE_MIN, "maximum": profiles.AGE_MAX},
    "phone": {"type": "string", "minLength": 1, "maxLength": profiles.PHONE_CHARS_MAX},
}
OPTIONAL = (*profiles.OPTIONAL, "profile_image_renditions")
FOLLOWER_COUNT = {"type": "integer", "minimum": 0}
OF_POST = {"post_id": schema("Id"), "user_id": schema("Id"), "created_at": schema("Time")}
OF_MEDIUM = {
    "caption": {"type": "string", "maxLength": CAPTION_MAX},
    "alt_text": {
        "type": "string",
        "maxLength": ALT_TEXT_MAX,
        "description": "It in words, if given.",
    },
}
TEXT_POSTED = {"type": "string", "minLength": 1, "maxLength": TEXT_MAX}


def schemas() -> Json:
    """Return the schemas by name."""
    return {
        "Id": {
            "type": "string",
            "pattern": f"^{ID_PATTERN}$",
            "description": "63 bits in decimal; as text, for a JSON number is often a double.",
            "examples": ["7216420518051840"],
        },
        "Time": {
            "type": "string",
            "format": "date-time",
            "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
            "examples": ["2026-11-22T09:30:00.123Z"],
        },
        "Cursor": {
            "type": ["string", "null"],
            "description": "Where the next page begins; null on the last one.",
        },
        "Fields": {
            "type": "object",
            "description": "Whatever else people say of themselves; everybody sees it.",
            "propertyNames": {"pattern": f"^{open_fields.NAME_PATTERN}$"},
            "additionalProperties": {
                "type": "string",
                "minLength": 1,
                "maxLength": open_fields.TEXT_CHARS_MAX,
            },
            "maxProperties": open_fields.FIELDS_MAX,
            "examples": [{"pronouns": "she/her"}],
        },
        "Signed": closed({"user_id": schema("Id"), "token": schema("Token")}),
        "Token": {
            "type": "string",
            "pattern": "^[A-Za-z0-9_-]{43}$",
            "description": "Send it as `Authorization: Bearer <token>`.",
        },
        "NewToken": closed({"token": schema("Token")}),
        **_people(),
        **_images(),
        **_posts(),
        "Following": closed({"following": {"type": "boolean"}}),
        "Blocked": closed({"blocked": {"type": "boolean"}}),
        "PersonPage": _page("users", "Person"),
        "FoundPage": _found(),
        "PostPage": _page("posts", "Post"),
        "Problem": _problem(),
    }


def _people() -> Json:
    counted = {**OF_PERSON, "follower_count": FOLLOWER_COUNT}
    followed = {"type": "boolean", "description": "Whether you follow them."}
    return {
        "Person": closed(OF_PERSON, optional=OPTIONAL),
        "People": closed({"users": {"type": "array", "items": schema("Person")}}),
        "Found": closed(counted, optional=OPTIONAL),
        "Profile": closed({**counted, "followed": followed}, optional=OPTIONAL),
        "Account": closed(
            {**OF_PERSON, **PRIVATE, "created_at": schema("Time")}, optional=OPTIONAL
        ),
    }


def _images() -> Json:
    pixels = {"type": "integer", "minimum": 1}
    size = {"width": pixels, "height": pixels}
    kinds = [f"image/{name}" for name in ("webp", "jpeg")]
    return {
        "Rendition": closed(
            {"url": {"type": "string", "pattern": MEDIA_URL}, **size, "type": {"enum": kinds}}
        ),
        "Image": closed(
            {
                "status": {
                    "enum": ["pending", "ready", "failed"],
                    "description": "Whether its renditions are there.",
                },
                **size,
                "renditions": {"type": "array", "items": schema("Rendition")},
            }
        ),
    }


def _posts() -> Json:
    return {
        "ImagePost": _medium_post("image", image=schema("Image")),
        "VideoPost": _medium_post("video"),
        "TextPost": closed(
            {**OF_POST, "type": {"const": "text"}, "text": TEXT_POSTED, "caption": {"const": ""}}
        ),
        "Post": {"oneOf": [schema(f"{kind}Post") for kind in ("Image", "Video", "Text")]},
        "NewPost": closed({"post": schema("Post")}),
        "PostWithAuthor": closed({"post": schema("Post"), "author": schema("Person")}),
    }


def _medium_post(kind: str, **more: Json) -> Json:
    url = {f"{kind}_url": {"type": "string", "pattern": MEDIA_URL}}
    fields = {**OF_POST, "type": {"const": kind}, **url, **more, **OF_MEDIUM}
    return closed(fields, optional=["alt_text", *more])


def _found() -> Json:
    page = _page("users", "Found")
    complete = {"type": "boolean", "description": "Whether the whole index could be asked."}
    return closed({**page["properties"], "complete": complete})


def _page(items_name: str, item: str) -> Json:
    items = {"type": "array", "items": schema(item), "maxItems": PAGE_LIMIT_MAX}
    return closed({items_name: items, "next": schema("Cursor")})


def _problem() -> Json:
    """Problem Details (RFC 9457)."""
    return closed(
        {
            "type": {"const": "about:blank"},
            "title": TEXT,
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string", "minLength": 1, "description": "For people to read."},
            "instance": {"type": "string", "description": "The path that was asked for."},
        }
    )
