"""What the decoder does with an image: takes it in, upright and bare, and develops its renditions.

This runs in a darkroom only (`darkroom.py`), for whatever anybody sent is decoded here.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from PIL import Image, ImageCms, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from model.rules.media import (
    JPEG_QUALITY,
    PIXELS_MAX,
    SCANS_MAX,
    TAKEN_IN_BYTES_MAX,
    TAKEN_IN_QUALITY,
    WEBP_QUALITY,
    qualities,
    refusal_of,
    rendition_sizes,
)
from reference_impl.chassis.errors import TooLarge, Unprocessable, UnsupportedMedia
from reference_impl.chassis.media_types import sniff_image
from reference_impl.media.messages import Picture, Rendition

__all__ = ["Picture", "Rendition", "developed", "taken_in"]

JPEG, PNG, WEBP = "image/jpeg", "image/png", "image/webp"

# Importing these is what makes Pillow know the formats, and no others.
_FORMAT_OF = {
    JPEG: JpegImagePlugin.JpegImageFile.format,
    PNG: PngImagePlugin.PngImageFile.format,
    WEBP: WebPImagePlugin.WebPImageFile.format,
}
# What Pillow raises at bytes that are no image, as far as fuzzing found it; whatever else it does
# ends the darkroom.
_DAMAGES = (
    *(OSError, SyntaxError, ValueError, TypeError, EOFError, IndexError, AssertionError),
    *(struct.error, zlib.error),
)
_BOMBS = (Image.DecompressionBombWarning, Image.DecompressionBombError)

# EXIF 2.32, 4.6.4: where the first row and column of the pixels belong.
_ORIENTATION = 0x0112
_UPRIGHT_BY = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_TAKEN_IN_AS: dict[str, dict[str, int]] = {
    JPEG: {},
    PNG: {"compress_level": 4},  # of 9: a third of what 6 costs, for 3 % more bytes
    WEBP: {"method": 2},  # of 6
}
_START_OF_SCAN = b"\xff\xda"  # nowhere else: in coded data, 0xff is followed by 0
_PLAIN_MODES = ("L", "RGB", "RGBA", "CMYK")


def taken_in(content: bytes) -> Picture:
    """Return the image as it is to be stored: decoded, upright, in sRGB, and without anything else.

    Raises UnsupportedMedia if it is no JPEG, PNG or WebP or moves, TooLarge if it has too many
    pixels or is too long as it would be stored, and Unprocessable if it is damaged.
    """
    content_type = sniff_image(content)
    with _refusing():
        image = _plain(_opened(content, content_type))
        return _encoded(image, content_type, TAKEN_IN_QUALITY, **_TAKEN_IN_AS[content_type])


def developed(content: bytes) -> list[Rendition]:
    """Return an image's renditions, widest first, each as WebP and as JPEG; raises as above."""
    with _refusing():
        return list(_renditions(_plain(_opened(content, sniff_image(content)))))


def _renditions(image: Image.Image) -> Iterator[Rendition]:
    for size in rendition_sizes(*image.size):
        # Each is made from the one before, which costs little and is not seen.
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
        yield _encoded(image, WEBP, WEBP_QUALITY, method=4)
        yield _encoded(_on_white(image), JPEG, JPEG_QUALITY, progressive=True, optimize=True)


@contextmanager
def _refusing() -> Iterator[None]:
    Image.MAX_IMAGE_PIXELS = PIXELS_MAX
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd metadata
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            yield
        except _BOMBS:
            raise TooLarge(f"the image has more than {PIXELS_MAX} pixels") from None
        except MemoryError:
            raise Unprocessable("the image cannot be decoded within limits") from None
        except _DAMAGES:
            raise Unprocessable("the image is damaged") from None


def _opened(content: bytes, content_type: str) -> Image.Image:
    """Return an image within limits, of which not one pixel is decoded yet."""
    image = _open(content, content_type)
    if refusal := refusal_of(*image.size):
        raise TooLarge(refusal)
    # Each costs a pass over all pixels, and some bytes.
    if content_type == JPEG and content.count(_START_OF_SCAN) > SCANS_MAX:
        raise Unprocessable(f"the image has more than {SCANS_MAX} scans")
    # A JPEG of several frames is a photo with what the camera adds: its depth, a preview.
    if content_type != JPEG and getattr(image, "n_frames", 1) > 1:
        raise UnsupportedMedia("animated images are not taken")
    if content_type != PNG:
        return image
    image.verify()  # its checksums, which are not looked at in decoding
    return _open(content, content_type)


def _open(content: bytes, content_type: str) -> Image.Image:
    return Image.open(io.BytesIO(content), formats=[_FORMAT_OF[content_type]])


def _plain(image: Image.Image) -> Image.Image:
    """Return an image upright, in L, RGB or RGBA, in sRGB if its colours are told to be others."""
    upright_by = _UPRIGHT_BY.get(_orientation_of(image))
    profile = image.info.get("icc_profile")
    image = _in_plain_mode(image)  # from here on the decoder's memory is free
    if profile:
        image = _in_srgb(image, profile)
    if image.mode == "CMYK":
        image = image.convert("RGB")
    return image if upright_by is None else image.transpose(upright_by)


def _orientation_of(image: Image.Image) -> int:
    try:
        orientation = image.getexif().get(_ORIENTATION)
    except _DAMAGES:  # damaged metadata damage no picture
        return 1
    return orientation if isinstance(orientation, int) else 1


def _in_plain_mode(image: Image.Image) -> Image.Image:
    image.load()
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode.startswith("I"):  # grey of 16 bits
        return image.point(lambda grey: grey / 256).convert("L")
    if image.mode in _PLAIN_MODES:
        return image.copy()
    return image.convert("L" if image.mode == "1" else "RGB")


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Return the image in sRGB; as it is if the profile is damaged, or one of other colours."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(
            image,
            source,
            ImageCms.createProfile("sRGB"),
            outputMode="RGBA" if image.mode == "RGBA" else "RGB",
        )
    except (OSError, ImageCms.PyCMSError):
        return image
    return image if converted is None else converted


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _encoded(image: Image.Image, content_type: str, quality: int, **how: Any) -> Picture:
    """Return the image in this quality, or in the best one in which it is not too long.

    A PNG has no quality to lose.
    """
    image.info = {}  # or profile, comment and XMP would be written again
    its_qualities = [quality] if content_type == PNG else qualities(quality)
    for tried in its_qualities:
        file = io.BytesIO()
        image.save(file, _FORMAT_OF[content_type], quality=tried, **how)
        content = file.getvalue()
        if len(content) <= TAKEN_IN_BYTES_MAX:
            return Picture(
                content=content,
                content_type=content_type,
                width=image.width,
                height=image.height,
            )
    raise TooLarge(
        f"as it is stored the image takes {len(content)} bytes, of {TAKEN_IN_BYTES_MAX} at most"
    )
