import io
from datetime import datetime

import pytest
from aiohttp import FormData
from PIL import Image as Picture

from model.rules.ids import EPOCH_MS, IdMinter, created_ms_of
from reference_impl.chassis.cursors import Cursors
from reference_impl.chassis.idempotency import IDEMPOTENCY_KEY
from reference_impl.chassis.policies import FixedPolicy
from reference_impl.chassis.settings import Settings
from reference_impl.post.app import create_app
from reference_impl.post.authors import AuthorsService
from reference_impl.post.memory import MemoryAuthorIndex, MemoryPostStore
from reference_impl.post.posts import ALT_TEXT_MAX, CAPTION_MAX, TEXT_MAX, Kept
from reference_impl.post.service import Neighbours, PostService

AS_1, AS_2, AS_3 = ({"X-User-Id": str(user_id)} for user_id in (1, 2, 3))
PNG = b"\x89PNG\r\n\x1a\n"
MP4 = b"\0\0\0\x14ftypmp42\0\0\0\0isom" + bytes(100)
WEBM = b"\x1a\x45\xdf\xa3\x87\x42\x82\x84webm" + bytes(100)


class Media:
    """Takes everything, and names it by its length and type."""

    async def put(self, medium):
        suffix = medium.content_type.partition("/")[2]
        return Kept(url=f"/media/{len(medium.data)}.{suffix}", width=4, height=3)


class Neighbourhood:
    """Nobody is followed, everybody below 100 exists, and 3 has nothing to do with 1."""

    async def follower_count(self, user_id):
        return 0

    async def is_hidden(self, user_id, *, viewer_id):
        return {user_id, viewer_id} == {1, 3}

    async def public_profile(self, user_id):
        return {"user_id": str(user_id), "username": f"u{user_id}"} if user_id < 100 else None

    async def look_for_own(self, user_id):
        pass

    async def show_own(self, post):
        pass


def image_of(kind):
    buffer = io.BytesIO()
    Picture.new("RGB", (4, 4)).save(buffer, kind)
    return buffer.getvalue()


def form(image=None, video=None, **texts):
    data = FormData(default_to_multipart=True)
    for name, file in {"image": image, "video": video}.items():
        if file is not None:
            data.add_field(name, file, filename="file", content_type="image/png")
    for name, text in texts.items():
        data.add_field(name, text)
    return data


SETTINGS = Settings(secret="of the tests")


@pytest.fixture
async def client(aiohttp_client):
    anybody, index = Neighbourhood(), MemoryAuthorIndex()
    service = PostService(
        store=MemoryPostStore(),
        index=index,
        neighbours=Neighbours(media=Media(), follows=anybody, users=anybody, timelines=anybody),
        minter=IdMinter(lambda: EPOCH_MS + 1_002, 0),
        policies=FixedPolicy(),
    )
    authors = AuthorsService(index, lambda: EPOCH_MS + 1_002)
    return await aiohttp_client(create_app(service, authors, SETTINGS))


async def posted(client, image=None, video=None, **texts):
    if not texts.get("text") and video is None:
        image = image or image_of("png")
    data = form(image, video, **texts)
    answer = await client.post("/user/1/post", data=data, headers=AS_1)
    assert answer.status == 201, await answer.text()
    return (await answer.json())["post"]


async def test_a_post_is_answered_as_callers_see_it(client):
    post = await posted(client, caption="naïve ☕", alt_text="a cup")
    assert post == {
        "post_id": post["post_id"],
        "user_id": "1",
        "created_at": "2024-01-01T00:00:01.002Z",
        "type": "image",
        "caption": "naïve ☕",
        "image_url": f"/media/{len(image_of('png'))}.png",
        "image": {"status": "pending", "width": 4, "height": 3, "renditions": []},
        "alt_text": "a cup",
    }
    created_s = datetime.fromisoformat(post["created_at"]).timestamp()
    assert round(created_s * 1000) == created_ms_of(int(post["post_id"]))


async def test_a_video_has_its_own_address(client):
    post = await posted(client, video=MP4, caption="moving")
    assert (post["type"], post["caption"]) == ("video", "moving")
    assert post["video_url"] == f"/media/{len(MP4)}.mp4"
    assert not {"image_url", "image"} & post.keys()


async def test_a_text_needs_no_medium_and_has_none(client):
    post = await posted(client, text="naïve ☕")
    assert post.keys() == {"post_id", "user_id", "created_at", "type", "caption", "text"}
    assert (post["type"], post["text"], post["caption"]) == ("text", "naïve ☕", "")


async def test_the_answer_says_where_the_post_is(client):
    answer = await client.post("/user/1/post", data=form(text="x"), headers=AS_1)
    where = answer.headers["Location"]
    assert where == f"/post/{(await answer.json())['post']['post_id']}"
    assert (await client.get(where, headers=AS_1)).status == 200


async def test_caption_and_alt_text_may_be_left_out(client):
    post = await posted(client)
    assert post["caption"] == ""
    assert "alt_text" not in post


