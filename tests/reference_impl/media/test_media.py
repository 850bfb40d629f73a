import hashlib
import io

import pytest
from obstore.store import MemoryStore
from PIL import Image

from reference_impl.chassis import errors
from reference_impl.chassis.forms import FILE_BYTES_MAX
from reference_impl.chassis.settings import Settings
from reference_impl.media.app import assemble, create_app
from reference_impl.media.store import StoredObjects, opened

TYPES = {"JPEG": ("image/jpeg", "jpg"), "PNG": ("image/png", "png"), "WEBP": ("image/webp", "webp")}


def image_of(form="PNG", colour=(1, 2, 3)):
    image = io.BytesIO()
    Image.new("RGB", (3, 3), colour).save(image, form)
    return image.getvalue()


@pytest.fixture(params=["memory", "folder"])
def objects(request, tmp_path):
    if request.param == "memory":
        return StoredObjects(MemoryStore())
    return StoredObjects(opened(f"file://{tmp_path}/a%20folder/objects"))


@pytest.fixture
async def media(aiohttp_client, objects):
    return await aiohttp_client(create_app(Settings(server_timing=True), objects))


def put(media, content, content_type="image/png"):
    return media.put("/internal/objects", data=content, headers={"Content-Type": content_type})


@pytest.mark.parametrize("form", TYPES)
async def test_an_image_is_served_as_it_was_stored_under_its_hash(media, form):
    content_type, suffix = TYPES[form]
    content = image_of(form)
    stored = await put(media, content, content_type)
    url = f"/media/{hashlib.sha256(content).hexdigest()}.{suffix}"
    assert (stored.status, await stored.json()) == (201, {"url": url})
    served = await media.get(url)
    assert (served.status, served.content_type) == (200, content_type)
    assert await served.read() == content


async def test_storing_twice_is_storing_once(media):
    first, second = await put(media, image_of()), await put(media, image_of())
    assert (first.status, second.status) == (201, 201)
    assert await first.json() == await second.json()


async def test_an_image_may_be_kept_for_ever_and_is_never_guessed_at(media):
    url = (await (await put(media, image_of())).json())["url"]
    headers = (await media.get(url)).headers
    assert "immutable" in headers["Cache-Control"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["ETag"].strip('"') in url


async def test_who_has_the_image_is_not_sent_it_again(media):
    url = (await (await put(media, image_of())).json())["url"]
    etag = (await media.get(url)).headers["ETag"]
    again = await media.get(url, headers={"If-None-Match": etag})
    assert (again.status, await again.read()) == (304, b"")
    other = await media.get(url, headers={"If-None-Match": '"another"'})
    assert other.status == 200


@pytest.mark.parametrize(
    "name",
    [
        "0" * 64 + ".png",
        "0" * 63 + ".png",
        "0" * 64 + ".gif",
        "0" * 64,
        "A" * 64 + ".png",
        "..%2f" + "0" * 64 + ".png",
        "ready",
    ],
)
async def test_an_unknown_image_is_not_found(media, name):
    answer = await media.get(f"/media/{name}")
    assert answer.status == 404
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"", "image/png", 415),
        (b"<svg/>", "image/svg+xml", 415),
        (b"<svg/>", "image/png", 415),
        (image_of("JPEG"), "image/png", 415),
        (image_of("PNG"), "text/html", 415),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * FILE_BYTES_MAX, "image/png", 413),
    ],
    ids=["empty", "svg", "svg as png", "jpeg as png", "png as html", "too large"],
)
async def test_what_is_no_image_of_its_type_is_refused(media, content, content_type, status):
    assert (await put(media, content, content_type)).status == status


async def test_the_object_store_is_a_station(media):
    timing = (await put(media, image_of())).headers["Server-Timing"]
    assert timing.startswith("object_store;dur=")


async def test_a_store_that_fails_is_unavailable(tmp_path):
    folder = tmp_path / "objects"
    objects = StoredObjects(opened(f"file://{folder}"))
    folder.rmdir()
    folder.write_text("not a folder any more")
    with pytest.raises(errors.Unavailable):
        await objects.put("a.png", b"content")


async def test_the_service_opens_the_store_that_its_settings_name(aiohttp_client, tmp_path):
    async with assemble(Settings(objects=f"file://{tmp_path}/objects")) as app:
        media = await aiohttp_client(app)
        assert (await put(media, image_of())).status == 201
        assert (await media.get("/readyz")).status == 200
    assert len(list((tmp_path / "objects").iterdir())) == 1
