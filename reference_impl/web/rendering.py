"""Templates made into pages, each with what all of them show and say."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reference_impl.post.posts import ALT_TEXT_MAX, CAPTION_MAX
from reference_impl.user import profiles
from reference_impl.web.assets import Assets
from reference_impl.web.complaints import FILE_MIB_MAX
from reference_impl.web.cookies import Cookies
from reference_impl.web.forgery import FormTokens, new_binding
from reference_impl.web.policy import HEADERS_OF_ALL
from reference_impl.web.service import QUERY_CHARS_MAX

FOLDER = Path(__file__).with_name("templates")
NOTICES = {  # what a page may say of what has just been done, by the word in its address
    "saved": "Your changes are saved.",
    "password": "Your password is changed. You are signed out everywhere else.",
    "posted": "Your post is published.",
    "deleted": "Your post is deleted.",
    "blocked": "You have blocked this person. You no longer see each other.",
    "unblocked": "This person is blocked no longer.",
    "goodbye": "Your account is deleted. Take care.",
    "left": "You are signed out.",
}
LIMITS = {
    "username": profiles.USERNAME_CHARS_MAX,
    "name": profiles.NAME_CHARS_MAX,
    "email": profiles.EMAIL_CHARS_MAX,
    "location": profiles.LOCATION_CHARS_MAX,
    "phone": profiles.PHONE_CHARS_MAX,
    "age_min": profiles.AGE_MIN,
    "age_max": profiles.AGE_MAX,
    "password_min": profiles.PASSWORD_BYTES_MIN,
    "password_max": profiles.PASSWORD_BYTES_MAX,
    "caption": CAPTION_MAX,
    "alt_text": ALT_TEXT_MAX,
    "query": QUERY_CHARS_MAX,
    "file_mib": FILE_MIB_MAX,
}


def templates_with(assets: Assets) -> Environment:
    """Return the templates, which name these assets; each is compiled when it is first shown."""
    templates = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals.update(
        static=assets.url_of, limits=LIMITS, new_key=lambda: secrets.token_hex(16)
    )
    return templates


class Renderer:
    """Makes pages of templates."""

    def __init__(self, templates: Environment, cookies: Cookies, tokens: FormTokens) -> None:
        self._templates = templates
        self.cookies = cookies
        self.tokens = tokens

    def binding_of(self, request: web.Request) -> str:
        """Return what forms of this browser are bound to; empty if it has no cookie of ours."""
        visitor = self.cookies.visitor_of(request)
        return visitor.token or self.cookies.guest_of(request)

    def page(
        self,
        request: web.Request,
        template: str,
        *,
        status: int = 200,
        **values: Any,
    ) -> web.Response:
        """Return the template filled in, as seen by who asks."""
        held = self.binding_of(request)
        binding = held or new_binding()
        text = self._templates.get_template(template).render(
            visitor=self.cookies.visitor_of(request),
            path=request.path,
            notice=NOTICES.get(request.query.get("said", ""), ""),
            form_token=self.tokens.token_for(binding),
            **values,
        )
        answer = web.Response(text=text, status=status, content_type="text/html")
        if not held:
            self.cookies.set_guest(answer, binding)
        return answer


RENDERER = web.AppKey("renderer", Renderer)


def page(request: web.Request, template: str, **values: Any) -> web.Response:
    """Return a page that answers the request; see Renderer."""
    return request.app[RENDERER].page(request, template, **values)


async def with_headers_of_all(_: web.Request, answer: web.StreamResponse) -> None:
    """Say in every answer what browsers are to allow."""
    for name, value in HEADERS_OF_ALL.items():
        answer.headers.setdefault(name, value)
