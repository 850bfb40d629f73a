"""What becomes of a post's image is kept with the post, in whatever order it is told."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reference_impl import post as post_service
from reference_impl.chassis.events import Event
from reference_impl.post.handlers import body_of
from reference_impl.post.images import Development
from reference_impl.post.memory import MemoryPostStore

URL = "/media/0.png"
RENDITIONS = [
    {"url": "/media/1.webp", "width": 3, "height": 2, "type": "image/webp"},
    {"url": "/media/1.jpg", "width": 3, "height": 2, "type": "image/jpeg"},
]
READY = {"status": "ready", "width": 4, "height": 3, "renditions": RENDITIONS}


def developed(post_id, *, url=URL, original_url=URL):
    said = {"width": 4, "height": 3, "renditions": RENDITIONS, "original_url": original_url}
    body = {"url": url, "post_id": str(post_id), **said}
    return Event(event_id="media.developed:1", kind="media.developed", at_s=0.0, body=body)


def failed(post_id, *, url=URL):
    body = {"url": url, "post_id": str(post_id)}
    return Event(event_id="media.failed:1", kind="media.failed", at_s=0.0, body=body)


@pytest.fixture
def hear(store):
    """Tell of a post, and return what is stored of it then."""

    async def handle(event):
        await Development(store).handle(event)
        found = await store.posts([int(event.body["post_id"])])
        return found[0] if found else None

    return handle


@pytest.fixture
async def post(store, new_post):
    post = new_post(media_url=URL)
    await store.insert(post)
    return post


async def test_an_image_that_is_developed_is_ready_with_its_renditions(post, hear):
    for _ in range(2):
        assert await hear(developed(post.post_id)) == replace(post, image=READY)


async def test_what_stands_for_a_dropped_original_takes_its_place_for_good(post, hear):
    event = developed(post.post_id, original_url="/media/1.jpg")
    for _ in range(2):
        found = await hear(event)
        assert found == replace(post, image=READY, media_url="/media/1.jpg")
    assert body_of(found)["image_url"] == "/media/1.jpg"


async def test_what_is_told_of_another_image_is_not_kept(post, hear):
    assert await hear(developed(post.post_id, url="/media/9.png")) == post
    assert await hear(failed(post.post_id, url="/media/9.png")) == post


async def test_an_image_that_is_given_up_has_failed_and_keeps_its_size(post, hear):
    found = await hear(failed(post.post_id))
    assert body_of(found)["image"] == {
        "status": "failed", "width": 4, "height": 3, "renditions": [],
    }  # fmt: skip


async def test_an_image_that_is_developed_after_all_is_ready(post, hear):
    await hear(failed(post.post_id))
    assert (await hear(developed(post.post_id))).image == READY


async def test_an_image_that_is_ready_does_not_fail_any_more(post, hear):
    await hear(developed(post.post_id))
    assert (await hear(failed(post.post_id))).image == READY


async def test_of_a_post_that_is_gone_nothing_is_kept(post, store, hear):
    await store.delete(post.user_id, [post.post_id])
    assert await hear(developed(post.post_id)) is None
    assert await hear(failed(post.post_id)) is None


async def test_of_an_image_of_old_nothing_is_said(store, new_post, hear):
    post = new_post(media_url=URL, image=None)
    await store.insert(post)
    assert await hear(failed(post.post_id)) == post
    assert "image" not in body_of(post)


async def test_what_is_told_of_users_and_other_things_passes(post, store):
    bodies: dict[str, Any] = {
        "media.developed": {"url": URL, "user_id": str(post.post_id)},
        "media.deleted": {"urls": [URL]},
    }
    for kind, body in bodies.items():
        await Development(store).handle(Event(event_id="1", kind=kind, at_s=0.0, body=body))
    assert await store.posts([post.post_id]) == [post]


async def test_a_deletion_tells_what_stands_for_the_image_by_then(new_post):
    store = MemoryPostStore()
    post = new_post(media_url=URL)
    await store.insert(post)
    event = developed(post.post_id, original_url="/media/1.jpg")
    await Development(store).handle(event)
    await store.delete(post.user_id, [post.post_id])
    assert store.events[-1][1]["media_url"] == "/media/1.jpg"


async def test_a_table_from_before_images_were_developed_gets_their_column(post_database):
    schema = Path(post_service.__file__).with_name("schema.sql").read_text()
    before = re.sub(r"(?m)^    image jsonb.*$|^ALTER TABLE.*$", "", schema)
    async with (
        post_database.connection(0) as connection,
        connection.transaction(force_rollback=True),
    ):
        for text in ("CREATE SCHEMA of_old", "SET LOCAL search_path TO of_old"):
            await connection.execute(text)
        await connection.execute(before.encode())
        assert not await has_column(connection)
        for _ in range(2):
            await connection.execute(schema.encode())
        assert await has_column(connection)


async def has_column(connection):
    rows = await connection.execute(
        "SELECT 1 FROM information_schema.columns"
        " WHERE table_schema = 'of_old' AND table_name = 'posts_3' AND column_name = 'image'"
    )
    return await rows.fetchone() is not None
