"""What the post service answers."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from reference_impl.chassis.errors import BadRequest
from reference_impl.chassis.fields import id_of, text_of
from reference_impl.chassis.forms import Form, form_of
from reference_impl.chassis.images import sniff_image
from reference_impl.chassis.requests import user_id_of
from reference_impl.post.service import POSTS_MAX, Image, Post, PostService

CAPTION_MAX = 2_200  # characters, as on Instagram

SERVICE = web.AppKey("post_service", PostService)

routes = web.RouteTableDef()


@routes.post(r"/user/{user_id:\d+}/post")
async def create(request: web.Request) -> web.Response:
    """POST /user/{id}/post, multipart with image and perhaps caption -> 201 {"post": {...}}."""
    user_id = user_id_of(request)
    form = await form_of(request, file="image", required=(), optional=("caption",))
    image = Image(data=form.file, content_type=sniff_image(form.file))
    post = await request.app[SERVICE].create(user_id, image, _caption_of(form))
    return web.json_response({"post": body_of(post)}, status=201)


def _caption_of(form: Form) -> str:
    """Return the caption, empty if there is none; browsers send line ends as CR LF."""
    fields = {"caption": form.texts.get("caption", "").replace("\r\n", "\n")}
    return text_of(fields, "caption", chars_max=CAPTION_MAX, chars_min=0)


@routes.get("/internal/posts")
async def posts(request: web.Request) -> web.Response:
    """GET /internal/posts?ids=1,2,3 -> {"posts": [...]}, those missing left out."""
    texts = request.query.get("ids", "").split(",", POSTS_MAX)
    if len(texts) > POSTS_MAX:
        raise BadRequest(f"ids must name at most {POSTS_MAX} posts")
    post_ids = [id_of(text, "each of ids") for text in texts]
    found = await request.app[SERVICE].posts(post_ids)
    return web.json_response({"posts": [body_of(post) for post in found]})


def body_of(post: Post) -> dict[str, str]:
    """Return the post as callers see it."""
    created_at = datetime.fromtimestamp(post.created_ms / 1000, UTC)
    return {
        "post_id": str(post.post_id),
        "user_id": str(post.user_id),
        "image_url": post.image_url,
        "created_at": created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "type": post.post_type,
        "caption": post.caption,
    }
