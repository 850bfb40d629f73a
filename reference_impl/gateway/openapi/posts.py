"""What the post service answers."""

from __future__ import annotations

from reference_impl.chassis.media_types import SUFFIX_OF
from reference_impl.gateway.openapi.parts import (
    PAGED,
    Json,
    answer,
    closed,
    form_body,
    header,
    nothing,
    schema,
)
from reference_impl.gateway.openapi.refusals import refusal
from reference_impl.gateway.openapi.schemas import OF_MEDIUM, TEXT_POSTED
from reference_impl.gateway.openapi.users import FILE, IMAGES

VIDEOS = tuple(content_type for content_type in SUFFIX_OF if content_type.startswith("video/"))


def operations() -> dict[tuple[str, str], Json]:
    """Return the operations by method and path."""
    return {
        ("POST", "/user/{user_id}/post"): _create(),
        ("GET", "/post/{post_id}"): {
            "operationId": "getPost",
            "summary": "A post, and who wrote it.",
            "responses": {"200": answer("The post.", schema("PostWithAuthor"))},
        },
        ("DELETE", "/user/{user_id}/post/{post_id}"): {
            "operationId": "deletePost",
            "summary": "Delete a post of yours.",
            "responses": {"204": nothing("Nobody sees it any more.")},
        },
        ("GET", "/user/{subject_id}/posts"): {
            "operationId": "getPosts",
            "summary": "What somebody posted, newest first.",
            "parameters": PAGED,
            "responses": {
                "200": answer("A page.", schema("PostPage"), Link=header("Link")),
                "400": refusal(400),
            },
        },
    }


def _create() -> Json:
    body = {
        "oneOf": [
            closed({"image": FILE, **OF_MEDIUM}, optional=tuple(OF_MEDIUM)),
            closed({"video": FILE, **OF_MEDIUM}, optional=tuple(OF_MEDIUM)),
            closed({"text": TEXT_POSTED}),
        ]
    }
    return {
        "operationId": "createPost",
        "summary": "Post an image, a video or a text.",
        "requestBody": form_body(
            body,
            {"image": IMAGES, "video": VIDEOS},
            image={"image": "image/jpeg", "caption": "The lake", "alt_text": "A lake at dawn"},
            video={"video": "video/mp4", "caption": "The lake, moving"},
            text={"text": "No picture today."},
        ),
        "responses": {
            "201": answer(
                "It is posted.",
                schema("NewPost"),
                Location=header("Location"),
                Idempotent_Replayed=header("Idempotent-Replayed"),
            )
        },
    }
