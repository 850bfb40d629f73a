"""What an image may be, and what becomes of it: its renditions, how well, and whose it is.

The limits are for the decoder's sake: a file of half a megabyte can hold an image that takes 700
(Pillow's own limit refuses from 179 million pixels on).  25 million are what phones take, at four
bytes each 100 MB while one is worked on; the sides are what every graphics card shows.
"""

from __future__ import annotations

SCANS_MAX = 100  # of a JPEG: encoders make ten or so, and a camera's file holds a few images
PIXELS_MAX = 25_000_000
SIDE_MAX = 8_192  # pixels
# Of an image as it is stored, and of each rendition: as much as of one that is sent, although some
# grow, or nobody could fetch them.
TAKEN_IN_BYTES_MAX = 8 << 20

# A post across a phone of three physical pixels to one (360 x 3), one in a column, one of a grid.
RENDITION_WIDTHS = (1080, 640, 320)

# Of 100.  What is taken in is developed again later, so it loses as little as can be seen.
TAKEN_IN_QUALITY = 90
JPEG_QUALITY = 80
WEBP_QUALITY = 78  # looks like a JPEG's 80
QUALITY_MIN = 30  # below that, blocks are seen before the picture is
QUALITY_STEP = 15  # takes a quarter to a third off a photo's bytes

_SHARED = "0" * 8


def refusal_of(width: int, height: int) -> str | None:
    """Say why an image of this size is not taken; None if it is.

    >>> refusal_of(5_000, 5_000)
    >>> refusal_of(9_000, 10)
    'the image is 9000 x 10 pixels: no side may have more than 8192'
    """
    size = f"the image is {width} x {height} pixels"
    if max(width, height) > SIDE_MAX:
        return f"{size}: no side may have more than {SIDE_MAX}"
    if width * height > PIXELS_MAX:
        return f"{size}: there may be {PIXELS_MAX} at most, and are {width * height}"
    return None


def rendition_sizes(width: int, height: int) -> list[tuple[int, int]]:
    """Return the sizes that an image is shown in, widest first; none is wider than the image.

    >>> rendition_sizes(1_000, 500)
    [(640, 320), (320, 160)]
    >>> rendition_sizes(300, 5)
    [(300, 5)]
    """
    widths = [wide for wide in RENDITION_WIDTHS if wide <= width] or [width]
    return [(wide, max(1, round(height * wide / width))) for wide in widths]


def qualities(best: int) -> range:
    """Return the qualities to try, one after the other, until an image is not too long.

    >>> list(qualities(90))
    [90, 75, 60, 45, 30]
    """
    return range(best, QUALITY_MIN - 1, -QUALITY_STEP)


def is_shared(upload: str) -> bool:
    """Say whether many posts show the picture of this upload: it goes with none of them.

    Seeding makes such; the ids of all others are drawn so that none begins like this.
    """
    return upload.startswith(_SHARED)


def shared_upload(digest: str) -> str:
    """Return the id of the upload that many posts share, of a picture with this SHA-256.

    >>> is_shared(shared_upload("f" * 64))
    True
    """
    return _SHARED + digest[: len(_SHARED)]
