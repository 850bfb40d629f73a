"""What work an image makes by its size: to take it in, to develop it, to store it.

Measured by hand in November 2026, on two cores of the kind that `laptop.json` was learnt on: CPU
seconds of a darkroom, one image at a time with a pause before each, for squares of the
seeded gallery with film grain in JPEG 85 (`loadtest/measurements/image_work.csv`), and wall time
of `StoredObjects.put` into a folder (`object_writes.csv`).  Only ratios of these are used: what an
image of `SENT_BYTES` costs is learnt from load.  A test holds the formulas to the tables.
"""

from __future__ import annotations

from math import sqrt

from model.rules.media import PIXELS_MAX, rendition_sizes

# What the load sends where nothing else is said: squares of 320 pixels.
SENT_BYTES = 20_000
# So that the load's are like others: the gallery's take 0.12 (large) to 0.34 (small) bytes a pixel.
BYTES_PER_PIXEL = SENT_BYTES / 320**2

_TAKE_IN_S, _TAKE_IN_PER_PIXEL_S = 0.37e-3, 10.3e-9  # to decode, turn, and encode in quality 90
_DEVELOP_PER_PIXEL_S = 13.9e-9  # to decode, and to make it small
_DEVELOP_PER_RENDITION_PIXEL_S = 98e-9  # to encode as WebP and as JPEG
# A darkroom's 0.3 ms, and what the pipeline's process works beside: the 19 ms that were learnt of
# an image, less the 9 ms of them in which a darkroom develops it.
_DEVELOP_S = 10e-3
_STORE_S, _STORE_PER_BYTE_S = 0.8e-3, 5e-9  # a disk that takes 200 MB a second


def taking_in_times(size_bytes: float, of_bytes: float = SENT_BYTES) -> float:
    """Return how many times as long an image of this size is decoded as one of `of_bytes`."""
    return _taking_in_s(size_bytes) / _taking_in_s(of_bytes)


def developing_times(size_bytes: float, of_bytes: float = SENT_BYTES) -> float:
    """Return how many times as long the pipeline works for its renditions as for those of another.

    It grows with the image, and more so where there comes to be one more rendition.

    >>> round(developing_times(2_500_000))
    16
    """
    return _developing_s(size_bytes) / _developing_s(of_bytes)


def storing_times(size_bytes: float, of_bytes: float = SENT_BYTES) -> float:
    """Return how many times as long it takes to store an image or a video as one of `of_bytes`."""
    return _storing_s(size_bytes) / _storing_s(of_bytes)


def pixels_of(size_bytes: float) -> float:
    """Return how many pixels a photo of this size has: a longer one than is taken, no more."""
    return min(size_bytes / BYTES_PER_PIXEL, float(PIXELS_MAX))


def _taking_in_s(size_bytes: float) -> float:
    return _TAKE_IN_S + _TAKE_IN_PER_PIXEL_S * pixels_of(size_bytes)


def _developing_s(size_bytes: float) -> float:
    pixels = pixels_of(size_bytes)
    side = max(1, round(sqrt(pixels)))
    shown = sum(width * height for width, height in rendition_sizes(side, side))
    return _DEVELOP_S + _DEVELOP_PER_PIXEL_S * pixels + _DEVELOP_PER_RENDITION_PIXEL_S * shown


def _storing_s(size_bytes: float) -> float:
    return _STORE_S + _STORE_PER_BYTE_S * size_bytes
