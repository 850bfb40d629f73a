"""How long an image may be as it is stored: what nobody could fetch is not stored."""

import io
from functools import partial

import pytest
from PIL import Image

from model.rules.media import TAKEN_IN_BYTES_MAX
from reference_impl.chassis.errors import TooLarge
from reference_impl.chassis.forms import FILE_BYTES_MAX
from reference_impl.chassis.instances import ANSWER_BYTES_MAX
from reference_impl.media.pictures import developed, taken_in


@pytest.fixture
def at_most(monkeypatch):
    """Let what is stored have so many bytes at most."""
    return partial(monkeypatch.setattr, "reference_impl.media.pictures.TAKEN_IN_BYTES_MAX")


@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
def test_an_image_that_would_grow_too_long_is_stored_in_less_quality(photo_of, at_most, form):
    content = photo_of((200, 200), form, quality=70)
    as_good_as_can_be = taken_in(content).content
    assert len(as_good_as_can_be) > len(content)
    at_most(len(content))
    picture = taken_in(content)
    assert len(content) // 2 < len(picture.content) <= len(content)
    assert Image.open(io.BytesIO(picture.content)).format == form


def test_a_rendition_that_would_be_too_long_is_of_less_quality(photo_of, at_most):
    content = photo_of((200, 200), "PNG")
    webp, jpeg = (len(made.content) for made in developed(content))
    at_most(min(webp, jpeg) - 1)
    assert [len(made.content) < min(webp, jpeg) for made in developed(content)] == [True, True]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_an_image_that_is_too_long_in_any_quality_is_not_taken(photo_of, at_most, form):
    at_most(100)
    with pytest.raises(TooLarge, match=r"as it is stored the image takes \d+ bytes, of 100 at"):
        taken_in(photo_of((200, 200), form))


def test_whatever_is_stored_can_be_fetched():
    assert FILE_BYTES_MAX <= ANSWER_BYTES_MAX
    assert TAKEN_IN_BYTES_MAX <= ANSWER_BYTES_MAX