async def test_what_a_browser_sends_of_empty_inputs_is_left_out(client):
    body = (
        '--b\r\nContent-Disposition: form-data; name="text"\r\n\r\nwords\r\n'
        '--b\r\nContent-Disposition: form-data; name="caption"\r\n\r\n\r\n'
        '--b\r\nContent-Disposition: form-data; name="image"; filename=""\r\n\r\n\r\n--b--\r\n'
    )
    headers = {**AS_1, "Content-Type": "multipart/form-data; boundary=b"}
    answer = await client.post("/user/1/post", data=body.encode(), headers=headers)
    assert (await answer.json())["post"]["text"] == "words"
    assert (await posted(client, image_of("png"), text=""))["type"] == "image"


async def test_texts_may_have_lines(client):
    assert (await posted(client, caption="one\r\ntwo"))["caption"] == "one\ntwo"
    assert (await posted(client, alt_text="one\r\ntwo"))["alt_text"] == "one\ntwo"
    assert (await posted(client, text="one\r\ntwo"))["text"] == "one\ntwo"


@pytest.mark.parametrize(
    ("name", "chars_max"),
    [("caption", CAPTION_MAX), ("alt_text", ALT_TEXT_MAX), ("text", TEXT_MAX)],
)
async def test_texts_have_a_limit_which_itself_is_allowed(client, name, chars_max):
    assert (await posted(client, **{name: "☕" * chars_max}))[name] == "☕" * chars_max
    image = None if name == "text" else PNG
    data = form(image, **{name: "x" * (chars_max + 1)})
    answer = await client.post("/user/1/post", data=data, headers=AS_1)
    assert answer.status == 400
    complaint = f"{name} must have {int(name == 'text')} to {chars_max} characters"
    assert (await answer.json())["detail"] == complaint


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
async def test_the_type_is_told_by_the_image_itself(client, kind):
    assert (await posted(client, image_of(kind)))["image_url"].endswith(kind)


@pytest.mark.parametrize(("content", "suffix"), [(MP4, ".mp4"), (WEBM, ".webm")])
async def test_the_type_is_told_by_the_video_itself(client, content, suffix):
    assert (await posted(client, video=content))["video_url"].endswith(suffix)


ONE = "exactly one of image, video and text must be given, got"


@pytest.mark.parametrize(
    ("body", "headers", "status", "complaint"),
    [
        ({"data": form(PNG)}, {}, 401, "no user is signed in"),
        ({"data": form(PNG)}, {"X-User-Id": "2"}, 403, "the path names another user"),
        ({"data": form(caption="no image")}, AS_1, 400, f"{ONE} none of them"),
        ({"data": form(PNG, MP4)}, AS_1, 400, f"{ONE} image and video"),
        ({"data": form(PNG, text="x")}, AS_1, 400, f"{ONE} image and text"),
        ({"data": form(video=MP4, text="x")}, AS_1, 400, f"{ONE} video and text"),
        ({"data": form(text="")}, AS_1, 400, f"text must have 1 to {TEXT_MAX} characters"),
        ({"data": form(text=" \n\t ")}, AS_1, 400, "text must have more than white space in it"),
        ({"data": form(text="x", caption="y")}, AS_1, 400, "not with text"),
        ({"data": form(text="x", alt_text="y")}, AS_1, 400, "not with text"),
        ({"data": form(text="nul \0")}, AS_1, 400, "control characters"),
        ({"data": form(PNG, alt_text="nul \0")}, AS_1, 400, "control characters"),
        ({"data": form(PNG, mood="sunny")}, AS_1, 400, "there is no field 'mood'"),
        ({"data": form(PNG, caption="nul \0")}, AS_1, 400, "control characters"),
        ({"data": form(b"GIF89a")}, AS_1, 415, "images must be"),
        ({"data": form(b"")}, AS_1, 415, "images must be"),
        ({"data": form(MP4)}, AS_1, 415, "images must be"),
        ({"data": form(video=PNG)}, AS_1, 415, "videos must be"),
        ({"json": {"image": "?"}}, AS_1, 415, "multipart/form-data"),
        ({"data": form(PNG + bytes(8 << 20))}, AS_1, 413, "image must not be longer"),
        ({"data": form(video=MP4 + bytes(8 << 20))}, AS_1, 413, "video must not be longer"),
    ],
)
async def test_refusals_are_problems_that_name_what_is_wrong(
    client, body, headers, status, complaint
):
    answer = await client.post("/user/1/post", headers=headers, **body)
    assert answer.status == status
    assert answer.content_type == "application/problem+json"
    assert complaint in (await answer.json())["detail"]


async def posted_with(client, *keys, text="words"):
    headers = [*AS_1.items(), *((IDEMPOTENCY_KEY, key) for key in keys)]
    return await client.post("/user/1/post", data=form(text=text), headers=headers)


async def test_a_request_sent_again_with_its_key_is_answered_alike(client):
    first, second = await posted_with(client, "k"), await posted_with(client, "k", text="others")
    assert (first.status, second.status) == (201, 201)
    assert await second.json() == await first.json()
    assert second.headers["Location"] == first.headers["Location"]


