"""Whether everybody can use the pages: by keyboard, by ear, on a phone, in the dark."""

import re

import pytest
from playwright.sync_api import expect

PHONE, DESK = (360, 760), (1280, 900)
STRANGERS = {"landing": "/", "register": "/register", "login": "/login", "lost": "/photos/1"}
MEMBERS = {
    "feed": "/feed",
    "find": "/find?q=an",
    "find-nobody": "/find?q=zzzzzzzz",
    "new": "/new",
    "new-text": "/new?kind=text",
    "settings": "/settings",
    "not-found": "/photos/1",
}
QUICK = [(PHONE, "light"), (DESK, "dark")]
THE_REST = [(PHONE, "dark"), (DESK, "light")]


def looks(visitor, avid_reader):
    """Yield the name of each page after opening it: a stranger's, then a member's."""
    for name, path in STRANGERS.items():
        visitor.open(path)
        yield name
    visitor.log_in(avid_reader)
    for name, path in MEMBERS.items():
        visitor.open(path)
        yield name
    visitor.open("/feed")
    visitor.page.locator("article a.when").first.click()
    visitor.page.wait_for_url("**/photos/*")
    yield "photo"
    visitor.page.locator("article .person-link").first.click()
    visitor.page.wait_for_url("**/people/*")
    yield "person"


def is_wider_than_screen(page):
    return page.evaluate("document.documentElement.scrollWidth > innerWidth")


@pytest.mark.parametrize(("size", "scheme"), QUICK)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    visiting, avid_reader, complaints_of_axe, screenshot, size, scheme
):
    _look_at_every_page(visiting, avid_reader, complaints_of_axe, screenshot, size, scheme)


@pytest.mark.verify
@pytest.mark.parametrize(("size", "scheme"), THE_REST)
def test_axe_finds_nothing_on_a_dark_phone_or_a_light_desk_either(
    visiting, avid_reader, complaints_of_axe, screenshot, size, scheme
):
    _look_at_every_page(visiting, avid_reader, complaints_of_axe, screenshot, size, scheme)


def _look_at_every_page(visiting, avid_reader, complaints_of_axe, screenshot, size, scheme):
    with visiting(size, scheme=scheme) as visitor:
        for name in looks(visitor, avid_reader):
            screenshot(visitor.page, f"{name}-{size[0]}-{scheme}")
            assert complaints_of_axe(visitor.page) == [], name
            assert not is_wider_than_screen(visitor.page), name


def focused(page):
    """Return the words of what has the focus."""
    return page.evaluate(
        "(document.activeElement.innerText || document.activeElement.getAttribute('aria-label')"
        " || document.activeElement.name || document.activeElement.tagName).trim()"
    )


def test_the_first_key_leads_past_the_navigation(visiting, avid_reader):
    with visiting() as theirs:
        theirs.log_in(avid_reader)
        theirs.open("/feed")
        theirs.page.keyboard.press("Tab")
        assert re.search("skip", focused(theirs.page), re.I)
        theirs.page.keyboard.press("Enter")
        theirs.page.keyboard.press("Tab")
        inside = "document.activeElement.closest('main') !== null"
        assert theirs.page.evaluate(inside)


def test_every_main_action_is_reached_by_the_keyboard_and_seen_to_be(visiting, avid_reader):
    with visiting() as theirs:
        theirs.log_in(avid_reader)
        theirs.open("/feed")
        reached = []
        for _ in range(12):
            theirs.page.keyboard.press("Tab")
            reached.append(focused(theirs.page))
            outlined = theirs.page.evaluate(
                "(() => { const its = getComputedStyle(document.activeElement);"
                " return its.outlineStyle !== 'none' || its.boxShadow !== 'none'; })()"
            )
            assert outlined, f"one cannot see that {reached[-1]!r} has the focus"
        words = " | ".join(reached)
        for action in ("feed", "find", "new", "settings", "sign out|log out"):
            assert re.search(action, words, re.I), f"{action!r} is not among {words}"


def test_somebody_signs_in_and_follows_by_keyboard_alone(visiting, newcomer, register):
    reader = newcomer("Ludovica", "Tastiera")
    register(reader)
    _, author_id = register(newcomer())
    with visiting() as theirs:
        theirs.open("/login")
        theirs.labelled("^username").focus()
        theirs.page.keyboard.type(reader["username"])
        theirs.page.keyboard.press("Tab")
        theirs.page.keyboard.type(reader["password"])
        theirs.page.keyboard.press("Enter")
        theirs.page.wait_for_url(lambda url: "/login" not in url)
        theirs.open(f"/people/{author_id}")
        for _ in range(20):
            theirs.page.keyboard.press("Tab")
            if re.fullmatch("follow", focused(theirs.page), re.I):
                break
        theirs.page.keyboard.press("Enter")
        following = theirs.main().get_by_role("button", name=re.compile("following|unfollow", re.I))
        expect(following).to_be_visible()


def test_pages_tell_browsers_to_load_nothing_from_elsewhere_and_to_run_nothing_inline(
    visiting, avid_reader
):
    with visiting() as theirs:
        for path in ("/", "/register", "/login"):
            policy = theirs.open(path).header_value("content-security-policy") or ""
            assert "default-src 'none'" in policy
            assert "unsafe-inline" not in policy
            assert "http" not in policy
