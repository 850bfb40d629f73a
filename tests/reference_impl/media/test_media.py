import hashlib
import io
import re

import pytest
from obstore.store import MemoryStore
from PIL import Image

from reference_impl.chassis import errors
from reference_impl.chassis.media_types import NAME_PATTERN
from reference_impl.chassis.ranges import Span
from reference_impl.chassis.settings import Settings
from reference_impl.media.app import assemble, create_app
from reference_impl.media.memory import MemoryObjects
from reference_impl.media.names import name_in, name_of, upload_of, url_of
from reference_impl.media.service import MediaService
from reference_impl.media.store import StoredObjects, opened

NOBODYS = f"{'0' * 64}-{'0' * 15}1"


@pytest.fixture(params=["memory", "folder"])
async def objects(request, tmp_path):
    if request.param == "memory":
        return MemoryObjects()
    objects = StoredObjects(opened(f"file://{tmp_path}/a%20folder/objects"))
    await objects.claim()
    return objects


@pytest.fixture
async def media(aiohttp_client, objects, in_process):
    return await aiohttp_client(create_app(Settings(server_timing=True), objects, in_process))


def encoded(form="PNG", size=(3, 3), **how):
    image = io.BytesIO()
    Image.new("RGB", size, (1, 2, 3)).save(image, form, **how)
    return image.getvalue()


IMAGE = encoded()


def put(media, content, content_type="image/png"):
    return media.put("/internal/objects", data=content, headers={"Content-Type": content_type})


def digest_in(url):
    return url.removeprefix("/media/").partition("-")[0]


@pytest.mark.parametrize(
    ("form", "content_type", "suffix"),
    [("JPEG", "image/jpeg", "jpg"), ("PNG", "image/png", "png"), ("WEBP", "image/webp", "webp")],
)
async def test_an_image_is_served_under_its_hash_and_its_size_is_told(
    media, form, content_type, suffix
):
    stored = await put(media, encoded(form, size=(8, 5)), content_type)
    assert stored.status == 201
    said = await stored.json()
    served = await media.get(said["url"])
    content = await served.read()
    assert (served.status, served.content_type) == (200, content_type)
    assert said.keys() == {"url", "width", "height"}
    assert (said["width"], said["height"]) == (8, 5) == Image.open(io.BytesIO(content)).size
    assert re.fullmatch(f"/media/{NAME_PATTERN}", said["url"])
    assert digest_in(said["url"]) == hashlib.sha256(content).hexdigest()
    assert said["url"].endswith(f".{suffix}")


async def test_the_size_told_is_that_of_the_image_upright(media):
    exif = Image.Exif()
    exif[0x0112] = 6
    said = await (await put(media, encoded("JPEG", size=(8, 5), exif=exif), "image/jpeg")).json()
    assert (said["width"], said["height"]) == (5, 8)


async def test_each_time_it_is_stored_it_belongs_to_another_upload(media, objects):
    first, second = [(await (await put(media, IMAGE)).json())["url"] for _ in range(2)]
    assert first != second
    assert digest_in(first) == digest_in(second)
    await objects.delete_upload(upload_of(name_in(first)))
    assert (await media.get(first)).status == 404
    assert (await media.get(second)).status == 200


async def test_bytes_of_somebody_else_are_shown_and_never_run(media):
    url = (await (await put(media, IMAGE)).json())["url"]
    for answer in (await media.get(url), await media.get(url, headers={"Range": "bytes=0-3"})):
        headers = answer.headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert headers["Content-Disposition"] == "inline"
        assert headers["Cross-Origin-Resource-Policy"] == "same-site"
        assert "Set-Cookie" not in headers


def rendition(upload, content_type, width):
    name = name_of(str(width).encode(), content_type, upload)
    return {"url": url_of(name), "width": width, "height": 1, "type": content_type, "bytes": 3}


