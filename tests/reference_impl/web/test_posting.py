"""Posting, and deleting what one has posted."""

import re

import pytest

from reference_impl.chassis.forms import FILE_BYTES_MAX

JPEG = b"\xff\xd8\xff a picture"
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom a film"


def key_in(page):
    [key] = re.findall(r'name="key" value="([^"]*)"', page)
    return key


@pytest.fixture
def posted(gateway, make):
    """The gateway takes what Ada posts, and says so."""
    gateway.says("POST", f"/user/{make.ADA}/post", {"post": make.image_post(9)}, status=201)
    return lambda: gateway.asks_of(f"/user/{make.ADA}/post")


async def test_a_photo_is_posted_with_what_belongs_to_it(ada, posted):
    words = {"caption": "The lake", "alt_text": "A lake at dawn"}
    answer = await ada.fill_in("/new", "/do/post", words, files={"medium": JPEG})
    assert answer.status == 303
    assert answer.headers["Location"] == "/photos/8000000000000009?said=posted"
    [asked] = posted()
    assert b'name="image"; filename="file"\r\n\r\n' + JPEG in asked.body
    assert b'name="alt_text"\r\n\r\nA lake at dawn\r\n' in asked.body
    assert asked.headers["Content-Type"].startswith("multipart/form-data; boundary=")


async def test_a_video_is_told_by_its_bytes(ada, posted):
    await ada.fill_in("/new", "/do/post", {}, files={"medium": MP4})
    assert b'name="video"; filename="file"\r\n\r\n' + MP4 in posted()[0].body


async def test_a_text_is_posted_alone(ada, posted):
    await ada.fill_in("/new?kind=text", "/do/post", {"text": "No picture today."})
    [asked] = posted()
    assert b'name="text"\r\n\r\nNo picture today.\r\n' in asked.body
    assert b"caption" not in asked.body


async def test_a_form_that_is_sent_twice_is_one_request_twice(ada, posted):
    hidden = await ada.form_of("/new", "/do/post")
    for _ in range(2):
        await ada.send("/do/post", {**hidden, "caption": "The lake"}, files={"medium": JPEG})
    first, second = posted()
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"] == hidden["key"]
    assert first.body == second.body
    assert first.headers["Content-Type"] == second.headers["Content-Type"]


@pytest.mark.parametrize(
    ("status", "detail"),
    [
        (503, "post did not answer in time"),
        (502, "the connection was lost before the answer"),
        (500, "Internal Server Error"),
        (429, "at most 30 requests of this kind in 3600 s"),
        (409, "the first request with this key is under way"),
    ],
)
async def test_what_may_have_been_done_is_the_same_request_when_it_is_sent_again(
    ada, gateway, make, status, detail
):
    gateway.refuses("POST", f"/user/{make.ADA}/post", status, detail)
    hidden = await ada.form_of("/new?kind=text", "/do/post")
    page = await (await ada.send("/do/post", {**hidden, "text": "once"})).text()
    assert key_in(page) == hidden["key"]


async def test_what_was_refused_for_good_is_another_request_when_it_is_sent_again(
    ada, gateway, make
):
    gateway.refuses("POST", f"/user/{make.ADA}/post", 400, "text must have 1 to 2200 characters")
    hidden = await ada.form_of("/new?kind=text", "/do/post")
    page = await (await ada.send("/do/post", {**hidden, "text": "once"})).text()
    assert re.fullmatch("[0-9a-f]{32}", key_in(page))
    assert key_in(page) != hidden["key"]


async def test_a_form_that_was_changed_after_it_may_have_arrived_says_so(ada, gateway, make):
    detail = "this Idempotency-Key was sent with another body"
    gateway.refuses("POST", f"/user/{make.ADA}/post", 422, detail)
    answer = await ada.fill_in("/new?kind=text", "/do/post", {"text": "twice"})
    assert "It may have arrived already" in await answer.text()


@pytest.mark.parametrize("key", ["", "a b", "a\nb", "a\0b", "é", "x" * 256])
async def test_a_key_that_the_api_would_not_take_is_refused(ada, posted, key):
    answer = await ada.fill_in("/new?kind=text", "/do/post", {"text": "once", "key": key})
    assert (answer.status, "visible ASCII" in await answer.text()) == (400, True)
    assert not posted()


