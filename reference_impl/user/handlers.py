"""Users over HTTP."""

from __future__ import annotations

from aiohttp import web

from reference_impl.chassis.fields import id_of, text_of
from reference_impl.chassis.forms import form_of
from reference_impl.chassis.requests import json_object
from reference_impl.user import profiles
from reference_impl.user.service import UserService

SERVICE = web.AppKey("user_service", UserService)
routes = web.RouteTableDef()


@routes.post("/register")
async def register(request: web.Request) -> web.Response:
    """POST /register (a form with profile_image) -> 201 {"user_id", "token"}."""
    form = await form_of(
        request, file="profile_image", required=profiles.REQUIRED, optional=profiles.OPTIONAL
    )
    registration = profiles.registration_of(form.texts)
    user_id, token = await request.app[SERVICE].register(registration, form.file)
    return web.json_response({"user_id": str(user_id), "token": token}, status=201)


@routes.post("/login")
async def login(request: web.Request) -> web.Response:
    """POST /login {"username", "password"} -> 200 {"user_id", "token"}."""
    body = await json_object(request)
    username = text_of(body, "username", chars_max=profiles.USERNAME_CHARS_MAX)
    password = text_of(body, "password", chars_max=profiles.PASSWORD_BYTES_MAX)
    user_id, token = await request.app[SERVICE].login(username, password)
    return web.json_response({"user_id": str(user_id), "token": token})


@routes.get("/internal/users/{user_id}")
async def get_profile(request: web.Request) -> web.Response:
    """GET /internal/users/{id} -> the public profile."""
    user_id = id_of(request.match_info["user_id"], "user_id")
    return web.json_response(await request.app[SERVICE].public_profile(user_id))
