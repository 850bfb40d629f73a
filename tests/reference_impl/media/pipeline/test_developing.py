"""What becomes of an original: its renditions, its manifest, and whether it is kept."""

import asyncio
import hashlib

import pytest

from reference_impl.chassis.errors import Unavailable, Unprocessable
from reference_impl.media.names import digest_of, name_in, upload_of, url_of
from reference_impl.media.pipeline.manifests import Manifest


async def manifest_in(objects, name):
    stored = await objects.get_manifest(upload_of(name))
    return stored and Manifest.of_json(stored)


async def test_an_original_gets_its_renditions_and_a_manifest_that_says_so(
    objects, uploaded, developing_on
):
    name = await uploaded()
    manifest = await developing_on(objects).develop(name)
    assert await manifest_in(objects, name) == manifest
    assert (manifest.status, manifest.width, manifest.height) == ("ready", 12, 6)
    assert [(made.width, made.type) for made in manifest.renditions] == [
        (1080, "image/webp"),
        (1080, "image/jpeg"),
        (640, "image/webp"),
        (640, "image/jpeg"),
    ]
    for made in manifest.renditions:
        content = await objects.get(name_in(made.url))
        assert digest_of(name_in(made.url)) == hashlib.sha256(content).hexdigest()
        assert upload_of(name_in(made.url)) == upload_of(name)
        assert made.bytes == len(content)
    assert manifest.bytes_in == await objects.size_bytes(name)
    assert (await objects.get_manifest(upload_of(name)))["bytes_out"] == manifest.bytes_out


async def test_what_has_been_developed_is_not_developed_again(
    objects, uploaded, developing_on, darkrooms
):
    name, developing = await uploaded(), developing_on(objects)
    first = await developing.develop(name)
    assert await developing.develop(name) == first
    assert len(darkrooms.developed_of) == 1


async def test_an_original_that_is_to_be_dropped_is_gone_and_its_renditions_are_not(
    objects, uploaded, developing_on
):
    name, developing = await uploaded(), developing_on(objects, drops_originals=True)
    for _ in range(2):
        manifest = await developing.develop(name)
        assert (manifest.status, manifest.original) == ("ready", "dropped")
        assert await objects.get(name) is None
    names = {name_in(made.url) for made in manifest.renditions}
    assert set(await objects.names_of(upload_of(name))) == names
    assert manifest.stand_in() == manifest.renditions[1].url


async def test_an_original_that_was_kept_stays_until_it_is_developed_for_another_policy(
    objects, uploaded, developing_on
):
    name = await uploaded()
    assert (await developing_on(objects).develop(name)).original == "kept"
    assert await objects.get(name) is not None
    await developing_on(objects, drops_originals=True).develop(name)
    assert await objects.get(name) is None
    assert (await developing_on(objects).develop(name)).original == "dropped"


async def test_of_what_is_deleted_already_nothing_comes(
    objects, uploaded, developing_on, darkrooms, everything
):
    name = await uploaded()
    await objects.delete_upload(upload_of(name))
    assert await developing_on(objects).develop(name) is None
    assert await developing_on(objects).give_up(name) is None
    await developing_on(objects).keep(name)
    assert darkrooms.developed_of == []
    assert await everything(objects) == []


class Vanished:
    """A store that has nothing any more, not even the mark that it is ours."""

    def __init__(self, objects):
        self._objects = objects

    def __getattr__(self, name):
        return getattr(self._objects, name)

    async def check(self):
        raise Unavailable("it is none of ours")


@pytest.mark.parametrize("doing", ["develop", "give_up", "keep"])
async def test_where_everything_is_gone_no_image_is_taken_for_deleted(
    objects, uploaded, developing_on, doing
):
    name = await uploaded()
    await objects.delete(name)
    with pytest.raises(Unavailable):
        await getattr(developing_on(Vanished(objects)), doing)(name)


@pytest.mark.parametrize("drops_originals", [False, True])
async def test_of_what_is_deleted_while_it_is_developed_nothing_is_left(
    objects, uploaded, developing_on, darkrooms, everything, drops_originals
):
    name = await uploaded()
    darkrooms.before_answering = lambda: objects.delete_upload(upload_of(name))
    developing = developing_on(objects, drops_originals=drops_originals)
    assert await developing.develop(name) is None
    assert await everything(objects) == []


async def test_an_original_is_in_use_before_it_is_developed(
    objects, uploaded, developing_on, darkrooms
):
    name, seen = await uploaded(), []

    async def look():
        seen.append(await manifest_in(objects, name))

    darkrooms.before_answering = look
    await developing_on(objects).develop(name)
    assert [manifest.status for manifest in seen] == ["pending"]


async def test_an_image_that_cannot_be_developed_is_pending_until_it_is_given_up(
    objects, uploaded, developing_on, darkrooms
):
    name, developing = await uploaded(), developing_on(objects)
    darkrooms.error = Unprocessable("the image is damaged")
    with pytest.raises(Unprocessable):
        await developing.develop(name)
    assert (await manifest_in(objects, name)).status == "pending"
    assert (await developing.give_up(name)).status == "failed"
    manifest = await manifest_in(objects, name)
    assert (manifest.status, manifest.bytes_in) == ("failed", await objects.size_bytes(name))


async def test_what_was_given_up_is_developed_when_it_is_asked_for_again(
    objects, uploaded, developing_on
):
    name, developing = await uploaded(), developing_on(objects)
    await developing.give_up(name)
    assert (await developing.develop(name)).status == "ready"
    assert await developing.give_up(name) is None
    assert (await manifest_in(objects, name)).status == "ready"


async def test_what_is_no_image_cannot_be_developed(objects, uploaded, developing_on, darkrooms):
    name = await uploaded(b"\x89PNG\r\n\x1a\n and no more")
    with pytest.raises(Unprocessable, match="damaged"):
        await developing_on(objects).develop(name)
    assert darkrooms.developed_of == []


async def test_of_a_video_it_is_only_said_that_it_is_in_use(
    objects, uploaded, developing_on, darkrooms
):
    name = await uploaded(b"moving", "video/mp4")
    for _ in range(2):
        await developing_on(objects).keep(name)
    assert await manifest_in(objects, name) == Manifest(
        url=url_of(name), status="ready", bytes_in=6
    )
    assert darkrooms.developed_of == []


async def test_so_many_are_developed_at_once_and_no_more(
    objects, uploaded, developing_on, darkrooms
):
    developing = developing_on(objects, at_once=3)
    names = [await uploaded() for _ in range(9)]
    await asyncio.gather(*map(developing.develop, names))
    assert darkrooms.at_once_max == 3


def test_no_rendition_is_told_with_more_than_others_need(picture):
    manifest = Manifest.of_json(
        {
            "url": url_of("y"),
            "status": "ready",
            "width": 4,
            "height": 3,
            "renditions": [
                {"url": url_of("x"), "width": 4, "height": 3, "type": "image/webp", "bytes": 9}
            ],
            "bytes_in": 20,
            "bytes_out": 9,
            "original": "kept",
        }
    )
    assert manifest.renditions[0].told() == {
        "url": url_of("x"), "width": 4, "height": 3, "type": "image/webp",
    }  # fmt: skip
    assert manifest.stand_in() is None
