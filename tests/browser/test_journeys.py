"""What people do here, from the first page on, before a real browser."""

import os
import re
import signal
from contextlib import contextmanager
from io import BytesIO

import requests
from PIL import Image
from playwright.sync_api import expect

SEVERAL_PAGES = 45  # posts


def test_from_registering_to_logging_out(visiting, newcomer, photo):
    author, reader = newcomer("Wilhelmine", "Rosenkranz"), newcomer("Bram", "Okonkwo")
    with visiting() as theirs, visiting() as mine:
        mine.register(author, photo(1))
        mine.log_out()
        mine.log_in(author["username"], author["password"])
        theirs.register(reader, photo(2))

        # Found by a name that is typed wrong and not to its end.
        theirs.open("/find")
        theirs.page.get_by_role("searchbox").press_sequentially("wilhelmin rosnk")
        found = theirs.main().get_by_role("link", name=re.compile("Wilhelmine Rosenkranz"))
        expect(found.first).to_be_visible()
        found.first.click()
        theirs.page.wait_for_url("**/people/*")
        profile = theirs.page.url
        theirs.press("^follow$", theirs.main())
        expect(
            theirs.main().get_by_role("button", name=re.compile("following|unfollow", re.I))
        ).to_be_visible()

        mine.post_photo(photo(3), "Out on the ridge", "Ridges under an evening sky.")
        theirs.wait_for("Out on the ridge")
        image = theirs.page.get_by_alt_text("Ridges under an evening sky.").first
        expect(image).to_be_visible()

        theirs.page.goto(profile)
        theirs.press("following|unfollow", theirs.main())
        expect(
            theirs.main().get_by_role("button", name=re.compile("^follow$", re.I))
        ).to_be_visible()
        theirs.open("/feed")
        expect(theirs.page.get_by_text("Out on the ridge")).to_have_count(0)

        cookie = mine.session()
        mine.log_out()
        assert [c for c in mine.context.cookies() if c["name"] == cookie["name"]] == []
        mine.open("/feed")
        assert "/login" in mine.page.url
        # Whoever has kept the cookie has nothing: the session itself has ended.
        mine.context.add_cookies([cookie])
        mine.open("/feed")
        assert "/login" in mine.page.url


def test_a_photo_is_shown_upright_without_the_place_where_it_was_taken(visiting, newcomer, photo):
    sent = photo(4)
    with Image.open(BytesIO(sent)) as image:
        lying = image.size
        assert image.getexif().get_ifd(0x8825)
    with visiting() as mine:
        mine.register(newcomer(), photo(1))
        mine.post_photo(sent, "Where was this?", "A view.")
        shown = mine.page.get_by_alt_text("A view.").first
        expect(shown).to_be_visible()
        address = mine.door_url + str(shown.get_attribute("src"))
    answer = requests.get(address, timeout=20)
    with Image.open(BytesIO(answer.content)) as image:
        assert not image.getexif()
        assert b"Exif" not in answer.content
        assert (image.width > image.height) == (lying[1] > lying[0])  # turned by a quarter


def test_no_post_is_shown_twice_or_left_out_while_others_are_posted(
    visiting, newcomer, register, door_url
):
    author, reader = newcomer("Greta", "Poste"), newcomer("Rafael", "Lector")
    api, author_id = register(author)
    reading, reader_id = register(reader)
    target = {"target_id": author_id}
    assert reading.post(f"{door_url}/user/{reader_id}/follow", json=target, timeout=20).ok

    def say(text):
        files = {"text": (None, text)}
        assert api.post(f"{door_url}/user/{author_id}/post", files=files, timeout=20).ok

    before = [f"Number {number:02} of those before." for number in range(SEVERAL_PAGES)]
    for text in before:
        say(text)
    with visiting(script=False) as theirs:
        theirs.log_in(reader["username"], reader["password"])
        theirs.wait_for(before[-1])
        seen = []
        for number, captions in enumerate(theirs.pages()):
            seen += captions
            say(f"Number {number} of those while reading.")
    assert [text for text in seen if text in before] == before[::-1]
    assert len(seen) == len(set(seen))


