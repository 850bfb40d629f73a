import io
import re

import pytest
from PIL import Image

from reference_impl.chassis.errors import UnsupportedMedia
from reference_impl.chassis.media_types import (
    CONTENT_TYPE_OF,
    NAME_PATTERN,
    sniff_image,
    sniff_media,
    sniff_video,
)


def image_of(form):
    image = io.BytesIO()
    Image.new("RGB", (2, 2)).save(image, form)
    return image.getvalue()


def mp4_of(*brands, box_bytes=None):
    """A file that begins with a box of brands, as players read it, and goes on."""
    words = brands[0] + b"\0\0\2\0" + b"".join(brands[1:])
    size = len(words) + 8 if box_bytes is None else box_bytes
    return size.to_bytes(4) + b"ftyp" + words + b"\0\0\0\x08free"


def ebml_of(doc_type, *, size=b"\x84"):
    """An EBML header: version 1, then the type of the document."""
    body = b"\x42\x86\x81\x01" + b"\x42\x82" + size + doc_type
    return b"\x1a\x45\xdf\xa3" + bytes([0x80 | len(body)]) + body + b"\x18\x53\x80\x67\x80"


# The first bytes of what encoders wrote.
MP4S = {
    "by ffmpeg": mp4_of(b"isom", b"isom", b"iso2", b"avc1", b"mp41"),
    "by a phone": mp4_of(b"mp42", b"isom", b"mp42"),
    "with one brand": mp4_of(b"mp42"),
}
WEBMS = {
    "by a browser": ebml_of(b"webm"),
    "padded": ebml_of(b"webm\0\0", size=b"\x86"),
    "with a size of eight bytes": ebml_of(b"webm", size=b"\x01\0\0\0\0\0\0\x04"),
}
NO_VIDEOS = {
    "nothing": b"",
    "HEIC": mp4_of(b"heic", b"mif1", b"heic"),
    "AVIF": mp4_of(b"avif", b"mif1", b"miaf"),
    "QuickTime": mp4_of(b"qt  ", b"qt  "),
    "a box longer than the file": mp4_of(b"mp42", box_bytes=1 << 20),
    "a box too short for a brand": mp4_of(b"mp42", box_bytes=12),
    "a box of odd length": mp4_of(b"mp42", b"isom", box_bytes=18),
    "a brand in the place of the version": (20).to_bytes(4) + b"ftypisommp42isom",
    "a brand outside the box": mp4_of(b"isom", b"isom", b"mp42", box_bytes=20),
    "no box": b"\0\0\0\x10moovmp42\0\0\0\0",
    "Matroska": ebml_of(b"matroska", size=b"\x88"),
    "a type that only begins so": ebml_of(b"webmovie", size=b"\x88"),
    "a type cut off": ebml_of(b"webm")[:14],
    "a type after the header": b"\x1a\x45\xdf\xa3\x80\x42\x82\x84webm",
    "an EBML mark and nothing": b"\x1a\x45\xdf\xa3",
    "an EBML header of zeros": b"\x1a\x45\xdf\xa3\x90" + bytes(16),
    "a GIF": b"GIF89a",
}


@pytest.mark.parametrize(
    ("form", "content_type"),
    [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")],
)
def test_images_are_told_by_their_leading_bytes(form, content_type):
    assert sniff_image(image_of(form)) == sniff_media(image_of(form)) == content_type


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xd8", b"GIF89a", b"<svg/>", b"%PDF-1.7", b"RIFF1234WAVE", b"II*\0"]
)
def test_anything_else_is_no_image(content):
    with pytest.raises(UnsupportedMedia, match="images must be"):
        sniff_image(content)


@pytest.mark.parametrize("content", MP4S.values(), ids=MP4S)
def test_an_mp4_is_told_by_a_brand_in_its_first_box(content):
    assert sniff_video(content) == sniff_media(content) == "video/mp4"


@pytest.mark.parametrize("content", WEBMS.values(), ids=WEBMS)
def test_a_webm_is_told_by_the_document_type_in_its_header(content):
    assert sniff_video(content) == sniff_media(content) == "video/webm"


@pytest.mark.parametrize("content", NO_VIDEOS.values(), ids=NO_VIDEOS)
def test_anything_else_is_no_video(content):
    with pytest.raises(UnsupportedMedia, match="videos must be"):
        sniff_video(content)
    with pytest.raises(UnsupportedMedia, match="media must be"):
        sniff_media(content)


def test_an_image_is_no_video_and_a_video_no_image():
    with pytest.raises(UnsupportedMedia):
        sniff_video(image_of("PNG"))
    with pytest.raises(UnsupportedMedia):
        sniff_image(MP4S["by ffmpeg"])


def test_every_type_has_a_name_under_which_it_is_served():
    for suffix in CONTENT_TYPE_OF:
        assert re.fullmatch(NAME_PATTERN, f"{'0' * 64}-{'1' * 16}.{suffix}")
    assert not re.fullmatch(NAME_PATTERN, f"{'0' * 64}-{'1' * 16}.gif")
    assert not re.fullmatch(NAME_PATTERN, f"{'0' * 64}.jpg")
