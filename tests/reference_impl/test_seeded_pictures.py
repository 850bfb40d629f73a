from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from reference_impl.post.posts import ALT_TEXT_MAX, CAPTION_MAX
from reference_impl.seeding.pictures import (
    AVATAR_COUNT,
    AVATAR_WIDTH,
    PICTURE_COUNT,
    WIDTHS,
    avatar_of,
    picture_of,
    width_for,
)

SMALL = 160  # pixels: every painter is drawn, and none takes long


@pytest.fixture(scope="module")
def pictures():
    return [picture_of(5, number, SMALL) for number in range(PICTURE_COUNT)]


def pixels_of(picture):
    with Image.open(BytesIO(picture.content)) as image:
        assert image.format == "JPEG"
        return np.asarray(image.convert("RGB"))


def test_a_picture_is_a_pure_function_of_seed_number_and_width(pictures):
    assert [picture_of(5, number, SMALL) for number in range(9)] == pictures[:9]
    assert picture_of(6, 0, SMALL).content != pictures[0].content


def test_no_two_pictures_are_the_same_and_none_is_a_grey_box(pictures):
    assert len({picture.content for picture in pictures}) == PICTURE_COUNT
    for picture in pictures:
        pixels = pixels_of(picture).astype(float)
        assert pixels.shape[1] == SMALL
        # Light and dark lie far apart, over the picture and not only in its grain.
        coarse = pixels[: len(pixels) // 8 * 8].reshape(-1, 8, SMALL // 8, 8, 3).mean(axis=(1, 3))
        assert coarse.std() > 15


def test_every_picture_has_a_caption_and_an_alternative_of_one_sentence(pictures):
    for picture in pictures:
        assert 0 < len(picture.caption) <= CAPTION_MAX
        assert 0 < len(picture.alt_text) <= ALT_TEXT_MAX
        assert picture.alt_text[0].isupper()
        assert picture.alt_text.endswith(".")
        assert picture.alt_text.count(".") == 1


def test_pictures_come_in_three_shapes(pictures):
    shapes = {round(len(pixels_of(picture)) / SMALL, 2) for picture in pictures}
    assert shapes == {1.25, 1.0, 0.56}


def test_avatars_are_square_and_differ():
    avatars = [avatar_of(5, number) for number in range(AVATAR_COUNT)]
    assert len({avatar.content for avatar in avatars}) == AVATAR_COUNT
    assert {pixels_of(avatar).shape for avatar in avatars} == {(AVATAR_WIDTH, AVATAR_WIDTH, 3)}
    assert avatars[0] == avatar_of(5, 0)


def test_no_picture_carries_anything_but_its_pixels(pictures):
    for picture in pictures:
        with Image.open(BytesIO(picture.content)) as image:
            assert not image.getexif()
            assert "icc_profile" not in image.info


@pytest.mark.parametrize(("image_bytes", "width"), [(1_000, 320), (60_000, 640), (150_000, 1080)])
def test_pictures_are_as_wide_as_uploads_of_that_size(image_bytes, width):
    assert width_for(image_bytes) == width
    assert width_for(image_bytes * 2 if width == 1080 else image_bytes + 1) == width


@pytest.mark.verify
def test_pictures_of_a_width_are_of_about_the_size_that_it_stands_for():
    for bytes_min, width in WIDTHS[:2]:
        sizes = [len(picture_of(5, number, width).content) for number in range(9)]
        assert bytes_min / 2 < np.mean(sizes) < bytes_min * 2