async def test_a_request_with_another_key_makes_another_post(client):
    first, second = await posted_with(client, "k"), await posted_with(client, "l")
    assert second.headers["Location"] != first.headers["Location"]


async def test_a_request_whose_post_was_deleted_is_told_so(client):
    made = (await (await posted_with(client, "k")).json())["post"]
    await client.delete(f"/user/1/post/{made['post_id']}", headers=AS_1)
    answer = await posted_with(client, "k")
    assert (answer.status, answer.content_type) == (404, "application/problem+json")


@pytest.mark.parametrize("keys", [("a b",), ("x" * 256,), ("k", "k")])
async def test_what_is_no_key_is_refused(client, keys):
    answer = await posted_with(client, *keys)
    assert answer.status == 400
    assert IDEMPOTENCY_KEY in (await answer.json())["detail"]


async def test_a_post_is_read_with_its_author(client):
    post = await posted(client, text="words")
    answer = await client.get(f"/post/{post['post_id']}", headers=AS_2)
    assert await answer.json() == {"post": post, "author": {"user_id": "1", "username": "u1"}}


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ({}, "/post/{id}", 401),
        (AS_3, "/post/{id}", 404),
        (AS_2, "/post/12", 404),
        (AS_2, "/post/" + "9" * 30, 400),
        (AS_2, "/post/x", 404),
    ],
)
async def test_a_post_is_not_shown_to_everybody(client, who, path, status):
    post = await posted(client, text="words")
    answer = await client.get(path.format(id=post["post_id"]), headers=who)
    assert (answer.status, answer.content_type) == (status, "application/problem+json")


async def test_a_deleted_post_is_gone(client):
    post = await posted(client, text="words")
    answer = await client.delete(f"/user/1/post/{post['post_id']}", headers=AS_1)
    assert (answer.status, await answer.read()) == (204, b"")
    assert (await client.get(f"/post/{post['post_id']}", headers=AS_1)).status == 404
    again = await client.delete(f"/user/1/post/{post['post_id']}", headers=AS_1)
    assert again.status == 404


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ({}, "/user/1/post/{id}", 401),
        (AS_2, "/user/1/post/{id}", 403),
        (AS_2, "/user/2/post/{id}", 404),
        (AS_1, "/user/1/post/12", 404),
        (AS_1, "/user/1/post/" + "9" * 30, 400),
    ],
)
async def test_only_the_author_deletes_a_post(client, who, path, status):
    post = await posted(client, text="words")
    answer = await client.delete(path.format(id=post["post_id"]), headers=who)
    assert (answer.status, answer.content_type) == (status, "application/problem+json")
    assert (await client.get(f"/post/{post['post_id']}", headers=AS_1)).status == 200


async def test_a_users_posts_are_read_page_by_page(client):
    posts = [await posted(client, text=f"line {number}") for number in range(5)]
    newest_first = sorted(posts, key=lambda post: int(post["post_id"]), reverse=True)
    pages, where = [], "/user/1/posts?limit=2"
    while where:
        answer = await client.get(where, headers=AS_2)
        page = await answer.json()
        pages.append(page["posts"])
        assert ("next" in answer.links) == (page["next"] is not None)
        where = answer.links["next"]["url"].path_qs if page["next"] else ""
    assert pages == [newest_first[:2], newest_first[2:4], newest_first[4:]]


async def test_one_who_posted_nothing_has_an_empty_page(client):
    answer = await client.get("/user/2/posts", headers=AS_1)
    assert await answer.json() == {"posts": [], "next": None}


def cursor_of(*, purpose="posts of 1", reader=2, secret=SETTINGS.secret):
    return Cursors(secret).write(purpose, reader, 99)


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ({}, "/user/1/posts", 401),
        (AS_3, "/user/1/posts", 404),
        (AS_1, "/user/100/posts", 404),
        (AS_2, "/user/" + "9" * 30 + "/posts", 400),
        (AS_2, "/user/1/posts?limit=0", 400),
        (AS_2, "/user/1/posts?limit=101", 400),
        (AS_2, "/user/1/posts?cursor=x", 400),
        (AS_2, f"/user/1/posts?cursor={cursor_of()}x", 400),
        (AS_2, f"/user/1/posts?cursor={cursor_of(secret='another')}", 400),
        (AS_2, f"/user/1/posts?cursor={cursor_of(purpose='posts of 2')}", 400),
        (AS_2, f"/user/1/posts?cursor={cursor_of(reader=1)}", 400),
    ],
)
async def test_a_page_is_refused_to_whom_it_is_not_for(client, who, path, status):
    answer = await client.get(path, headers=who)
    assert (answer.status, answer.content_type) == (status, "application/problem+json")


async def test_a_cursor_of_this_list_and_reader_is_taken(client):
    answer = await client.get(f"/user/1/posts?cursor={cursor_of()}", headers=AS_2)
    assert answer.status == 200
