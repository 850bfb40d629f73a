"""Images that strangers send: those that are refused, each with what it is told, and odd ones."""

import io
import random
import struct
import zipfile
import zlib
from dataclasses import dataclass

from PIL import Image

from reference_impl.chassis.forms import FILE_BYTES_MAX

NO_IMAGE = "images must be JPEG, PNG or WebP"
DAMAGED = "the image is damaged"
MOVES = "animated images are not taken"
TOO_MANY = "the image has more than 25000000 pixels"
TENTHS = range(1, 10)


@dataclass(frozen=True)
class Refused:
    """An image, and how it is refused; the detail contains these words."""

    content: bytes
    status: int
    words: str


def encoded(image, form, **how):
    file = io.BytesIO()
    image.save(file, form, **how)
    return file.getvalue()


def noise(size, seed=7):
    wide, high = size
    return Image.frombytes("RGB", size, random.Random(seed).randbytes(wide * high * 3))


def flat(size=(2, 2), mode="RGB"):
    return Image.new(mode, size)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_with(kind, data, *, before=b"IDAT"):
    """A small PNG with one more chunk in front of another."""
    content = encoded(flat((9, 9)), "PNG")
    at = content.index(before) - 4
    return content[:at] + chunk(kind, data) + content[at:]


def with_bad_checksum(kind):
    content = bytearray(png_with(b"tEXt", b"Title\0text"))
    at = content.index(kind)
    size = int.from_bytes(content[at - 4 : at], "big")
    content[at + 4 + size] ^= 0xFF
    return bytes(content)


def jpeg_that_claims(width, height):
    content = bytearray(encoded(flat((16, 16), "L"), "JPEG"))
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(content)


def png_that_claims(width, height):
    content = encoded(flat((1, 1), "L"), "PNG")
    header = chunk(b"IHDR", struct.pack(">II", width, height) + content[24:29])
    return content[:8] + header + content[33:]


def webp_that_claims(width, height):
    content = bytearray(encoded(flat((16, 16)), "WEBP"))
    content[26:30] = struct.pack("<HH", width, height)
    return bytes(content)


def animated(form, frames):
    images = [Image.new("L", (2, 2), number % 2 * 255) for number in range(frames)]
    return encoded(images[0], form, save_all=True, append_images=images[1:])


def bomb():
    return zlib.compress(bytes(100 << 20))


def zip_of(text):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("Evil.class", text)
    return file.getvalue()


def endless():
    """A JPEG whose last scan is repeated, at some milliseconds of work for every 42 bytes."""
    content = encoded(flat((4_900, 4_900)), "JPEG", progressive=True)
    last_scan = content[content.rindex(b"\xff\xda") : -2]
    return content[:-2] + last_scan * 100_000 + content[-2:]


def other_formats():
    return {
        "nothing": b"",
        "an SVG with a script": b"<svg xmlns='http://www.w3.org/2000/svg'><script>x</script></svg>",
        "HTML": b"<html><script>alert(1)</script></html>",
        "a TIFF": encoded(flat(), "TIFF"),
        "a FITS": b"SIMPLE  =                    T" + bytes(2850),
        "an EPS": encoded(flat(), "EPS"),
        "a PSD": b"8BPS\0\1" + bytes(100),
        "an ICO": encoded(flat((16, 16)), "ICO"),
        "a BMP": encoded(flat(), "BMP"),
        "an AVIF": encoded(flat((16, 16)), "AVIF"),
        "a GIF": encoded(flat(), "GIF"),
        "a GIF that is an archive": encoded(flat(), "GIF") + zip_of("x"),
        "a GIF of 1,000 frames": animated("GIF", 1_000),
        "a PDF": b"%PDF-1.7",
        "an archive": zip_of("x"),
        "a video": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
    }


def damaged():
    halves = {"JPEG": {}, "progressive JPEG": {"progressive": True}, "PNG": {}, "WEBP": {}}
    whole = {
        form: encoded(noise((60, 40)), form.split()[-1], **how) for form, how in halves.items()
    }
    return {
        f"{tenths}0 % of a {form}": content[: len(content) * tenths // 10]
        for form, content in whole.items()
        for tenths in TENTHS
    } | {
        "a wrong checksum of the header": with_bad_checksum(b"IHDR"),
        "a wrong checksum of the pixels": with_bad_checksum(b"IDAT"),
        "a wrong checksum of a text": with_bad_checksum(b"tEXt"),
        "a text that is a bomb": png_with(b"zTXt", b"Title\0\0" + bomb()),
        "a profile that is a bomb": png_with(b"iCCP", b"profile\0\0" + bomb()),
        "a PNG without chunks": encoded(flat(), "PNG")[:8] + b"no chunk at all",
    }


def too_large():
    return {
        "a PNG 65,535 wide": (png_that_claims(65_535, 1), "65535 x 1 pixels: no side may"),
        "a JPEG 65,535 wide": (jpeg_that_claims(65_535, 8), "65535 x 8 pixels: no side may"),
        "a WebP 16,383 wide": (webp_that_claims(16_383, 8), "16383 x 8 pixels: no side may"),
        "a PNG of a pixel too many": (png_that_claims(4_901, 5_101), TOO_MANY),
        "a JPEG of a pixel too many": (jpeg_that_claims(4_901, 5_101), TOO_MANY),
        "a WebP of a pixel too many": (webp_that_claims(4_901, 5_101), TOO_MANY),
        "a flood of pixels": (encoded(flat((13_300, 13_300), "1"), "PNG"), TOO_MANY),
        "a file of a byte too many": (
            encoded(flat(), "JPEG").ljust(FILE_BYTES_MAX + 1, b"\0"),
            f"must not be longer than {FILE_BYTES_MAX} bytes",
        ),
    }


def refused_images():
    """Return every image that is refused, by what it is."""
    moving = {f"a {form} that moves": animated(form, 1_000) for form in ("PNG", "WEBP")}
    return (
        {what: Refused(content, 415, NO_IMAGE) for what, content in other_formats().items()}
        | {what: Refused(content, 415, MOVES) for what, content in moving.items()}
        | {what: Refused(content, 422, DAMAGED) for what, content in damaged().items()}
        | {what: Refused(content, 413, words) for what, (content, words) in too_large().items()}
    )


def odd_images():
    """Return images that are odd and taken all the same, by what they are."""
    archive = zip_of("evil") + b"<script>alert(1)</script>"
    return {
        "a single pixel": encoded(flat((1, 1)), "PNG"),
        "printing colours": encoded(Image.new("CMYK", (20, 20), (0, 255, 255, 0)), "JPEG"),
        "grey of 16 bits": encoded(Image.new("I;16", (20, 20), 0xFFFF), "PNG"),
        "a palette": encoded(flat(mode="P"), "PNG", transparency=0),
        "a JPEG that is an archive": encoded(noise((20, 20)), "JPEG") + archive,
        "a PNG that is an archive": encoded(noise((20, 20)), "PNG") + archive,
        "a WebP that is an archive": encoded(noise((20, 20)), "WEBP") + archive,
    }