def test_older_posts_come_by_themselves_when_one_scrolls(visiting, avid_reader):
    with visiting() as theirs:
        theirs.log_in(avid_reader)
        theirs.open("/feed")
        articles = theirs.page.locator("article")
        first = articles.count()
        assert first > 0
        older = theirs.page.get_by_role("link", name=re.compile("older", re.I))
        older.first.scroll_into_view_if_needed()
        expect(articles.nth(first)).to_be_attached()
        ids = articles.evaluate_all("all => all.map((its) => its.dataset.post)")
        assert len(ids) == len(set(ids))


def test_a_photo_that_is_being_prepared_is_shown_and_later_has_renditions(
    cluster, visiting, newcomer, photo
):
    with visiting() as mine:
        mine.register(newcomer(), photo(1))
        with held_up(cluster, "pipeline"):
            mine.post_photo(photo(5), "Soon to be seen", "A sea.")
            mine.wait_for("Soon to be seen", "/feed")
            article = mine.page.locator("article", has_text="Soon to be seen")
            expect(article.get_by_text(re.compile("preparing", re.I))).to_be_visible()
            expect(article.locator(".frame source[type='image/webp']")).to_have_count(0)
        # The page asks again by itself.
        expect(article.locator(".frame source[type='image/webp']")).to_be_attached()
        expect(article.get_by_text(re.compile("preparing", re.I))).to_have_count(0)
        expect(article.get_by_alt_text("A sea.")).to_be_visible()


def test_losing_a_timeline_process_while_somebody_reads_is_not_to_be_seen(
    cluster, visiting, avid_reader
):
    with visiting() as theirs:
        theirs.log_in(avid_reader)
        assert theirs.open("/feed").status == 200
        before = theirs.captions()
        [victim, *_] = [p for p in cluster.processes() if p.station == "timeline"]
        os.kill(victim.pid, signal.SIGKILL)
        assert [theirs.open("/feed").status for _ in range(5)] == [200] * 5
        assert theirs.captions() == before
        cluster.wait_ready(30.0)


def test_a_refused_registration_says_why_and_keeps_what_was_typed(
    visiting, newcomer, register, photo
):
    taken = newcomer()
    register(taken)
    with visiting() as mine:
        mine.open("/register")
        for words, text in {
            "^first name": "Somebody",
            "^last name": "Else",
            "^username": taken["username"],
            "^e-?mail": "else@example.org",
            "^password": "another long enough one",
        }.items():
            mine.labelled(words).fill(text)
        mine.page.locator("input[type=file]").first.set_input_files(
            {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": photo(1)}
        )
        mine.press("create|register|join|sign up", mine.main())
        username = mine.labelled("^username")
        expect(username).to_have_attribute("aria-invalid", "true")
        expect(username).to_have_value(taken["username"])
        expect(mine.labelled("^first name")).to_have_value("Somebody")
        expect(mine.labelled("^password")).to_have_value("")


def test_what_is_no_picture_is_refused_in_words(visiting, newcomer, photo):
    with visiting() as mine:
        mine.register(newcomer(), photo(1))
        mine.open("/new")
        damaged = photo(2)[:4_000]
        mine.page.locator("input[type=file]").first.set_input_files(
            {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": damaged}
        )
        mine.labelled("^caption").fill("Half of it")
        mine.press("share|post", mine.main())
        expect(
            mine.main().get_by_text(re.compile("damaged|broken|cannot be", re.I))
        ).to_be_visible()
        expect(mine.labelled("^caption")).to_have_value("Half of it")


@contextmanager
def held_up(cluster, station):
    """Let the processes of a station do nothing meanwhile."""
    pids = [process.pid for process in cluster.processes() if process.station == station]
    assert pids
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
