"""How many files are on their way to the API at a time, and whose."""

import aiohttp
import pytest

from reference_impl.chassis import admission
from reference_impl.chassis.requests import JSON_BYTES_MAX

FILE = b"\xff\xd8\xff" + bytes(JSON_BYTES_MAX)
FROM = {"X-Client-Address": "192.0.2.1"}


@pytest.fixture
def without_room(monkeypatch):
    """Return a function that leaves no room for uploads of these."""
    return lambda whose: monkeypatch.setattr(admission, whose, 0)


async def test_strangers_keep_nobody_out_who_has_a_session(without_room, browser_of, gateway, make):
    without_room("UPLOADS_OF_STRANGERS_MAX")
    gateway.says("POST", f"/user/{make.ADA}/post", {"post": make.image_post(9)}, status=201)
    browser = await browser_of()
    names = {"username": "ada.king", "password": "correct horse"}
    files = {"profile_image": FILE}
    answer = await browser.fill_in("/register", "/do/register", names, files=files, headers=FROM)
    assert (answer.status, gateway.asked) == (503, [])
    browser.sign_in()
    answer = await browser.fill_in("/new", "/do/post", {}, files={"medium": FILE}, headers=FROM)
    assert answer.status == 303


async def test_who_says_to_have_a_session_meets_a_limit_too(without_room, browser_of, gateway):
    without_room("UPLOADS_MAX")
    browser = (await browser_of()).sign_in()
    answer = await browser.fill_in("/new", "/do/post", {}, files={"medium": FILE}, headers=FROM)
    assert (answer.status, gateway.asked) == (503, [])


async def test_a_form_without_files_is_no_upload(without_room, browser_of, gateway):
    without_room("UPLOADS_MAX")
    without_room("UPLOADS_OF_STRANGERS_MAX")
    gateway.says("POST", "/logout", status=204)
    browser = (await browser_of()).sign_in()
    data = aiohttp.FormData(default_to_multipart=True)
    data.add_fields(*(await browser.form_of("/find", "/do/logout")).items())
    sent = {"data": data, "headers": FROM, "chunked": True}  # which might be of any length
    answer = await browser.client.post("/do/logout", allow_redirects=False, **sent)
    assert answer.status == 303
