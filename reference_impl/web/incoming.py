"""What browsers send: who asks, and the forms of our pages."""

from __future__ import annotations

from collections.abc import Collection

from aiohttp import web
from yarl import URL

from reference_impl.chassis.forms import Form, form_of
from reference_impl.web.forgery import FIELD
from reference_impl.web.gateway import GatewayClient
from reference_impl.web.refusals import signed_out
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
    form = await form_of(request, files=files, required=(), optional=(*texts, FIELD, NEXT, KEY))
    renderer = request.app[RENDERER]
    token = form.texts.get(FIELD, "")
    renderer.tokens.refuse_forged(request, token, renderer.binding_of(request))
    return form


def typed(form: Form, names: Collection[str]) -> dict[str, str]:
    """Return the texts of these fields."""
    return {name: form.texts.get(name, "") for name in names}


def see(path: str, **said: str) -> web.Response:
    """Return the answer that sends a browser to a page after what it has done."""
    location = str(URL(path, encoded=True).update_query(said)) if said else path
    return web.Response(status=303, headers={"Location": location})
