"""What people write is shown, and never read as HTML."""

import html

import pytest

# As in the Big List of Naughty Strings (Max Woolf), and what templates and scripts take apart.
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onfocus='alert(1)' autofocus='",
    "</textarea><script>alert(1)</script>",
    "</title><svg/onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}${7*7}#{7*7}",
    "<!--<img src='--><img src=x onerror=alert(1)//'>",
    "javascript:alert(1)",
    "\u202eevil\u202c Z\u032e\u031eA 田中さん \U0001f469\u200d\U0001f469 \u2028",
    "&lt;b&gt; &amp; %00 \\' \\\" `x`",
]
SIGNED_IN = (
    "/feed",
    "/people/7000000000000002",
    "/photos/8000000000000001",
    "/find?q=x",
    "/settings",
)


@pytest.fixture
def scripts_in(tags):
    """What of a page a browser would run, or take as a place to send things to."""

    def scripts(page):
        return [
            (tag, name, value)
            for tag, attributes in tags(page)
            for name, value in attributes.items()
            if name.startswith("on")
            or (name in {"href", "src", "action"} and not value.startswith(("/", "#")))
        ]

    return scripts


@pytest.mark.parametrize("text", HOSTILE)
async def test_names_captions_and_words_stay_text(ada, gateway, make, scripts_in, text):
    said = {"first_name": text, "last_name": text, "username": text, "location": text}
    bob = make.person(make.BOB, **{**said, "fields": {"pronouns": text}, "follower_count": 2})
    words = {"caption": text, "alt_text": text}
    posts = [make.image_post(**words), make.text_post(text=text), make.video_post(**words)]
    gateway.says("GET", f"/user/{make.ADA}/newsfeed", {"posts": posts, "next": text})
    gateway.says("GET", "/users", {"users": [bob]})
    gateway.says("GET", f"/user/{make.BOB}/profile", bob)
    gateway.says("GET", f"/user/{make.BOB}/posts", {"posts": posts, "next": text})
    gateway.says("GET", "/post/8000000000000001", {"post": posts[0], "author": bob})
    gateway.says("GET", "/search", {"users": [bob], "next": text, "complete": True})
    account = {**bob, "email": text, "phone": text, "created_at": "2026-01-01T00:00:00.000Z"}
    gateway.says("GET", f"/user/{make.ADA}/account", account)
    gateway.says("GET", f"/user/{make.ADA}/blocked", {"users": [bob], "next": text})
    for path in SIGNED_IN:
        page = await ada.page(path)
        assert text in html.unescape(page)
        assert scripts_in(page) == []
        assert page.count("<script") == 1


@pytest.mark.parametrize("text", HOSTILE)
async def test_what_is_searched_for_is_shown_as_text(ada, gateway, scripts_in, text):
    gateway.says("GET", "/search", {"users": [], "next": None, "complete": True})
    answer = await ada.client.get("/find", params={"q": text})
    page = await answer.text()
    assert text.strip() in html.unescape(page)
    assert scripts_in(page) == []
    assert page.count("<script") == 1


@pytest.mark.parametrize("text", HOSTILE)
async def test_what_was_typed_is_kept_as_text(stranger, gateway, scripts_in, tags, text):
    gateway.refuses("POST", "/register", 400, f"username must not be {text}")
    typed = {"username": text, "first_name": text}
    answer = await stranger.fill_in("/register", "/do/register", typed)
    page = await answer.text()
    assert answer.status == 400
    values = {its.get("name"): its.get("value") for tag, its in tags(page) if tag == "input"}
    assert values["username"] == values["first_name"] == text
    assert scripts_in(page) == []
    assert page.count("<script") == 1
