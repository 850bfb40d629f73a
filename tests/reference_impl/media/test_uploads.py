"""What strangers send: every odd image, over HTTP and through a real darkroom."""

import asyncio
import io
import random
import tempfile
import zipfile
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import psutil
import pytest
import pytest_asyncio
from aiohttp import web
from bad_images import (
    animated,
    bomb,
    encoded,
    endless,
    flat,
    jpeg_that_claims,
    noise,
    png_that_claims,
    png_with,
    webp_that_claims,
    with_bad_checksum,
    zip_of,
)
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from model.rules.media import SCANS_MAX
from reference_impl.chassis.callers import deadline_in
from reference_impl.chassis.forms import FILE_BYTES_MAX
from reference_impl.chassis.settings import Settings
from reference_impl.media.app import create_app
from reference_impl.media.darkrooms import Darkrooms, Limits
from reference_impl.media.memory import MemoryObjects

pytestmark = pytest.mark.asyncio(loop_scope="module")

DARKROOM_BYTES_MAX = 300 << 20  # of one that has just worked on images of full length
TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
IMAGES_ONLY = "media must be JPEG, PNG, WebP, MP4 or WebM"
DAMAGED = "the image is damaged"


@asynccontextmanager
async def media_service(limits):
    with tempfile.TemporaryDirectory(prefix="s-") as folder:
        async with Darkrooms(1, limits=limits) as darkrooms:
            runner = web.AppRunner(create_app(Settings(), MemoryObjects(), darkrooms))
            await runner.setup()
            path = str(Path(folder) / "s")
            await web.UnixSite(runner, path).start()
            connector = aiohttp.UnixConnector(path)
            async with aiohttp.ClientSession("http://media", connector=connector) as client:
                yield client
            await runner.cleanup()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def media():
    """The media service; nothing here lasts longer than a second, unless all is busy."""
    async with media_service(Limits(cpu_s=20.0)) as client:
        yield client


async def put(media, content, content_type):
    """Return status and answer."""
    headers = {"Content-Type": content_type, "X-Deadline": deadline_in(120.0)}
    async with media.put("/internal/objects", data=content, headers=headers) as answer:
        assert "Traceback" not in await answer.text()
        return answer.status, await answer.json()


async def refusal_of(media, content, content_type):
    status, answer = await put(media, content, content_type)
    return status, answer["detail"]


async def served(media, content, content_type):
    """Store it, fetch it, and return what everybody would see."""
    status, answer = await put(media, content, content_type)
    assert status == 201, answer
    async with media.get(answer["url"]) as stored:
        return await stored.read()


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"", "image/png"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "image/png"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
        (b"<html><script>alert(1)</script></html>", "image/jpeg"),
        (encoded(Image.new("L", (2, 2)), "TIFF"), "image/png"),
        (b"SIMPLE  =                    T" + bytes(2850), "image/png"),
        (encoded(Image.new("RGB", (2, 2)), "EPS"), "image/jpeg"),
        (b"8BPS\0\1" + bytes(100), "image/jpeg"),
        (encoded(Image.new("RGB", (16, 16)), "ICO"), "image/png"),
        (encoded(Image.new("L", (2, 2)), "GIF"), "image/webp"),
        (animated("GIF", 1_000), "image/png"),
        (encoded(Image.new("L", (2, 2)), "BMP"), "image/png"),
        (encoded(Image.new("RGB", (16, 16)), "AVIF"), "image/webp"),
        (b"\0\0\0\x10ftypheic\0\0\0\0", "video/mp4"),
        (b"%PDF-1.7", "image/jpeg"),
        (zip_of("x"), "image/png"),
    ],
    ids=[
        "empty",
        "svg-with-script",
        "svg",
        "html",
        "tiff",
        "fits",
        "eps",
        "psd",
        "ico",
        "gif",
        "gif-animated",
        "bmp",
        "avif",
        "heic",
        "pdf",
        "zip",
    ],
)
async def test_other_formats_are_not_taken_whatever_they_call_themselves(
    media, content, content_type
):
    assert await refusal_of(media, content, content_type) == (415, IMAGES_ONLY)


@pytest.mark.parametrize(
    ("form", "declared", "detail"),
    [
        ("JPEG", "image/png", "the content is image/jpeg, not 'image/png'"),
        ("PNG", "text/html", "the content is image/png, not 'text/html'"),
        ("WEBP", "image/jpeg", "the content is image/webp, not 'image/jpeg'"),
        ("PNG", "video/mp4", "the content is image/png, not 'video/mp4'"),
    ],
)
async def test_an_image_is_what_it_is_declared_to_be(media, form, declared, detail):
    content = encoded(Image.new("RGB", (2, 2)), form)
    assert await refusal_of(media, content, declared) == (415, detail)


