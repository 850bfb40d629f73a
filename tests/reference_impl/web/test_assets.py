"""Style, script and icons; and what browsers are told to allow."""

import re

import pytest

from reference_impl.web.assets import FOLDER, Assets

NAMES = ("style.css", "parts.css", "app.js", "icons.svg", "favicon.svg")
PAGES = ("/", "/login", "/register", "/feed", "/people/7000000000000002", "/settings", "/nowhere")
# Names of XML's languages look like addresses, and are not asked for.
NAMESPACES = ("http://www.w3.org/2000/svg",)


@pytest.mark.parametrize("name", NAMES)
async def test_a_file_is_kept_forever_under_a_name_with_its_hash(stranger, name):
    answer = await stranger.get(Assets().url_of(name))
    assert answer.status == 200
    assert await answer.read() == (FOLDER / name).read_bytes()
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers


async def test_another_content_has_another_name(tmp_path):
    (tmp_path / "style.css").write_text("a {}")
    first = Assets(tmp_path).url_of("style.css")
    (tmp_path / "style.css").write_text("b {}")
    assert re.fullmatch(r"/static/style\.[0-9a-f]{16}\.css", first)
    assert Assets(tmp_path).url_of("style.css") != first


async def test_who_has_a_file_is_told_so(stranger):
    path = Assets().url_of("app.js")
    etag = (await stranger.get(path)).headers["ETag"]
    answer = await stranger.get(path, If_None_Match=f'"other", W/{etag}')
    assert (answer.status, await answer.read()) == (304, b"")
    assert answer.headers["ETag"] == etag
    assert (await stranger.get(path, If_None_Match='"other"')).status == 200


@pytest.mark.parametrize("name", ["style.css", "style.0000000000000000.css", "..%2fapp.py"])
async def test_a_file_without_its_hash_is_none(stranger, name):
    answer = await stranger.get(f"/static/{name}")
    assert answer.status == 404
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_names_another_host_or_runs_what_is_in_it(ada, stranger, tags, path):
    browser = stranger if path in {"/", "/login", "/register"} else ada
    page = await (await browser.get(path)).text()
    assert not re.search(r"""["'(]\s*(https?:)?//""", page)
    for tag, attributes in tags(page):
        assert tag != "style"
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        assert tag != "script" or attributes["src"].startswith("/static/app.")


@pytest.mark.parametrize("name", NAMES)
async def test_no_file_names_another_host(name):
    text = (FOLDER / name).read_text()
    for namespace in NAMESPACES:
        text = text.replace(namespace, "")
    assert not re.search(r"""https?:|url\(|@import|["'(]//""", text)


@pytest.mark.parametrize("path", ["/", "/feed", "/nowhere", "/login"])
async def test_browsers_are_told_what_to_allow(ada, path):
    headers = (await ada.get(path)).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"


async def test_every_icon_that_is_shown_is_in_the_sprite(ada, stranger):
    drawn = set(re.findall(r'<symbol id="(\w+)"', (FOLDER / "icons.svg").read_text()))
    for path in PAGES:
        browser = stranger if path in {"/", "/login", "/register"} else ada
        page = await (await browser.get(path)).text()
        shown = set(re.findall(r"/static/icons\.\w+\.svg#(\w+)", page))
        assert shown
        assert shown <= drawn
