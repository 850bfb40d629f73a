"""Forms that other sites send in a visitor's name."""

import asyncio

import pytest

from reference_impl.chassis.requests import BODY_BEGINS_S

FOLLOW = {"user_id": "7000000000000002"}


async def status_without_body(browser, path, headers):
    """Begin to send a long form that never ends; return the status."""
    told = {"Content-Type": "multipart/form-data; boundary=b", "Content-Length": "100000"}

    async def beginning():
        yield b"--b"
        await asyncio.Event().wait()

    async with asyncio.timeout(BODY_BEGINS_S - 0.5):  # then it would be refused as too slow
        answer = await browser.client.post(path, data=beginning(), headers={**told, **headers})
    return answer.status


@pytest.fixture
async def follow(ada, gateway, make):
    """Send the form by which Ada follows Bob, changed as told; return the status."""
    gateway.says("POST", f"/user/{make.ADA}/follow", {"following": True})
    hidden = {**await ada.form_of("/find", "/do/logout"), **FOLLOW}

    async def send(fields=None, headers=None):
        answer = await ada.send("/do/follow", {**hidden, **(fields or {})}, headers=headers)
        assert bool(gateway.asks_of(f"/user/{make.ADA}/follow")) == (answer.status == 303)
        return answer.status

    return send


async def test_a_form_of_ours_is_taken(follow):
    assert await follow() == 303


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
async def test_a_form_with_another_token_is_refused(follow, token):
    assert await follow({"form_token": token}) == 403


async def test_a_form_without_a_token_is_refused(ada, gateway):
    assert (await ada.send("/do/follow", FOLLOW)).status == 403
    assert not gateway.asked


@pytest.mark.parametrize("site", ["cross-site", "same-site", "what is this"])
async def test_what_the_browser_says_to_come_from_elsewhere_is_refused(follow, site):
    assert await follow(headers={"Sec-Fetch-Site": site}) == 403


@pytest.mark.parametrize("site", ["same-origin", "none"])
async def test_what_the_browser_says_to_come_from_here_is_taken(follow, site):
    assert await follow(headers={"Sec-Fetch-Site": site}) == 303


@pytest.mark.parametrize("origin", ["https://example.org", "null", "http://localhost:8080"])
async def test_an_old_browser_tells_by_the_origin_that_it_is_elsewhere(follow, origin):
    assert await follow(headers={"Origin": origin}) == 403


async def test_an_old_browser_tells_by_the_origin_that_it_is_here(follow):
    assert await follow(headers={"Origin": "http://localhost"}) == 303


async def test_a_token_of_another_session_is_refused(browser_of, ada):
    bob = (await browser_of()).sign_in(user_id="7000000000000002", token="b" * 43)
    hidden = await ada.form_of("/find", "/do/logout")
    assert (await bob.send("/do/logout", hidden)).status == 403


async def test_strangers_cannot_be_signed_in_by_others(browser_of, gateway):
    """Else whoever does it would read what they post then."""
    somebody, victim = await browser_of(), await browser_of()
    hidden = await somebody.form_of("/login", "/do/login")
    await victim.page("/login")
    typed = {**hidden, "username": "somebody", "password": "x"}
    assert (await victim.send("/do/login", typed)).status == 403
    assert not gateway.asks_of("/login")


async def test_a_refused_form_is_explained(ada):
    answer = await ada.send("/do/follow", FOLLOW)
    assert "go back, reload it and try again" in await answer.text()


@pytest.mark.parametrize(
    ("headers", "path", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, "/do/post", 403),
        ({"Origin": "https://example.org"}, "/do/post", 403),
        ({}, "/do/login", 413),
        ({}, "/do/follow", 413),
        ({}, "/do/logout", 413),
    ],
)
async def test_what_cannot_be_a_form_of_ours_is_not_read(ada, headers, path, status):
    assert await status_without_body(ada, path, headers) == status


async def test_a_form_of_somebody_who_has_no_cookie_is_not_read(stranger):
    assert await status_without_body(stranger, "/do/register", {}) == 403


async def test_a_form_that_is_not_multipart_is_refused(ada):
    answer = await ada.client.post("/do/follow", data=FOLLOW, allow_redirects=False)
    assert answer.status == 415
