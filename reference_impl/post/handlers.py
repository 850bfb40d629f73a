"""What the post service answers to the public."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aiohttp import hdrs, web

from reference_impl.chassis.cursors import Cursors
from reference_impl.chassis.errors import BadRequest
from reference_impl.chassis.fields import id_of, limit_of, text_of
from reference_impl.chassis.forms import Form, form_of
from reference_impl.chassis.idempotency import IDEMPOTENCY_KEY, key_of
from reference_impl.chassis.media_types import sniff_image, sniff_video
from reference_impl.chassis.pages import page_response
from reference_impl.chassis.requests import user_id_of
from reference_impl.post.posts import (
    ALT_TEXT_MAX,
    CAPTION_MAX,
    TEXT_MAX,
    Draft,
    Medium,
    Post,
    PostType,
)
from reference_impl.post.service import PostService

SERVICE = web.AppKey("post_service", PostService)
CURSORS = web.AppKey("cursors", Cursors)
PAGE_LIMIT = web.AppKey("page_limit", int)

routes = web.RouteTableDef()


@routes.post(r"/user/{user_id:\d+}/post")
async def create(request: web.Request) -> web.Response:
    """POST /user/{id}/post, multipart with image, video or text -> 201 {"post": {...}}."""
    user_id = user_id_of(request)
    key = key_of(request.headers.getall(IDEMPOTENCY_KEY, []))
    form = await form_of(
        request,
        files=("image", "video"),
        required=(),
        optional=("text", "caption", "alt_text"),
    )
    post = await request.app[SERVICE].create(user_id, _draft_of(form), key=key)
    headers = {hdrs.LOCATION: f"/post/{post.post_id}"}
    return web.json_response({"post": body_of(post)}, status=201, headers=headers)


@routes.delete(r"/user/{user_id:\d+}/post/{post_id:\d+}")
async def delete(request: web.Request) -> web.Response:
    """DELETE /user/{id}/post/{post_id} -> 204."""
    user_id = user_id_of(request)
    await request.app[SERVICE].delete(user_id, id_of(request.match_info["post_id"], "post_id"))
    return web.Response(status=204)


@routes.get(r"/post/{post_id:\d+}")
async def read(request: web.Request) -> web.Response:
    """GET /post/{post_id} -> {"post": {...}, "author": {...}}."""
    viewer_id = user_id_of(request)
    post_id = id_of(request.match_info["post_id"], "post_id")
    post, author = await request.app[SERVICE].post_seen_by(viewer_id, post_id)
    return web.json_response({"post": body_of(post), "author": author})


@routes.get(r"/user/{subject_id:\d+}/posts")
async def posts_of(request: web.Request) -> web.Response:
    """GET /user/{id}/posts?limit=&cursor= -> {"posts": [...], "next": cursor or null}."""
    viewer_id = user_id_of(request)
    subject_id = id_of(request.match_info["subject_id"], "the user in the path")
    limit = limit_of(request.query, request.app[PAGE_LIMIT])
    cursors, purpose = request.app[CURSORS], f"posts of {subject_id}"
    cursor = request.query.get("cursor")
    before = None if cursor is None else cursors.read(purpose, viewer_id, cursor)
    page = await request.app[SERVICE].posts_of(
        subject_id, viewer_id=viewer_id, before=before, limit=limit
    )
    last = page.last_scanned
    following = None if last is None else cursors.write(purpose, viewer_id, last)
    bodies = [body_of(post) for post in page.posts]
    return page_response(request, "posts", bodies, following=following, limit=limit)


def body_of(post: Post) -> dict[str, Any]:
    """Return the post as callers see it; how it is delivered is nobody's business."""
    created_at = datetime.fromtimestamp(post.created_ms / 1000, UTC)
    body: dict[str, Any] = {
        "post_id": str(post.post_id),
        "user_id": str(post.user_id),
        "created_at": created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "type": post.post_type.value,
        "caption": post.caption,
    }
    if post.post_type is PostType.TEXT:
        return {**body, "text": post.text}
    body[f"{post.post_type.value}_url"] = post.media_url
    if post.image is not None:
        body["image"] = post.image
    return {**body, "alt_text": post.alt_text} if post.alt_text else body


def _draft_of(form: Form) -> Draft:
    """Return what is to be posted: exactly one image, video or text."""
    given = sorted(form.files)
    if form.texts.get("text") or ("text" in form.texts and not given):
        given.append("text")
    if len(given) != 1:
        said = " and ".join(given) or "none of them"
        raise BadRequest(f"exactly one of image, video and text must be given, got {said}")
    caption = _written(form, "caption", chars_max=CAPTION_MAX)
    alt_text = _written(form, "alt_text", chars_max=ALT_TEXT_MAX)
    if given == ["text"]:
        if caption or alt_text:
            raise BadRequest("caption and alt_text go with an image or a video, not with text")
        return Draft(text=_text_of(form))
    return Draft(medium=_medium_of(form), caption=caption, alt_text=alt_text)


def _medium_of(form: Form) -> Medium:
    [(name, data)] = form.files.items()
    sniff = sniff_video if name == "video" else sniff_image
    return Medium(data=data, content_type=sniff(data))


def _text_of(form: Form) -> str:
    text = _written(form, "text", chars_max=TEXT_MAX, chars_min=1)
    if not text.strip():
        raise BadRequest("text must have more than white space in it")
    return text


def _written(form: Form, name: str, *, chars_max: int, chars_min: int = 0) -> str:
    """Return a text, empty if it is left out; browsers send line ends as CR LF."""
    fields = {name: form.texts.get(name, "").replace("\r\n", "\n")}
    return text_of(fields, name, chars_max=chars_max, chars_min=chars_min)
