import hashlib
import io
import time

import pytest
from obstore.store import MemoryStore
from PIL import Image

from reference_impl.chassis import errors
from reference_impl.chassis.callers import CALLER, Caller
from reference_impl.chassis.forms import FILE_BYTES_MAX
from reference_impl.chassis.settings import Settings
from reference_impl.media.app import assemble, create_app
from reference_impl.media.ranges import Span
from reference_impl.media.service import MediaService
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
    ("said", "is_named"),
    [
        (['"{}"'], True),
        (['W/"{}"'], True),
        (['"a", "{}"'], True),
        (['"a","{}" ,W/"b"'], True),
        ([', "a",, "{}",'], True),
        (['"a"', '"{}"'], True),
        (["*"], True),
        ([" * "], True),
        (['"x{}"'], False),
        (['"{}x"'], False),
        (["{}"], False),
        (['w/"{}"'], False),
        (['"{}'], False),
        (['"a" "{}"'], False),
        (['"*"'], False),
        (['*, "a"'], False),
        (['"a{}b", "c"'], False),
        ([""], False),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_who_has_it_is_told_by_the_names_they_say_and_by_nothing_like_them(
    media, method, said, is_named
):
    url = (await (await put(media, image_of())).json())["url"]
    digest = url.removeprefix("/media/").partition(".")[0]
    headers = [("If-None-Match", line.replace("{}", digest)) for line in said]
    answer = await media.request(method, url, headers=headers)
    assert answer.status == (304 if is_named else 200)


@pytest.mark.parametrize("said", ['"{}"', "*"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_of_what_is_not_there_nobody_has_a_copy(media, method, said):
    digest = "0" * 64
    headers = {"If-None-Match": said.replace("{}", digest)}
    answer = await media.request(method, f"/media/{digest}.png", headers=headers)
    assert answer.status == 404


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
        (b"\0\0\0\x10ftypmp42\0\0\0\0", "image/png", 415),
        (b"\0\0\0\x10ftypheic\0\0\0\0", "video/mp4", 415),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * FILE_BYTES_MAX, "image/png", 413),
    ],
    ids=[
        "empty",
        "svg",
        "svg as png",
        "jpeg as png",
        "png as html",
        "mp4 as png",
        "heic",
        "too large",
    ],
)
async def test_what_is_no_medium_of_its_type_is_refused(media, content, content_type, status):
    assert (await put(media, content, content_type)).status == status


MP4 = b"\0\0\0\x14ftypmp42\0\0\0\0isom" + bytes(range(256))
WEBM = b"\x1a\x45\xdf\xa3\x87\x42\x82\x84webm" + bytes(range(256))


@pytest.mark.parametrize(
    ("content", "content_type", "suffix"),
    [(MP4, "video/mp4", "mp4"), (WEBM, "video/webm", "webm")],
)
async def test_a_video_is_served_as_it_was_stored_under_its_hash(
    media, content, content_type, suffix
):
    url = (await (await put(media, content, content_type)).json())["url"]
    assert url == f"/media/{hashlib.sha256(content).hexdigest()}.{suffix}"
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
    url = (await (await put(media, image_of())).json())["url"]
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
    answer = await media.request(method, f"/media/{'0' * 64}.mp4", headers=headers)
    assert answer.status == 404


class NeverWhole(StoredObjects):
    """Objects that are too large to be read whole."""

    async def get(self, name):
        raise AssertionError(f"{name} is read whole")


async def test_for_a_part_the_rest_is_not_read(aiohttp_client):
    objects = NeverWhole(MemoryStore())
    media = await aiohttp_client(create_app(Settings(), objects))
    url = (await (await put(media, MP4, "video/mp4")).json())["url"]
    answer = await media.get(url, headers={"Range": "bytes=4-7"})
    assert await answer.read() == b"ftyp"
    assert (await media.head(url)).status == 200


async def test_a_part_of_what_vanished_meanwhile_is_not_there(objects):
    with pytest.raises(errors.NotFound):
        await MediaService(objects).part("a.mp4", Span(begin=0, end=4))


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


async def test_past_the_deadline_the_store_is_not_asked(objects):
    token = CALLER.set(Caller(request_id="request-1", deadline_s=time.time() - 0.001))
    with pytest.raises(errors.Unavailable, match="no time left to ask object_store"):
        await objects.put("late", b"x")
    CALLER.reset(token)
    assert await objects.get("late") is None
