"""What browsers send: who asks, and the forms of our pages."""

from __future__ import annotations

from collections.abc import Collection

from aiohttp import web
from yarl import URL

from reference_impl.chassis.forms import FORM_BYTES_MAX, Form, form_of
from reference_impl.chassis.idempotency import is_kept, key_of
from reference_impl.chassis.requests import JSON_BYTES_MAX
from reference_impl.web.forgery import FIELD, refuse_foreign
from reference_impl.web.gateway import GatewayClient
from reference_impl.web.refusals import Refused, signed_out
from reference_impl.web.rendering import RENDERER
from reference_impl.web.service import Pages
from reference_impl.web.visitors import Visitor

GATEWAY = web.AppKey("gateway", GatewayClient)
PAGES = web.AppKey("pages", Pages)
NEXT = "next"  # where to go afterwards
KEY = "key"  # of a form that creates: sent twice, it is handled once


def visitor_of(request: web.Request) -> Visitor:
    """Return who looks."""
    return request.app[RENDERER].cookies.visitor_of(request)


def signed_in(request: web.Request) -> Visitor:
    """Return who looks; raise Refused, as the API would, unless they are signed in."""
    visitor = visitor_of(request)
    if not visitor.is_signed_in:
        raise signed_out()
    return visitor


async def filled_in(
    request: web.Request, texts: Collection[str] = (), *, files: Collection[str] = ()
) -> Form:
    """Return a form of one of our pages; raise Forbidden if it is not, TooLarge and so on.

    Whether what is filled in will do is for the API to say.
    """
    renderer = request.app[RENDERER]
    binding = renderer.binding_of(request)
    refuse_foreign(request, binding)  # before as much is read as there may be
    form = await form_of(
        request,
        files=files,
        required=(),
        optional=(*texts, FIELD, NEXT, KEY),
        bytes_max=FORM_BYTES_MAX if files else JSON_BYTES_MAX,
        is_signed_in=visitor_of(request).is_signed_in,
    )
    renderer.tokens.refuse_forged(form.texts.get(FIELD, ""), binding)
    if KEY in form.texts:
        key_of([form.texts[KEY]])
    return form


def key_again(form: Form, refused: Refused) -> str:
    """Return the key of a form that is shown again: none, for a new one, once this one is used up.

    Unless the refusal stays the answer to the key, the form may have been granted all the same:
    with another key it would be done twice.
    """
    return "" if is_kept(refused.status) else form.texts.get(KEY, "")


def typed(form: Form, names: Collection[str]) -> dict[str, str]:
    """Return the texts of these fields."""
    return {name: form.texts.get(name, "") for name in names}


def see(path: str, **said: str) -> web.Response:
    """Return the answer that sends a browser to a page after what it has done."""
    location = str(URL(path, encoded=True).update_query(said)) if said else path
    return web.Response(status=303, headers={"Location": location})