async def manifest_of(objects, name, original):
    """Say that renditions were made; return the address of the widest JPEG."""
    renditions = [
        rendition(upload_of(name), content_type, width)
        for width in (1080, 640)
        for content_type in ("image/webp", "image/jpeg")
    ]
    made = {"status": "ready", "width": 2000, "height": 2, "renditions": renditions}
    known = {"url": url_of(name), **made, "bytes_in": 9, "bytes_out": 12, "original": original}
    await objects.put_manifest(upload_of(name), known)
    return renditions[1]["url"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-3"}, {"If-None-Match": "*"}])
async def test_in_place_of_an_original_that_was_dropped_the_widest_jpeg_is_named(
    media, objects, method, headers
):
    url = (await (await put(media, IMAGE)).json())["url"]
    widest = await manifest_of(objects, name_in(url), "dropped")
    await objects.delete(name_in(url))
    answer = await media.request(method, url, headers=headers, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (308, widest)
    assert answer.headers["Cache-Control"] == "public, max-age=60"


async def test_a_rendition_that_is_gone_is_not_found(media, objects):
    url = (await (await put(media, IMAGE)).json())["url"]
    widest = await manifest_of(objects, name_in(url), "dropped")
    assert (await media.get(widest, allow_redirects=False)).status == 404


async def test_nothing_is_said_to_be_gone_where_everything_is(media, objects, monkeypatch):
    async def check():
        raise errors.Unavailable("it is none of ours")

    url = (await (await put(media, IMAGE)).json())["url"]
    await objects.delete(name_in(url))
    assert (await media.get(url)).status == 404
    monkeypatch.setattr(objects, "check", check)
    assert (await media.get(url)).status == 503


async def test_of_an_upload_whose_original_was_dropped_nothing_else_has_moved(media, objects):
    url = (await (await put(media, IMAGE)).json())["url"]
    await manifest_of(objects, name_in(url), "dropped")
    never = url_of(name_of(b"never stored", "image/png", upload_of(name_in(url))))
    assert (await media.get(never, allow_redirects=False)).status == 404


async def test_an_original_that_is_gone_although_it_was_to_be_kept_is_not_found(media, objects):
    url = (await (await put(media, IMAGE)).json())["url"]
    await manifest_of(objects, name_in(url), "kept")
    await objects.delete(name_in(url))
    assert (await media.get(url, allow_redirects=False)).status == 404


async def test_an_image_may_be_kept_for_ever_and_is_never_guessed_at(media):
    url = (await (await put(media, IMAGE)).json())["url"]
    headers = (await media.get(url)).headers
    assert "immutable" in headers["Cache-Control"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["ETag"].strip('"') in url


async def test_who_has_the_image_is_not_sent_it_again(media):
    url = (await (await put(media, IMAGE)).json())["url"]
    etag = (await media.get(url)).headers["ETag"]
    again = await media.get(url, headers={"If-None-Match": etag})
    assert (again.status, await again.read()) == (304, b"")
    other = await media.get(url, headers={"If-None-Match": '"another"'})
    assert other.status == 200


@pytest.mark.parametrize(
    ("said", "status"), [(['"{}"'], 304), (['"a"', 'W/"{}"'], 304), (["*"], 304), (['"x{}"'], 200)]
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_who_has_it_is_told_by_the_names_they_say(media, method, said, status):
    url = (await (await put(media, IMAGE)).json())["url"]
    headers = [("If-None-Match", line.replace("{}", digest_in(url))) for line in said]
    answer = await media.request(method, url, headers=headers)
    assert answer.status == status


@pytest.mark.parametrize("said", ['"{}"', "*"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_of_what_is_not_there_nobody_has_a_copy(media, method, said):
    headers = {"If-None-Match": said.replace("{}", "0" * 64)}
    answer = await media.request(method, f"/media/{NOBODYS}.png", headers=headers)
    assert answer.status == 404


@pytest.mark.parametrize(
    "name",
    [
        f"{NOBODYS}.png",
        f"{NOBODYS[1:]}.png",
        f"{NOBODYS[:-1]}.png",
        f"{NOBODYS}.gif",
        NOBODYS,
        "0" * 64 + ".png",
        f"A{NOBODYS[1:]}.png",
        f"..%2f{NOBODYS}.png",
        "manifest.json",
        "ready",
    ],
)
async def test_an_unknown_image_is_not_found(media, name):
    answer = await media.get(f"/media/{name}")
    assert answer.status == 404
    assert answer.content_type == "application/problem+json"


MP4 = b"\0\0\0\x14ftypmp42\0\0\0\0isom" + bytes(range(256))
WEBM = b"\x1a\x45\xdf\xa3\x87\x42\x82\x84webm" + bytes(range(256))


@pytest.mark.parametrize(
    ("content", "content_type", "suffix"),
    [(MP4, "video/mp4", "mp4"), (WEBM, "video/webm", "webm")],
)
async def test_a_video_is_served_as_it_was_stored_under_its_hash(
    media, content, content_type, suffix
):
    said = await (await put(media, content, content_type)).json()
    url = said.pop("url")
    assert said == {}
    assert url.endswith(f".{suffix}")
    assert digest_in(url) == hashlib.sha256(content).hexdigest()
    served = await media.get(url)
    assert (served.status, served.content_type) == (200, content_type)
    assert await served.read() == content


@pytest.fixture
async def video(media):
    """The address of a video that is stored."""
    return (await (await put(media, MP4, "video/mp4")).json())["url"]


LAST = len(MP4) - 1


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=4-7", 4, 7),
        ("bytes=100-", 100, LAST),
        ("bytes=-10", LAST - 9, LAST),
        ("bytes=0-", 0, LAST),
        (f"bytes={LAST}-{LAST}", LAST, LAST),
        ("bytes=9-99999999999999999999", 9, LAST),
        ("bytes=-99999999999999999999", 0, LAST),
        ("Bytes= 4-7 ", 4, 7),
    ],
)
async def test_a_part_is_sent_to_one_who_asks_for_it(media, video, asked, first, last):
    answer = await media.get(video, headers={"Range": asked})
    assert answer.status == 206
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(MP4)}"
    assert await answer.read() == MP4[first : last + 1]


async def test_a_part_says_of_what_it_is(media, video):
    whole = await media.get(video)
    part = await media.get(video, headers={"Range": "bytes=0-3"})
    for name in ("ETag", "Cache-Control", "Content-Type", "X-Content-Type-Options"):
        assert part.headers[name] == whole.headers[name]
    assert whole.headers["Accept-Ranges"] == part.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize(
    "asked",
    ["bytes=5-4", "bytes=-", "bytes=a-b", "bytes=0-1,3-4", "items=0-1", "bytes", "bytes=--5"],
)
async def test_what_is_no_single_range_is_sent_all(media, video, asked):
    answer = await media.get(video, headers={"Range": asked})
    assert (answer.status, "Content-Range" in answer.headers) == (200, False)
    assert await answer.read() == MP4


@pytest.mark.parametrize("asked", [f"bytes={LAST + 1}-", "bytes=99999-999999", "bytes=-0"])
async def test_a_range_behind_the_end_is_refused_with_the_length(media, video, asked):
    answer = await media.get(video, headers={"Range": asked})
    assert (answer.status, answer.content_type) == (416, "application/problem+json")
    assert answer.headers["Content-Range"] == f"bytes */{len(MP4)}"
    assert "immutable" not in answer.headers.get("Cache-Control", "")


async def test_images_are_sent_in_parts_too(media):
    url = (await (await put(media, IMAGE)).json())["url"]
    answer = await media.get(url, headers={"Range": "bytes=1-3"})
    assert (answer.status, await answer.read()) == (206, b"PNG")


async def test_a_part_is_sent_only_of_the_content_that_the_caller_has(media, video):
    etag = (await media.get(video)).headers["ETag"]
    for condition, status in (
        (etag, 206),
        ('"another"', 200),
        (f"W/{etag}", 200),
        ("Wed, 21 Oct 2025 07:28:00 GMT", 200),
    ):
        asked = {"Range": "bytes=0-3", "If-Range": condition}
        assert (await media.get(video, headers=asked)).status == status


async def test_who_has_the_video_is_not_sent_a_part_of_it(media, video):
    etag = (await media.get(video)).headers["ETag"]
    asked = {"Range": "bytes=0-3", "If-None-Match": etag}
    assert (await media.get(video, headers=asked)).status == 304


async def test_its_length_can_be_asked_for(media, video):
    answer = await media.head(video, headers={"Range": "bytes=0-3"})  # of which HEAD knows nothing
    assert (answer.status, await answer.read()) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(MP4))
    assert answer.headers["Content-Type"] == "video/mp4"
    assert answer.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-3"}])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_what_is_not_there_has_no_parts(media, method, headers):
    answer = await media.request(method, f"/media/{NOBODYS}.mp4", headers=headers)
    assert answer.status == 404


class NeverWhole(StoredObjects):
    """Objects that are too large to be read whole."""

    async def get(self, name):
        raise AssertionError(f"{name} is read whole")


async def test_for_a_part_the_rest_is_not_read(aiohttp_client, in_process):
    objects = NeverWhole(MemoryStore())
    media = await aiohttp_client(create_app(Settings(), objects, in_process))
    url = (await (await put(media, MP4, "video/mp4")).json())["url"]
    answer = await media.get(url, headers={"Range": "bytes=4-7"})
    assert await answer.read() == b"ftyp"
    assert (await media.head(url)).status == 200


async def test_a_part_of_what_vanished_meanwhile_is_not_there(objects, in_process):
    with pytest.raises(errors.NotFound):
        await MediaService(objects, in_process).part(f"{NOBODYS}.mp4", Span(begin=0, end=4))


async def test_the_service_opens_the_store_and_the_darkrooms_that_its_settings_name(
    aiohttp_client, tmp_path
):
    settings = Settings(objects=f"file://{tmp_path}/objects", darkrooms=1, server_timing=True)
    async with assemble(settings) as app:
        media = await aiohttp_client(app)
        stored = await put(media, IMAGE)
        assert stored.status == 201
        stations = [
            entry.partition(";")[0] for entry in stored.headers["Server-Timing"].split(", ")
        ]
        assert stations == ["darkroom", "object_store", "media"]
        assert (await media.get("/readyz")).status == 200
    name = name_in((await stored.json())["url"])
    assert await StoredObjects(opened(settings.objects)).size_bytes(name)
