"""The pictures that seeded people post, and those they show themselves by.

How wide they are follows from the scenario's `people.image_size`, which is the size of uploads:
seeded pictures are as wide as a JPEG of about that size is, so that seeded and uploaded pictures
cost readers about the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from reference_impl.seeding.gallery.avatars import avatar
from reference_impl.seeding.gallery.compositions import circles, cup
from reference_impl.seeding.gallery.landscapes import dunes, fields, forest, ridges
from reference_impl.seeding.gallery.luck import Luck
from reference_impl.seeding.gallery.paint import Canvas, Scene, jpeg_of
from reference_impl.seeding.gallery.waters import sea, skyline, stars

PICTURE_COUNT = 36  # four of each painter
AVATAR_COUNT = 24
AVATAR_WIDTH = 320  # shown at a third of that, on screens with three dots per pixel
# From so many bytes on, pictures are so wide; measured of these painters, in JPEG.
WIDTHS = ((150_000, 1080), (60_000, 640), (0, 320))

_PAINTERS: tuple[Callable[[Canvas, Luck], Scene], ...] = (
    ridges, sea, skyline, forest, circles, dunes, stars, cup, fields,
)  # fmt: skip
_SHAPES = ((4, 5), (1, 1), (16, 9), (4, 5))  # width to height
_PICTURE, _AVATAR = 41, 42  # what a random number is for


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A JPEG file, and what an author says of it; of an avatar, nothing."""

    content: bytes
    caption: str = ""
    alt_text: str = ""


def pictures_of(seed: int, image_bytes: int) -> Iterator[Picture]:
    """Yield the pictures that are posted in a world; the next are painted meanwhile."""
    width = width_for(image_bytes)
    with ThreadPoolExecutor(os.cpu_count()) as painters:
        yield from painters.map(lambda n: picture_of(seed, n, width), range(PICTURE_COUNT))


def avatars_of(seed: int) -> Iterator[Picture]:
    """Yield the pictures by which the people of a world show themselves."""
    return (avatar_of(seed, number) for number in range(AVATAR_COUNT))


def picture_of(seed: int, number: int, width: int) -> Picture:
    """Return picture `number` of a world, so many pixels wide."""
    turn, painter = divmod(number, len(_PAINTERS))
    luck = Luck(seed, _PICTURE, number, turn=turn)
    across, down = _SHAPES[(number + turn) % len(_SHAPES)]
    is_mirrored = luck.happens(0.5)
    scene = _PAINTERS[painter](Canvas(width, width * down // across), luck)
    rgb = scene.rgb[:, :, ::-1] if is_mirrored else scene.rgb
    return Picture(content=jpeg_of(rgb), caption=scene.caption, alt_text=scene.alt_text)


def avatar_of(seed: int, number: int) -> Picture:
    """Return avatar `number` of a world."""
    canvas = Canvas(AVATAR_WIDTH, AVATAR_WIDTH)
    rgb = avatar(canvas, Luck(seed, _AVATAR, number, turn=number))
    return Picture(content=jpeg_of(rgb))


def width_for(image_bytes: int) -> int:
    """Return how wide a JPEG of so many bytes is."""
    return next(width for bytes_min, width in WIDTHS if image_bytes >= bytes_min)
