import pytest

from model.rules.media import (
    PIXELS_MAX,
    QUALITY_MIN,
    RENDITION_WIDTHS,
    SIDE_MAX,
    is_shared,
    qualities,
    refusal_of,
    rendition_sizes,
    shared_upload,
)


@pytest.mark.parametrize("size", [(1, 1), (5_000, 5_000), (SIDE_MAX, 1), (1, SIDE_MAX)])
def test_an_image_within_both_limits_is_taken(size):
    assert refusal_of(*size) is None


@pytest.mark.parametrize("size", [(SIDE_MAX + 1, 1), (1, SIDE_MAX + 1), (65_535, 65_535)])
def test_an_image_with_too_long_a_side_is_refused_with_its_size(size):
    refusal = refusal_of(*size)
    assert refusal == f"the image is {size[0]} x {size[1]} pixels: no side may have more than 8192"


def test_an_image_with_one_pixel_row_too_many_is_refused_with_their_number():
    assert refusal_of(5_000, 5_001) == (
        "the image is 5000 x 5001 pixels: there may be 25000000 at most, and are 25005000"
    )
    assert 5_000 * 5_001 > PIXELS_MAX >= 5_000 * 5_000


@pytest.mark.parametrize(
    ("width", "widths"),
    [
        (8_192, [1080, 640, 320]),
        (1_080, [1080, 640, 320]),
        (1_079, [640, 320]),
        (640, [640, 320]),
        (639, [320]),
        (320, [320]),
        (319, [319]),
        (1, [1]),
    ],
)
def test_no_rendition_is_wider_than_the_image_and_there_is_one_at_least(width, widths):
    assert [wide for wide, _ in rendition_sizes(width, 100)] == widths


@pytest.mark.parametrize("size", [(4_000, 3_000), (3_000, 4_000), (1_080, 1), (321, 8_192)])
def test_renditions_keep_the_shape_to_the_nearest_pixel(size):
    width, height = size
    for wide, high in rendition_sizes(width, height):
        assert high >= 1
        assert abs(high - height * wide / width) <= 0.5 or high == 1


def test_widest_comes_first():
    assert list(RENDITION_WIDTHS) == sorted(RENDITION_WIDTHS, reverse=True)


def test_only_ids_that_begin_with_eight_zeros_are_of_shared_pictures():
    assert is_shared("00000000deadbeef")
    assert not is_shared("0000000deadbeef0")


def test_an_upload_that_is_made_to_be_shared_is_and_differs_by_its_content():
    one, other = shared_upload("1" * 64), shared_upload("2" * 64)
    assert is_shared(one)
    assert len(one) == len("0123456789abcdef")
    assert one != other


@pytest.mark.parametrize("best", [90, 80, 78, QUALITY_MIN])
def test_qualities_fall_from_the_best_and_none_is_below_the_least(best):
    tried = list(qualities(best))
    assert tried[0] == best
    assert tried == sorted(set(tried), reverse=True)
    assert tried[-1] >= QUALITY_MIN
