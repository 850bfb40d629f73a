"""The seeded people as those who send requests know them: ids, names, tokens, pictures."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from math import sqrt
from pathlib import Path

import numpy as np

from model.rules.image_work import pixels_of
from model.world import chance

PASSWORD = "the seeded people share this one"  # noqa: S105 - of made-up people on this machine
IMAGE_COUNT = 20
MEDIA_PATHS_MAX = 1_000
_PIXELS = 41  # what a random number is for


class NotSeeded(ValueError):
    """There are no seeded people; the message says how to make them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Person i of the population has `user_ids[i]`, `usernames[i]` and `tokens[i]`."""

    population: str  # what of the scenario they were made from
    password: str
    user_ids: Sequence[int]
    usernames: Sequence[str]
    tokens: Sequence[str]
    image_bytes: int
    media_paths: Sequence[str]  # of some renditions of what they posted

    @property
    def images(self) -> list[bytes]:
        """Small JPEG files to upload in turn."""
        return sample_images(self.image_bytes)


def save_people(home: Path, people: People) -> None:
    """Write the people into `home`, for this account's eyes only: tokens are secrets."""
    path = home / "people.json"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(asdict(people), file)


def seeded_people(home: Path) -> People:
    """Return the people that were seeded into the cluster at `home`.

    Raises NotSeeded if there are none.
    """
    try:
        return People(**json.loads((home / "people.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        raise NotSeeded(f"{home}: nobody has been seeded here: feedtwin seed SCENARIO") from None


def sample_images(size_bytes: int) -> list[bytes]:
    """Return different JPEG files of exactly `size_bytes`, or of the least size that is one."""
    return [_image(number, size_bytes) for number in range(IMAGE_COUNT)]


def _image(number: int, size_bytes: int) -> bytes:
    """Return a JPEG of coloured clouds, filled up behind its end, where decoders stop.

    It has as many pixels as a photo of that size, and so makes about as much work.
    """
    from PIL import Image

    side = max(1, round(sqrt(pixels_of(size_bytes))))

    grid = chance.u_block(0, 0, number, _PIXELS, 0, 0, np.arange(8 * 8 * 3)).reshape(8, 8, 3)
    clouds = Image.fromarray((grid * 255).astype(np.uint8)).resize(
        (side, side), Image.Resampling.BICUBIC
    )
    text = BytesIO()
    clouds.save(text, "JPEG", quality=80)
    return text.getvalue().ljust(size_bytes, b"\0")