@pytest.mark.parametrize("tenths", range(1, 10))
@pytest.mark.parametrize("form", ["JPEG", "progressive", "PNG", "WEBP"])
async def test_half_an_image_is_none(media, form, tenths):
    how = {"progressive": True} if form == "progressive" else {}
    form = "JPEG" if how else form
    content = encoded(noise((60, 40)), form, **how)
    cut = content[: len(content) * tenths // 10]
    assert await refusal_of(media, cut, TYPES[form]) == (422, DAMAGED)


@pytest.mark.parametrize(
    "content",
    [
        with_bad_checksum(b"IHDR"),
        with_bad_checksum(b"IDAT"),
        with_bad_checksum(b"tEXt"),
        png_with(b"zTXt", b"Title\0\0" + bomb()),
        png_with(b"iTXt", b"Title\0\1\0\0\0" + bomb()),
        png_with(b"iCCP", b"profile\0\0" + bomb()),
        encoded(Image.new("RGB", (9, 9)), "PNG")[:8] + b"no chunk at all",
    ],
    ids=[
        "header-checksum",
        "pixels-checksum",
        "text-checksum",
        "text-bomb",
        "international-text-bomb",
        "profile-bomb",
        "no-chunk",
    ],
)
async def test_a_png_that_is_damaged_or_a_bomb_is_refused(media, content):
    assert await refusal_of(media, content, "image/png") == (422, DAMAGED)


@pytest.mark.parametrize(
    ("content", "form", "detail"),
    [
        (png_that_claims(65_535, 1), "PNG", "the image is 65535 x 1 pixels: no side may"),
        (jpeg_that_claims(65_535, 8), "JPEG", "the image is 65535 x 8 pixels: no side may"),
        (webp_that_claims(16_383, 8), "WEBP", "the image is 16383 x 8 pixels: no side may"),
        (png_that_claims(1, 8_193), "PNG", "the image is 1 x 8193 pixels: no side may have more"),
        (png_that_claims(4_901, 5_101), "PNG", "the image has more than 25000000 pixels"),
        (jpeg_that_claims(4_901, 5_101), "JPEG", "the image has more than 25000000 pixels"),
        (webp_that_claims(4_901, 5_101), "WEBP", "the image has more than 25000000 pixels"),
        (png_that_claims(2**31 - 1, 2**31 - 1), "PNG", "the image has more than 25000000 pixels"),
        (webp_that_claims(16_383, 16_383), "WEBP", "the image has more than 25000000 pixels"),
        (encoded(Image.new("1", (13_300, 13_300)), "PNG"), "PNG", "the image has more than 2500"),
    ],
    ids=[
        *("png-65535-wide", "jpeg-65535-wide", "webp-16383-wide", "png-8193-high"),
        *("png-25000001", "jpeg-25000001", "webp-25000001", "png-2-31", "webp-16383", "png-flood"),
    ],
)
async def test_an_image_of_too_many_pixels_is_too_large(media, content, form, detail):
    status, said = await refusal_of(media, content, TYPES[form])
    assert (status, said[: len(detail)]) == (413, detail)


async def test_a_file_that_is_too_long_is_too_large(media):
    content = b"\x89PNG\r\n\x1a\n" + bytes(FILE_BYTES_MAX)
    assert await refusal_of(media, content, "image/png") == (
        413,
        "the body must not be longer than 8388608 bytes",
    )


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
@pytest.mark.parametrize("frames", [2, 1_000])
async def test_what_moves_is_not_taken(media, form, frames):
    content = animated(form, frames)
    assert await refusal_of(media, content, TYPES[form]) == (
        415,
        "animated images are not taken",
    )


@pytest.mark.parametrize("form", TYPES)
async def test_a_single_pixel_is_an_image(media, form):
    content = encoded(Image.new("RGB", (1, 1)), form)
    status, answer = await put(media, content, TYPES[form])
    assert (status, answer["width"], answer["height"]) == (201, 1, 1)


@pytest.mark.parametrize("form", TYPES)
async def test_of_a_file_that_is_two_things_only_the_image_is_kept(media, form):
    content = encoded(noise((20, 20)), form) + zip_of("evil") + b"<script>alert(1)</script>"
    stored = await served(media, content, TYPES[form])
    assert b"PK\3\4" not in stored
    assert b"script" not in stored
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(stored))


