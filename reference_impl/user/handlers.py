"""Users over HTTP."""

from __future__ import annotations

from aiohttp import hdrs, web

from reference_impl.chassis.errors import BadRequest
from reference_impl.chassis.fields import id_of, text_of
from reference_impl.chassis.forms import form_of
from reference_impl.chassis.requests import json_object, user_id_of
from reference_impl.chassis.sessions import token_of
from reference_impl.user import profiles
from reference_impl.user.accounts import AccountService
from reference_impl.user.announcements import REBUILD_CHARS_MAX, Announcements
from reference_impl.user.service import UserService
from reference_impl.user.views import ProfileViews

SERVICE = web.AppKey("user_service", UserService)
ACCOUNTS = web.AppKey("account_service", AccountService)
VIEWS = web.AppKey("profile_views", ProfileViews)
ANNOUNCEMENTS = web.AppKey("announcements", Announcements)
IMAGE = "profile_image"
USERS_MAX = 100  # in one answer: the longest page of anything

routes = web.RouteTableDef()


@routes.post("/register")
async def register(request: web.Request) -> web.Response:
    """POST /register (a form with profile_image) -> 201 {"user_id", "token"}."""
    form = await form_of(
        request,
        files=(IMAGE,),
        required=(*profiles.REQUIRED, IMAGE),
        optional=profiles.OPTIONAL,
    )
    registration = profiles.registration_of(form.texts)
    user_id, token = await request.app[SERVICE].register(registration, form.files[IMAGE])
    return web.json_response({"user_id": str(user_id), "token": token}, status=201)


@routes.post("/login")
async def login(request: web.Request) -> web.Response:
    """POST /login {"username", "password"} -> 200 {"user_id", "token"}."""
    body = await json_object(request, fields=("username", "password"))
    username = text_of(body, "username", chars_max=profiles.USERNAME_CHARS_MAX)
    password = _given_password(body)
    user_id, token = await request.app[SERVICE].login(username, password)
    return web.json_response({"user_id": str(user_id), "token": token})


@routes.post("/logout")
async def logout(request: web.Request) -> web.Response:
    """POST /logout -> 204; the token of the header Authorization is good for nothing then."""
    user_id_of(request)
    await request.app[SERVICE].logout(token_of(request.headers.get(hdrs.AUTHORIZATION, "")))
    return web.Response(status=204)


@routes.get("/user/{subject_id}/profile")
async def get_profile_page(request: web.Request) -> web.Response:
    """GET /user/{id}/profile, by any user -> what everyone may see, "follower_count", "followed".

    The last says whether the caller follows them.
    """
    viewer_id = user_id_of(request)
    subject_id = id_of(request.match_info["subject_id"], "the user in the path")
    page = await request.app[VIEWS].page(subject_id, viewer_id=viewer_id)
    return web.json_response(page)


@routes.get("/users")
async def get_visible_profiles(request: web.Request) -> web.Response:
    """GET /users?ids=1,2,3, by any user -> {"users": [public profiles]}, in the order asked for.

    Those missing, and those across a block, are left out.
    """
    viewer_id = user_id_of(request)
    users = await request.app[VIEWS].visible_profiles(_ids_of(request), viewer_id=viewer_id)
    return web.json_response({"users": users})


@routes.get("/user/{user_id}/account")
async def get_account(request: web.Request) -> web.Response:
    """GET /user/{id}/account, by that user -> all they have said, and "created_at"."""
    return web.json_response(await request.app[ACCOUNTS].account(user_id_of(request)))


@routes.patch("/user/{user_id}/account")
async def change_account(request: web.Request) -> web.Response:
    """PATCH /user/{id}/account (a form with what is to change) -> 200, as GET answers.

    An optional field that is given empty is removed; `fields` replaces all open fields.
    """
    user_id = user_id_of(request)
    form = await form_of(request, files=(IMAGE,), required=(), optional=profiles.EDITABLE)
    if not (form.texts or form.files):
        raise BadRequest("at least one field must be given")
    changes = profiles.changes_of(form.texts)
    account = await request.app[ACCOUNTS].change(user_id, changes, form.files.get(IMAGE))
    return web.json_response(account)


@routes.post("/user/{user_id}/password")
async def change_password(request: web.Request) -> web.Response:
    """POST /user/{id}/password {"password", "new_password"} -> 200 {"token"}, the only one now."""
    user_id = user_id_of(request)
    body = await json_object(request, fields=("password", "new_password"))
    password = _given_password(body)
    new_password = profiles.password_of(body, "new_password")
    token = await request.app[ACCOUNTS].change_password(user_id, password, new_password)
    return web.json_response({"token": token})


@routes.post("/user/{user_id}/delete")
async def delete_account(request: web.Request) -> web.Response:
    """POST /user/{id}/delete {"password"} -> 204; there is no such user any more."""
    user_id = user_id_of(request)
    password = _given_password(await json_object(request, fields=("password",)))
    await request.app[ACCOUNTS].delete(user_id, password)
    return web.Response(status=204)


@routes.get("/internal/users/{subject_id}")
async def get_profile(request: web.Request) -> web.Response:
    """GET /internal/users/{id} -> the public profile."""
    user_id = id_of(request.match_info["subject_id"], "the user in the path")
    return web.json_response(await request.app[VIEWS].profile(user_id))


@routes.get("/internal/users")
async def get_profiles(request: web.Request) -> web.Response:
    """GET /internal/users?ids=1,2,3 -> {"users": [public profiles]}, those missing left out."""
    return web.json_response({"users": await request.app[VIEWS].profiles(_ids_of(request))})


@routes.post("/internal/announcements")
async def begin_announcements(request: web.Request) -> web.Response:
    """POST /internal/announcements {"rebuild"} -> 202 {"sources": n}; all users are announced."""
    body = await json_object(request, fields=("rebuild",))
    rebuild = text_of(body, "rebuild", chars_max=REBUILD_CHARS_MAX)
    sources = await request.app[ANNOUNCEMENTS].begin(rebuild)
    return web.json_response({"sources": sources}, status=202)


def _ids_of(request: web.Request) -> list[int]:
    texts = request.query.get("ids", "").split(",", USERS_MAX)
    if len(texts) > USERS_MAX:
        raise BadRequest(f"ids must name at most {USERS_MAX} users")
    return [id_of(text, "each of ids") for text in texts]


def _given_password(body: dict[str, object]) -> str:
    """Return a password that is to be verified: whether it is a good one is no question here."""
    return text_of(body, "password", chars_max=profiles.PASSWORD_BYTES_MAX)
