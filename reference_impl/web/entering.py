"""Registering, signing in and signing out."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from reference_impl.chassis.forms import Form
from reference_impl.user import profiles
from reference_impl.web.complaints import Complaint, FormState, complaint_of
from reference_impl.web.incoming import (
    GATEWAY,
    KEY,
    NEXT,
    filled_in,
    key_again,
    see,
    signed_in,
    typed,
    visitor_of,
)
from reference_impl.web.local_paths import HOME, local_path
from reference_impl.web.multipart import Outgoing
from reference_impl.web.refusals import Refused
from reference_impl.web.rendering import RENDERER, page

IMAGE = "profile_image"
REGISTER_LABELS = {
    "first_name": "First name",
    "last_name": "Last name",
    "username": "Username",
    "email": "Email",
    "password": "Password",
    "age": "Age",
    "location": "Location",
    "phone": "Phone",
    IMAGE: "Profile picture",
}
REGISTER_TEXTS = (*profiles.NAMES, "password", "age", "location", "phone")
LOGIN_LABELS = {"username": "Username", "password": "Password"}

routes = web.RouteTableDef()


@routes.get("/register")
async def show_register(request: web.Request) -> web.Response:
    """GET /register -> the form by which one becomes a user."""
    if visitor_of(request).is_signed_in:
        return see(HOME)
    return page(request, "register.html", form=FormState())


@routes.post("/do/register")
async def register(request: web.Request) -> web.Response:
    """POST /do/register -> 303 to the feed, signed in; else the form again."""
    form = await filled_in(request, REGISTER_TEXTS, files=(IMAGE,))
    outgoing = Outgoing(texts=typed(form, REGISTER_TEXTS), files=form.files)
    try:
        signed = await request.app[GATEWAY].send_form(
            visitor_of(request), "POST", "/register", outgoing, key=form.texts.get(KEY, "")
        )
    except Refused as refused:
        complaint = complaint_of(refused, REGISTER_LABELS, file_field=IMAGE)
        state = FormState(
            values=_without_password(form), complaint=complaint, key=key_again(form, refused)
        )
        return page(request, "register.html", form=state, status=refused.status)
    return _entered(request, HOME, signed)


@routes.get("/login")
async def show_login(request: web.Request) -> web.Response:
    """GET /login?next= -> the form by which one signs in."""
    after = local_path(request.query.get(NEXT, ""))
    if visitor_of(request).is_signed_in:
        return see(after)
    return page(request, "login.html", form=FormState(), next=after)


@routes.post("/do/login")
async def login(request: web.Request) -> web.Response:
    """POST /do/login -> 303 to where one wanted to go, signed in; else the form again."""
    form = await filled_in(request, tuple(LOGIN_LABELS))
    after = local_path(form.texts.get(NEXT, ""))
    body = typed(form, tuple(LOGIN_LABELS))
    try:
        signed = await request.app[GATEWAY].post(visitor_of(request), "/login", body)
    except Refused as refused:
        state = FormState(values=_without_password(form), complaint=_login_complaint(refused))
        return page(request, "login.html", form=state, status=refused.status, next=after)
    return _entered(request, after, signed)


@routes.post("/do/logout")
async def logout(request: web.Request) -> web.Response:
    """POST /do/logout -> 303 to the landing page, signed out here and at the API."""
    await filled_in(request)
    await request.app[GATEWAY].post(signed_in(request), "/logout")
    answer = see("/", said="left")
    request.app[RENDERER].cookies.end_session(answer)
    return answer


def _entered(request: web.Request, after: str, signed: dict[str, Any]) -> web.Response:
    answer = see(after)
    cookies = request.app[RENDERER].cookies
    cookies.begin_session(answer, str(signed["user_id"]), str(signed["token"]))
    return answer


def _login_complaint(refused: Refused) -> Complaint:
    if refused.status == 401:
        return Complaint(field="password", text="Username or password is wrong.")
    return complaint_of(refused, LOGIN_LABELS)


def _without_password(form: Form) -> dict[str, str]:
    return {name: text for name, text in form.texts.items() if name != "password"}
