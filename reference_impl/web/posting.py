"""Posting, and deleting what one has posted."""

from __future__ import annotations

from aiohttp import web

from reference_impl.chassis.errors import UnsupportedMedia
from reference_impl.chassis.fields import id_of
from reference_impl.chassis.forms import Form
from reference_impl.chassis.media_types import sniff_media
from reference_impl.web.complaints import Complaint, FormState, complaint_of
from reference_impl.web.incoming import GATEWAY, KEY, filled_in, key_again, see, signed_in, typed
from reference_impl.web.multipart import Outgoing
from reference_impl.web.refusals import Refused
from reference_impl.web.rendering import page

MEDIUM = "medium"  # an image or a video: which of them its bytes say
LABELS_OF = {
    "photo": {"caption": "Caption", "alt_text": "Description"},
    "text": {"text": "Text"},
}

routes = web.RouteTableDef()


@routes.get("/new")
async def show_new(request: web.Request) -> web.Response:
    """GET /new?kind= -> the form of a new post: of a photo or a video, or of a text."""
    signed_in(request)
    kind = "text" if request.query.get("kind") == "text" else "photo"
    return page(request, "new.html", form=FormState(), kind=kind)


@routes.post("/do/post")
async def post(request: web.Request) -> web.Response:
    """POST /do/post -> 303 to the new post; else the form again."""
    visitor = signed_in(request)
    form = await filled_in(
        request, ("kind", *LABELS_OF["photo"], *LABELS_OF["text"]), files=(MEDIUM,)
    )
    kind = "text" if form.texts.get("kind") == "text" else "photo"
    path = f"/user/{visitor.user_id}/post"
    try:
        outgoing = _outgoing(form, kind)
        posted = await request.app[GATEWAY].send_form(
            visitor, "POST", path, outgoing, key=form.texts.get(KEY, "")
        )
    except Refused as refused:
        if refused.status == 401:
            raise
        complaint = _complaint(refused, kind)
        state = FormState(values=form.texts, complaint=complaint, key=key_again(form, refused))
        return page(request, "new.html", form=state, status=refused.status, kind=kind)
    return see(f"/photos/{posted['post']['post_id']}", said="posted")


@routes.post("/do/delete-post")
async def delete_post(request: web.Request) -> web.Response:
    """POST /do/delete-post -> 303 to one's own page."""
    visitor = signed_in(request)
    form = await filled_in(request, ("post_id",))
    post_id = id_of(form.texts.get("post_id"), "post_id")
    await request.app[GATEWAY].delete(visitor, f"/user/{visitor.user_id}/post/{post_id}")
    return see(f"/people/{visitor.user_id}", said="deleted")


def _outgoing(form: Form, kind: str) -> Outgoing:
    """Return what the API is sent; raise Refused for a file that it has no field for."""
    texts = typed(form, LABELS_OF[kind])
    if kind == "text" or MEDIUM not in form.files:
        return Outgoing(texts=texts)
    content = form.files[MEDIUM]
    try:
        content_type = sniff_media(content)
    except UnsupportedMedia as error:
        raise Refused(415, str(error)) from None
    return Outgoing(texts=texts, files={content_type.partition("/")[0]: content})


def _complaint(refused: Refused, kind: str) -> Complaint:
    return complaint_of(refused, LABELS_OF[kind], file_field=MEDIUM if kind == "photo" else "text")
