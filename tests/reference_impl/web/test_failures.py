"""What was refused, as a page."""

import asyncio

import pytest


async def test_a_path_that_is_none_is_a_page(ada, stranger):
    for browser in (ada, stranger):
        page = await browser.page("/nowhere", status=404)
        assert "There is nothing here" in page


@pytest.mark.parametrize("path", ["/people/0", "/people/x", "/photos/07", "/photos/1/2"])
async def test_an_id_that_is_none_is_not_asked_for(ada, gateway, path):
    await ada.page(path, status=404)
    assert not gateway.asked


async def test_a_method_that_is_none_is_a_page(ada):
    answer = await ada.client.put("/feed")
    assert answer.status == 405
    assert answer.content_type == "text/html"
    assert answer.headers["Allow"] == "GET,HEAD"


async def test_a_person_who_is_hidden_or_gone_is_not_there(ada, gateway):
    gateway.refuses("GET", "/user/7000000000000002/profile", 404, "no user 7000000000000002")
    page = await ada.page("/people/7000000000000002", status=404)
    assert "not for you to see" in page


async def test_asking_too_often_says_when_to_go_on(ada, gateway, make):
    gateway.refuses("GET", f"/user/{make.ADA}/newsfeed", 429, "at most", Retry_After="7")
    answer = await ada.get("/feed")
    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
    assert "Please try again in 7 seconds." in await answer.text()


@pytest.mark.parametrize("status", [502, 503])
async def test_an_api_that_is_away_is_no_riddle(ada, gateway, make, status):
    gateway.refuses("GET", f"/user/{make.ADA}/newsfeed", status, "timeline broke")
    page = await ada.page("/feed", status=status)
    assert "Please try again in a moment." in page
    assert "timeline broke" not in page


async def test_gateways_that_cannot_be_reached_are_no_riddle(ada, sockets):
    (sockets / "gateway").unlink()
    page = await ada.page("/feed", status=503)
    assert "Please try again in a moment." in page


async def test_a_session_that_has_ended_is_forgotten_and_leads_back_here(ada, gateway, make):
    gateway.refuses("GET", "/search", 401, "the token is unknown")
    answer = await ada.get("/find?q=a%26b&fragment=1")
    assert (answer.status, answer.headers["Location"]) == (303, "/login?next=/find?q%3Da%2526b")
    assert "session" not in ada.cookies


@pytest.mark.parametrize("path", ["/feed", "/people/7", "/photos/7", "/find", "/new", "/settings"])
async def test_a_stranger_is_led_to_where_one_signs_in(stranger, gateway, path):
    answer = await stranger.get(path)
    assert (answer.status, answer.headers["Location"]) == (303, f"/login?next={path}")
    assert "Set-Cookie" not in answer.headers
    assert not gateway.asked


@pytest.mark.parametrize("cookie", ["x", "7.", ".tttttttttttttttt", "07.tttttttttttttttt", "7.é"])
async def test_a_cookie_that_cannot_be_ours_is_none(stranger, gateway, cookie):
    answer = await stranger.get("/feed", Cookie=f"session={cookie}")
    assert answer.headers["Location"] == "/login?next=/feed"
    assert not gateway.asked


async def test_pages_that_are_too_many_at_a_time_are_refused_as_pages(browser_of, gateway):
    browser = (await browser_of(in_flight_max=1)).sign_in()
    held = gateway.hold()
    first = asyncio.create_task(browser.get("/find?q=x"))
    await held.reached.wait()
    page = await browser.page("/find?q=y", status=503)
    assert "Please try again in a moment." in page
    held.release.set()
    assert (await first).status == 200


async def test_health_is_told_to_machines(stranger):
    answer = await stranger.get("/readyz")
    assert (answer.status, answer.content_type) == (200, "application/json")
