import io

import pytest
from PIL import Image

from reference_impl.chassis.errors import UnsupportedMedia
from reference_impl.chassis.images import CONTENT_TYPE_OF, sniff_image


@pytest.mark.parametrize(
    ("form", "content_type"),
    [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")],
)
def test_images_are_told_by_their_leading_bytes(form, content_type):
    image = io.BytesIO()
    Image.new("RGB", (2, 2)).save(image, form)
    assert sniff_image(image.getvalue()) == content_type
    assert content_type in CONTENT_TYPE_OF.values()


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xd8", b"GIF89a", b"<svg/>", b"%PDF-1.7", b"RIFF1234WAVE", b"II*\0"]
)
def test_anything_else_is_unsupported(content):
    with pytest.raises(UnsupportedMedia):
        sniff_image(content)
