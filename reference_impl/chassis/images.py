"""Which images are taken, told by their leading bytes: names and declared types prove nothing."""

from __future__ import annotations

from reference_impl.chassis.errors import UnsupportedMedia

NAME_PATTERN = r"[0-9a-f]{64}\.(?:jpg|png|webp)"  # of a stored image: the hash of its content
SUFFIX_OF = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
CONTENT_TYPE_OF = {suffix: content_type for content_type, suffix in SUFFIX_OF.items()}


def sniff_image(content: bytes) -> str:
    """Return the content type of a JPEG, PNG or WebP image; raise UnsupportedMedia otherwise."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    raise UnsupportedMedia("images must be JPEG, PNG or WebP")
