"""Which media are taken, told by their leading bytes: names and declared types prove nothing."""

from __future__ import annotations

from collections.abc import Iterator

from reference_impl.chassis.errors import UnsupportedMedia

# Of what is stored: the hash of its content, and the upload that it belongs to.
NAME_PATTERN = r"[0-9a-f]{64}-[0-9a-f]{16}\.(?:jpg|png|webp|mp4|webm)"
SUFFIX_OF = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "video/mp4": "mp4",
    "video/webm": "webm",
}
CONTENT_TYPE_OF = {suffix: content_type for content_type, suffix in SUFFIX_OF.items()}

_EBML = b"\x1a\x45\xdf\xa3"
_DOC_TYPE = b"\x42\x82"


def sniff_image(content: bytes) -> str:
    """Return the content type of a JPEG, PNG or WebP image; raise UnsupportedMedia otherwise."""
    if content_type := _image_type(content):
        return content_type
    raise UnsupportedMedia("images must be JPEG, PNG or WebP")


def sniff_video(content: bytes) -> str:
    """Return the content type of an MP4 or WebM video; raise UnsupportedMedia otherwise."""
    if content_type := _video_type(content):
        return content_type
    raise UnsupportedMedia("videos must be MP4 or WebM")


def sniff_media(content: bytes) -> str:
    """Return the content type of an image or a video; raise UnsupportedMedia otherwise."""
    if content_type := _image_type(content) or _video_type(content):
        return content_type
    raise UnsupportedMedia("media must be JPEG, PNG, WebP, MP4 or WebM")


def _image_type(content: bytes) -> str | None:
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    return None


def _video_type(content: bytes) -> str | None:
    if _is_mp4(content):
        return "video/mp4"
    if _is_webm(content):
        return "video/webm"
    return None


def _is_mp4(content: bytes) -> bool:
    """Say whether the file begins with a box of brands of which one is an MP4's.

    WHATWG, MIME Sniffing, 6.2.1.  HEIC and AVIF images and QuickTime films begin with such a
    box too, without that brand.
    """
    box_bytes = int.from_bytes(content[:4])
    if content[4:8] != b"ftyp" or not 16 <= box_bytes <= len(content) or box_bytes % 4:
        return False
    brands = (8, *range(16, box_bytes, 4))  # between the first and the others: its version
    return any(content[at : at + 3] == b"mp4" for at in brands)


def _is_webm(content: bytes) -> bool:
    """Say whether the EBML header (RFC 8794, 11.2) names WebM as what follows, not Matroska."""
    if not content.startswith(_EBML):
        return False
    begin, size = _ebml_size(content, len(_EBML))
    header = content[begin : begin + size]
    return any(kind == _DOC_TYPE and value == b"webm" for kind, value in _ebml_elements(header))


def _ebml_elements(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield id and value of every element that lies whole in the content."""
    at = 0
    while at < len(content):
        id_bytes = _ebml_bytes(content[at])
        value_at, size = _ebml_size(content, at + id_bytes)
        if value_at + size > len(content):
            return
        yield content[at : at + id_bytes], content[value_at : value_at + size].rstrip(b"\0")
        at = value_at + size


def _ebml_size(content: bytes, at: int) -> tuple[int, int]:
    """Return where the value begins whose size is written at `at`, and that size."""
    if at >= len(content):
        return at, 0
    size_bytes = _ebml_bytes(content[at])
    marked = int.from_bytes(content[at : at + size_bytes])
    return at + size_bytes, marked & ~(1 << 7 * size_bytes)


def _ebml_bytes(first: int) -> int:
    """Return how many bytes a number of variable length takes, told by its first byte."""
    return 9 - max(1, first.bit_length())
