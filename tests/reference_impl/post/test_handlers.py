import io
from datetime import datetime

import pytest
from aiohttp import FormData
from PIL import Image as Picture

from model.rules.ids import EPOCH_MS, IdMinter, created_ms_of
from reference_impl.chassis.settings import Settings
from reference_impl.post.app import create_app
from reference_impl.post.handlers import CAPTION_MAX
from reference_impl.post.memory import MemoryPostStore
from reference_impl.post.service import PostService

AS_1 = {"X-User-Id": "1"}


class Media:
    """Takes every image, and names it by its type."""

    async def put(self, image):
        return f"/media/{len(image.data)}.{image.content_type.removeprefix('image/')}"


class Follows:
    """Nobody is followed."""

    async def follower_count(self, user_id):
        return 0


def image_of(kind):
    buffer = io.BytesIO()
    Picture.new("RGB", (4, 4)).save(buffer, kind)
    return buffer.getvalue()


def form(image=None, **texts):
    data = FormData(default_to_multipart=True)
    if image is not None:
        data.add_field("image", image, filename="picture", content_type="image/png")
    for name, text in texts.items():
        data.add_field(name, text)
    return data


@pytest.fixture
async def client(aiohttp_client):
    service = PostService(
        store=MemoryPostStore(),
        media=Media(),
        follows=Follows(),
        minter=IdMinter(lambda: EPOCH_MS + 1_002, 0),
        influencer_followers_min=100,
    )
    return await aiohttp_client(create_app(service, Settings()))


async def posted(client, **texts):
    answer = await client.post("/user/1/post", data=form(image_of("png"), **texts), headers=AS_1)
    assert answer.status == 201
    return (await answer.json())["post"]


async def test_a_post_is_answered_as_callers_see_it(client):
    post = await posted(client, caption="naïve ☕")
    assert post == {
        "post_id": post["post_id"],
        "user_id": "1",
        "image_url": f"/media/{len(image_of('png'))}.png",
        "created_at": "2024-01-01T00:00:01.002Z",
        "type": "image",
        "caption": "naïve ☕",
    }
    created_s = datetime.fromisoformat(post["created_at"]).timestamp()
    assert round(created_s * 1000) == created_ms_of(int(post["post_id"]))


async def test_a_caption_may_be_left_out(client):
    assert (await posted(client))["caption"] == ""


async def test_a_caption_may_be_long_and_have_lines(client):
    assert (await posted(client, caption="one\r\ntwo"))["caption"] == "one\ntwo"
    assert len((await posted(client, caption="x" * CAPTION_MAX))["caption"]) == CAPTION_MAX


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
async def test_the_type_is_told_by_the_image_itself(client, kind):
    answer = await client.post("/user/1/post", data=form(image_of(kind)), headers=AS_1)
    assert (await answer.json())["post"]["image_url"].endswith(kind)


async def test_posts_are_read_by_id_and_missing_ones_left_out(client):
    first, second = await posted(client), await posted(client)
    ids = f"{second['post_id']},12,{first['post_id']}"
    answer = await client.get("/internal/posts", params={"ids": ids})
    assert await answer.json() == {"posts": [second, first]}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ({"data": form(b"\x89PNG\r\n\x1a\n")}, {}, 401),
        ({"data": form(b"\x89PNG\r\n\x1a\n")}, {"X-User-Id": "2"}, 403),
        ({"data": form(caption="no image")}, AS_1, 400),
        ({"data": form(b"\x89PNG\r\n\x1a\n", mood="sunny")}, AS_1, 400),
        ({"data": form(b"\x89PNG\r\n\x1a\n", caption="x" * (CAPTION_MAX + 1))}, AS_1, 400),
        ({"data": form(b"\x89PNG\r\n\x1a\n", caption="nul \0")}, AS_1, 400),
        ({"data": form(b"GIF89a")}, AS_1, 415),
        ({"data": form(b"")}, AS_1, 415),
        ({"json": {"image": "?"}}, AS_1, 415),
        ({"data": form(b"\x89PNG\r\n\x1a\n" + bytes(8 << 20))}, AS_1, 413),
    ],
)
async def test_refusals_are_problems(client, body, headers, status):
    answer = await client.post("/user/1/post", headers=headers, **body)
    assert answer.status == status
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("ids", ["", "x", "1,,2", "-1", "9" * 30, ",".join(["1"] * 101)])
async def test_ids_that_are_none_are_refused(client, ids):
    assert (await client.get("/internal/posts", params={"ids": ids})).status == 400
