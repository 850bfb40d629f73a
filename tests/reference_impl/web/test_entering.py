"""Registering, signing in and signing out."""

import re

import pytest

PICTURE = {"profile_image": b"\xff\xd8\xff picture"}
PERSON = {
    "first_name": "Ada",
    "last_name": "King",
    "username": "ada.king",
    "email": "ada@example.org",
    "password": "correct horse battery",
    "age": "36",
    "location": "",
}


@pytest.fixture
def signed(gateway, make):
    """The gateway lets Ada in."""
    answer = {"user_id": make.ADA, "token": make.TOKEN}
    gateway.says("POST", "/login", answer)
    gateway.says("POST", "/register", answer, status=201)


def cookie_of(answer, name):
    """The parts of the cookie that the answer sets."""
    [line] = [its for its in answer.headers.getall("Set-Cookie") if its.startswith(f"{name}=")]
    value, *attributes = line.split("; ")
    return value.partition("=")[2], set(attributes)


async def test_who_signs_in_gets_a_cookie_that_no_script_reads(stranger, signed, make):
    answer = await stranger.fill_in("/login", "/do/login", {"username": "ada", "password": "x"})
    value, attributes = cookie_of(answer, "session")
    assert (answer.status, answer.headers["Location"]) == (303, "/feed")
    assert value == f"{make.ADA}.{make.TOKEN}"
    assert attributes == {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=1209600"}


async def test_over_tls_cookies_are_kept_to_it_and_to_the_host(browser_of, signed, make):
    browser = await browser_of(https=True)
    shown = await browser.get("/login")
    guest, attributes = cookie_of(shown, "__Host-guest")
    assert attributes == {"HttpOnly", "SameSite=Lax", "Path=/", "Secure"}
    # The browser of the tests keeps no secure cookie of http://localhost.
    token = re.search(r'name="form_token" value="([0-9a-f]+)"', await shown.text())
    assert token
    fields = {"form_token": token[1], "username": "ada", "password": "x"}
    headers = {"Cookie": f"__Host-guest={guest}"}
    answer = await browser.send("/do/login", fields, headers=headers)
    value, attributes = cookie_of(answer, "__Host-session")
    assert value == f"{make.ADA}.{make.TOKEN}"
    assert attributes == {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=1209600", "Secure"}


async def test_over_tls_a_cookie_without_the_prefix_is_none(browser_of):
    browser = (await browser_of(https=True)).sign_in()
    assert (await browser.get("/feed")).headers["Location"] == "/login?next=/feed"


async def test_a_wrong_password_is_said_beside_it_and_the_name_is_kept(stranger, gateway):
    gateway.refuses("POST", "/login", 401, "username or password is wrong")
    typed = {"username": "ada.king", "password": "not this one"}
    answer = await stranger.fill_in("/login", "/do/login", typed)
    page = await answer.text()
    assert answer.status == 401
    assert 'value="ada.king"' in page
    assert "not this one" not in page
    assert "Username or password is wrong." in page
    assert "session" not in stranger.cookies


async def test_too_many_sign_ins_say_when_to_try_again(stranger, gateway):
    gateway.refuses("POST", "/login", 429, "at most 5 requests", Retry_After="300")
    typed = {"username": "ada.king", "password": "not this one"}
    answer = await stranger.fill_in("/login", "/do/login", typed)
    assert answer.status == 429
    assert "Please try again in 5 minutes." in await answer.text()


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ("/photos/7?a=b", "/photos/7?a=b"),
        ("//example.org", "/feed"),
        ("/\\example.org", "/feed"),
        ("https://example.org/", "/feed"),
        ("javascript:alert(1)", "/feed"),
        ("/\t/example.org", "/feed"),
        ("/do/logout", "/feed"),
        ("/../do/logout", "/feed"),
        ("/" + "a" * 600, "/feed"),
        ("", "/feed"),
    ],
)
async def test_who_signs_in_is_led_to_places_of_ours_only(stranger, signed, said, where):
    hidden = await stranger.form_of("/login", "/do/login")
    fields = {**hidden, "next": said, "username": "ada", "password": "x"}
    assert (await stranger.send("/do/login", fields)).headers["Location"] == where


async def test_the_form_of_the_login_carries_where_to_go_afterwards(stranger):
    hidden = await stranger.form_of("/login?next=/photos/7", "/do/login")
    assert hidden["next"] == "/photos/7"
    hidden = await stranger.form_of("/login?next=//example.org", "/do/login")
    assert hidden["next"] == "/feed"


async def test_who_is_signed_in_need_not_do_it_again(ada):
    assert (await ada.get("/login?next=/find")).headers["Location"] == "/find"
    assert (await ada.get("/register")).headers["Location"] == "/feed"


async def test_a_newcomer_is_signed_in(stranger, signed, gateway, make):
    answer = await stranger.fill_in("/register", "/do/register", PERSON, files=PICTURE)
    assert (answer.status, answer.headers["Location"]) == (303, "/feed")
    assert cookie_of(answer, "session")[0] == f"{make.ADA}.{make.TOKEN}"
    [asked] = gateway.asks_of("/register")
    assert b'name="first_name"\r\n\r\nAda\r\n' in asked.body
    assert b'name="profile_image"; filename="file"\r\n\r\n\xff\xd8\xff picture' in asked.body
    assert b"form_token" not in asked.body


async def test_what_is_refused_is_said_beside_its_field_and_all_but_the_password_is_kept(
    stranger, gateway
):
    gateway.refuses("POST", "/register", 409, "username is already taken")
    answer = await stranger.fill_in("/register", "/do/register", PERSON, files=PICTURE)
    page = await answer.text()
    assert answer.status == 409
    assert re.search(r'id="username-wrong">.*?<span>Username is already taken\.<', page, re.DOTALL)
    assert 'value="ada@example.org"' in page
    assert 'value="36"' in page
    assert "correct horse" not in page
    assert "choose the file again" in page


@pytest.mark.parametrize(
    ("status", "detail", "is_same"),
    [
        (400, "age must be in 13..120, got 7", False),
        (409, "username is already taken", True),
        (503, "user did not answer in time", True),
    ],
)
async def test_the_form_that_is_shown_again_is_another_request_if_the_first_was_refused_for_good(
    stranger, gateway, status, detail, is_same
):
    gateway.refuses("POST", "/register", status, detail)
    first = await stranger.form_of("/register", "/do/register")
    page = await (await stranger.send("/do/register", {**first, **PERSON})).text()
    assert 'name="key"' in page
    assert (first["key"] in page) is is_same


async def test_an_api_that_is_away_loses_nothing_that_was_typed(stranger, gateway):
    gateway.refuses("POST", "/register", 503, "user did not answer in time", Retry_After="1")
    answer = await stranger.fill_in("/register", "/do/register", PERSON, files=PICTURE)
    page = await answer.text()
    assert answer.status == 503
    assert "Please try again in a moment." in page
    assert "did not answer in time" not in page
    assert 'value="ada.king"' in page


async def test_signing_out_ends_the_session_here_and_at_the_api(ada, gateway, make):
    gateway.says("POST", "/logout", status=204)
    answer = await ada.fill_in("/find", "/do/logout", {})
    assert (answer.status, answer.headers["Location"]) == (303, "/?said=left")
    [asked] = gateway.asks_of("/logout")
    assert asked.headers["Authorization"] == f"Bearer {make.TOKEN}"
    value, attributes = cookie_of(answer, "session")
    assert value in {"", '""'}
    assert "Max-Age=0" in attributes