@pytest.mark.parametrize(
    "content",
    [with_bad_checksum(b"IEND"), png_with(b"zTXt", b"Title\0\0" + bomb(), before=b"IEND")],
    ids=["end-checksum", "text-bomb"],
)
async def test_what_comes_behind_the_pixels_of_a_png_is_dropped_unread(media, content):
    stored = await served(media, content, "image/png")
    assert len(stored) < 200
    assert b"zTXt" not in stored


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_a_photo_is_served_upright_and_does_not_tell_where_it_was_taken(media, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    seen = Image.new("RGB", (40, 20), "blue")
    seen.paste("red", (0, 0, 20, 20))  # as it is stored: the left half is red
    stored = await served(media, encoded(seen, "JPEG", exif=exif, quality=95), "image/jpeg")
    image = Image.open(io.BytesIO(stored))
    # Where the first column of what is stored is to be seen (EXIF 2.32, 4.6.4).
    red_at = {1: (4, 10), 2: (35, 10), 3: (35, 10), 4: (4, 10)} | {
        5: (10, 4),
        6: (10, 4),
        7: (10, 35),
        8: (10, 35),
    }
    red, green, blue = image.getpixel(red_at[orientation])  # type: ignore[misc]
    assert (red > 200, green < 60, blue < 60) == (True, True, True)
    assert image.size == ((40, 20) if orientation < 5 else (20, 40))
    assert not image.getexif()
    assert b"Exif" not in stored


@pytest.mark.parametrize(
    ("content", "content_type", "mode"),
    [
        (encoded(Image.new("CMYK", (20, 20), (0, 255, 255, 0)), "JPEG"), "image/jpeg", "RGB"),
        (encoded(Image.new("I;16", (20, 20), 0xFFFF), "PNG"), "image/png", "L"),
        (encoded(Image.new("P", (20, 20)), "PNG", transparency=0), "image/png", "RGBA"),
        (encoded(Image.new("LA", (20, 20)), "PNG"), "image/png", "RGBA"),
    ],
    ids=["cmyk", "16-bit", "palette", "grey-with-alpha"],
)
async def test_what_browsers_show_badly_is_brought_into_a_form_they_all_show(
    media, content, content_type, mode
):
    assert Image.open(io.BytesIO(await served(media, content, content_type))).mode == mode


async def test_a_text_is_not_kept(media):
    info = PngInfo()
    info.add_text("Comment", "a secret", zip=True)
    stored = await served(media, encoded(noise((9, 9)), "PNG", pnginfo=info), "image/png")
    assert set(Image.open(io.BytesIO(stored)).info) == set()


async def test_ten_images_of_full_length_at_once_are_all_taken_in_little_memory(media):
    contents = [encoded(noise((1_500, 1_500), seed), "JPEG", quality=95) for seed in range(2)]
    contents = [content.ljust(FILE_BYTES_MAX, b"\0") for content in contents]
    puts = (put(media, contents[number % 2], "image/jpeg") for number in range(10))
    assert [status for status, _ in await asyncio.gather(*puts)] == [201] * 10
    darkrooms = [
        its
        for its in psutil.Process().children()
        if "reference_impl.media.darkroom" in its.cmdline()
    ]
    assert darkrooms
    assert max(its.memory_info().rss for its in darkrooms) < DARKROOM_BYTES_MAX


async def test_an_image_that_would_be_worked_on_for_hours_is_refused_and_the_next_one_taken(media):
    content = endless()
    assert len(content) < FILE_BYTES_MAX
    said = (422, f"the image has more than {SCANS_MAX} scans")
    assert await refusal_of(media, content, "image/jpeg") == said
    assert (await put(media, encoded(flat(), "PNG"), "image/png"))[0] == 201


async def test_whatever_single_byte_is_wrong_nothing_fails(media):
    """Every answer is 201 or a refusal, and the same darkroom lives through most of it."""
    chance = random.Random(11)
    for form, content_type in TYPES.items():
        content = encoded(noise((12, 9)), form)
        for _ in range(60):
            changed = bytearray(content)
            changed[chance.randrange(min(len(content), 300))] = chance.randrange(256)
            status, answer = await put(media, bytes(changed), content_type)
            assert status in (201, 413, 415, 422), answer