async def test_another_form_is_another_request(ada):
    first, second = [await ada.form_of("/new", "/do/post") for _ in range(2)]
    assert first["key"] != second["key"]


async def test_what_is_no_picture_is_said_beside_the_file_and_the_words_are_kept(ada, posted):
    words = {"caption": "The <lake>", "alt_text": "A lake at dawn"}
    answer = await ada.fill_in("/new", "/do/post", words, files={"medium": b"GIF89a"})
    page = await answer.text()
    assert answer.status == 415
    assert re.search(r'id="medium-wrong">.*?Media must be JPEG, PNG', page, re.DOTALL)
    assert "The &lt;lake&gt;</textarea>" in page
    assert "A lake at dawn</textarea>" in page
    assert not posted()


async def test_a_damaged_picture_is_said_beside_the_file(ada, gateway, make):
    gateway.refuses("POST", f"/user/{make.ADA}/post", 400, "the image is damaged")
    answer = await ada.fill_in("/new", "/do/post", {}, files={"medium": JPEG})
    assert answer.status == 400
    assert re.search(r'id="medium-wrong">.*?The image is damaged\.', await answer.text(), re.DOTALL)


async def test_no_file_is_said_beside_the_file(ada, gateway, make):
    detail = "exactly one of image, video and text must be given, got none of them"
    gateway.refuses("POST", f"/user/{make.ADA}/post", 400, detail)
    page = await (await ada.fill_in("/new", "/do/post", {"caption": "The lake"})).text()
    assert re.search(r'id="medium-wrong">.*?A file must be chosen\.', page, re.DOTALL)
    assert "The lake</textarea>" in page


async def test_a_text_that_is_too_long_is_kept(ada, gateway, make):
    detail = "text must have 1 to 2200 characters"
    gateway.refuses("POST", f"/user/{make.ADA}/post", 400, detail)
    page = await (await ada.fill_in("/new?kind=text", "/do/post", {"text": "x" * 2300})).text()
    assert re.search(r'id="text-wrong">.*?Text must have 1 to 2200', page, re.DOTALL)
    assert "x" * 2300 in page


async def test_a_file_that_is_too_large_is_explained(ada, posted):
    files = {"medium": JPEG + bytes(FILE_BYTES_MAX)}
    answer = await ada.fill_in("/new", "/do/post", {}, files=files)
    assert answer.status == 413
    assert "8 MB at most" in await answer.text()
    assert not posted()


async def test_posting_too_often_says_when_to_go_on(ada, gateway, make):
    detail = "at most 30 requests of this kind in 3600 s"
    gateway.refuses("POST", f"/user/{make.ADA}/post", 429, detail, Retry_After="1801")
    page = await (await ada.fill_in("/new?kind=text", "/do/post", {"text": "kept"})).text()
    assert "Please try again in 31 minutes." in page
    assert "kept</textarea>" in page


async def test_a_session_that_has_ended_leads_to_where_one_signs_in(ada, gateway, make):
    hidden = await ada.form_of("/new", "/do/post")
    gateway.refuses("POST", f"/user/{make.ADA}/post", 401, "the token is unknown")
    answer = await ada.send("/do/post", hidden, files={"medium": JPEG})
    assert (answer.status, answer.headers["Location"]) == (303, "/login")
    assert "session" not in ada.cookies


async def test_ones_own_post_is_deleted(ada, gateway, make):
    path = f"/user/{make.ADA}/post/8000000000000009"
    gateway.says("DELETE", path, status=204)
    answer = await ada.fill_in("/photos/8000000000000009", "/do/delete-post", {})
    assert answer.headers["Location"] == f"/people/{make.ADA}?said=deleted"
    assert [asked.method for asked in gateway.asks_of(path)] == ["DELETE"]


@pytest.mark.parametrize("post_id", ["", "7/../8", "x"])
async def test_a_post_that_has_no_id_is_not_deleted(ada, gateway, post_id):
    typed = {"post_id": post_id}
    answer = await ada.fill_in("/photos/8000000000000009", "/do/delete-post", typed)
    assert answer.status == 400
    assert all(asked.method == "GET" for asked in gateway.asked)
