"""Everything works by links and forms alone."""

import re

from playwright.sync_api import expect


def test_registering_posting_and_following_need_no_script(visiting, newcomer, photo):
    author, reader = newcomer("Isolde", "Feathersto"), newcomer("Tamsin", "Wherry")
    with visiting(script=False) as mine, visiting(script=False) as theirs:
        mine.register(author, photo(1))
        mine.post_photo(photo(2), "Posted by a plain form", "A city by night.")
        theirs.register(reader, photo(3))

        def is_found():
            theirs.open("/find")
            theirs.page.get_by_role("searchbox").fill("isolde")
            theirs.press("find|search", theirs.main())
            return theirs.main().get_by_role("link", name=re.compile("Isolde")).count() > 0

        for _ in range(20):
            if is_found():
                break
            theirs.page.wait_for_timeout(500)
        theirs.main().get_by_role("link", name=re.compile("Isolde")).first.click()
        theirs.press("^follow$", theirs.main())
        theirs.wait_for("Posted by a plain form")
        theirs.log_out()
        theirs.log_in(reader["username"], reader["password"])
        expect(theirs.page.get_by_text("Posted by a plain form")).to_be_visible()


def test_one_pages_through_older_posts_without_script(visiting, newcomer, register, door_url):
    author = newcomer("Casper", "Blanchet")
    api, author_id = register(author)
    for number in range(23):
        text = {"text": (None, f"Thought number {number:02}.")}
        assert api.post(f"{door_url}/user/{author_id}/post", files=text, timeout=20).ok
    with visiting(script=False) as mine:
        mine.log_in(author["username"], author["password"])
        mine.wait_for("Thought number 22.")
        seen = [caption for page in mine.pages() for caption in page]
    assert seen == [f"Thought number {number:02}." for number in reversed(range(23))]


def test_a_post_is_deleted_without_script(visiting, newcomer, photo):
    with visiting(script=False) as mine:
        mine.register(newcomer(), photo(1))
        mine.post_photo(photo(2), "Not for long", "Dunes.")
        mine.open("/feed")
        mine.page.locator("article", has_text="Not for long").locator("a.when, time").first.click()
        mine.page.wait_for_url("**/photos/*")
        mine.page.locator("summary", has_text=re.compile("delete", re.I)).click()
        mine.press("delete", mine.page.locator("details form"))
        mine.page.wait_for_url(lambda url: "/photos/" not in url and "/do/" not in url)
        mine.open("/feed")
        expect(mine.page.get_by_text("Not for long")).to_have_count(0)
