"""The visitor's own account: what is known of them, their password, and leaving."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from reference_impl.user import profiles
from reference_impl.web.complaints import Complaint, FormState, complaint_of
from reference_impl.web.entering import IMAGE, REGISTER_LABELS
from reference_impl.web.incoming import GATEWAY, PAGES, filled_in, see, signed_in, typed
from reference_impl.web.multipart import Outgoing
from reference_impl.web.open_fields import OpenFieldsError, lines_of, open_fields_in
from reference_impl.web.pictures import avatar_of
from reference_impl.web.refusals import Refused
from reference_impl.web.rendering import RENDERER, page

TEXTS = profiles.EDITABLE
LABELS = {**REGISTER_LABELS, "fields": "More about you"}
PASSWORD_LABELS = {"password": "Current password", "new_password": "New password"}

routes = web.RouteTableDef()


@routes.get("/settings")
async def show_settings(request: web.Request) -> web.Response:
    """GET /settings -> the account and the forms that change it."""
    return await _settings_page(request)


@routes.post("/do/settings")
async def change_account(request: web.Request) -> web.Response:
    """POST /do/settings -> 303 to the settings as they are now; else the forms again."""
    visitor = signed_in(request)
    form = await filled_in(request, TEXTS, files=(IMAGE,))
    path = f"/user/{visitor.user_id}/account"
    try:
        texts = {**typed(form, TEXTS), "fields": _fields_in(form.texts.get("fields", ""))}
        outgoing = Outgoing(texts=texts, files=form.files)
        await request.app[GATEWAY].send_form(visitor, "PATCH", path, outgoing)
    except Refused as refused:
        complaint = complaint_of(refused, LABELS, file_field=IMAGE)
        state = FormState(values=form.texts, complaint=complaint)
        return await _settings_page(request, refused, account_form=state)
    return see("/settings", said="saved")


@routes.post("/do/password")
async def change_password(request: web.Request) -> web.Response:
    """POST /do/password -> 303 to the settings, with the only session that is left."""
    visitor = signed_in(request)
    form = await filled_in(request, tuple(PASSWORD_LABELS))
    path = f"/user/{visitor.user_id}/password"
    try:
        body = typed(form, tuple(PASSWORD_LABELS))
        changed = await request.app[GATEWAY].post(visitor, path, body)
    except Refused as refused:
        state = FormState(complaint=_password_complaint(refused))
        return await _settings_page(request, refused, password_form=state)
    answer = see("/settings", said="password")
    cookies = request.app[RENDERER].cookies
    cookies.begin_session(answer, visitor.user_id, str(changed["token"]))
    return answer


@routes.post("/do/delete-account")
async def delete_account(request: web.Request) -> web.Response:
    """POST /do/delete-account -> 303 to the landing page; there is no such user any more."""
    visitor = signed_in(request)
    form = await filled_in(request, ("password",))
    path = f"/user/{visitor.user_id}/delete"
    try:
        await request.app[GATEWAY].post(visitor, path, typed(form, ("password",)))
    except Refused as refused:
        state = FormState(complaint=_password_complaint(refused))
        return await _settings_page(request, refused, delete_form=state)
    answer = see("/", said="goodbye")
    request.app[RENDERER].cookies.end_session(answer)
    return answer


async def _settings_page(
    request: web.Request, refused: Refused | None = None, **forms: FormState
) -> web.Response:
    """Return the settings; after a refusal with its form as it was filled in."""
    if refused and refused.status == 401:
        raise refused
    visitor = signed_in(request)
    account = await request.app[PAGES].account(visitor)
    blocked = await request.app[PAGES].blocked(visitor, request.query.get("cursor", ""))
    shown = {
        "account_form": FormState(values=_values_of(account)),
        "password_form": FormState(),
        "delete_form": FormState(),
        **forms,
    }
    return page(
        request,
        "settings.html",
        status=refused.status if refused else 200,
        avatar=avatar_of(account),
        blocked=blocked,
        **shown,
    )


def _values_of(account: Mapping[str, Any]) -> dict[str, str]:
    values = {name: str(account.get(name, "")) for name in TEXTS if name != "fields"}
    return {**values, "fields": lines_of(account.get("fields", {}))}


def _fields_in(text: str) -> str:
    """Return the open fields as the API takes them; raise Refused if they cannot be read."""
    try:
        fields = open_fields_in(text)
    except OpenFieldsError as error:
        raise Refused(400, f"fields {error}") from None
    return json.dumps(fields) if fields else ""


def _password_complaint(refused: Refused) -> Complaint:
    if refused.status == 403:
        return Complaint(field="password", text="That is not your password.")
    return complaint_of(refused, PASSWORD_LABELS)
