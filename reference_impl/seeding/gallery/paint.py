"""Paint: a canvas of light between 0 and 1, and what every painter puts on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from reference_impl.seeding.gallery.luck import Luck

# Of 32 bits each; Any, because NumPy's types take what is computed of them for 64.
Field = NDArray[Any]
GRAIN = 0.012  # hides the bands of smooth skies, as film does
JPEG_QUALITY = 88
_FINER = 2  # shapes are drawn so many times larger, for smooth edges


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A painted picture, and what an author says of it."""

    rgb: Field  # three planes of height by width
    caption: str
    alt_text: str


class Canvas:
    """Red, green and blue of every pixel; `x` and `y` are their places, the width being 1."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.ratio = height / width
        self.x: Field = ((np.arange(width, dtype=np.float32) + 0.5) / width)[None, :]
        self.y: Field = ((np.arange(height, dtype=np.float32) + 0.5) / width)[:, None]
        self.rgb: Field = np.zeros((3, height, width), dtype=np.float32)

    def sky(self, codes: Sequence[str], *, down_to: float | None = None) -> None:
        """Cover everything by a gradient from the first colour down to the last."""
        self.rgb[:] = self.gradient(codes, 0.0, down_to or self.ratio)

    def gradient(self, codes: Sequence[str], top: float, bottom: float) -> Field:
        """Return colours that change with `y` only, as three planes of one column."""
        stops = np.stack([colour(code)[:, 0, 0] for code in codes])
        places = np.linspace(top, bottom, len(codes))
        bands = [np.interp(self.y[:, 0], places, band) for band in stops.T]
        return np.stack(bands).astype(np.float32)[:, :, None]

    def over(self, mask: Field, paint: Field) -> None:
        """Lay paint, one colour or one per pixel, over everything as thick as the mask says."""
        rows = np.flatnonzero(mask.any(axis=1))
        part = slice(rows[0], rows[-1] + 1) if len(rows) else slice(0)
        layer = np.broadcast_to(paint, self.rgb.shape)[:, part]
        for band in range(3):  # planes of few rows stay in the processor's cache
            plane = self.rgb[band, part]
            plane += mask[part] * (layer[band] - plane)

    def light(self, mask: Field, paint: Field) -> None:
        """Add light: what is bright already gets little brighter."""
        thick = np.minimum(mask, 1.0)
        for band in range(3):
            plane = self.rgb[band]
            plane += thick * paint[band] * (1.0 - plane)

    def distance(self, x: float, y: float) -> Field:
        """Return how far every pixel is from a place."""
        return np.hypot(self.x - x, self.y - y)

    def disc(self, x: float, y: float, radius: float, *, soft: float = 0.0) -> Field:
        """Return the mask of a disc; its edge is one pixel wide, and `soft` more."""
        edge = max(soft, 1.0 / self.width)
        return np.clip((radius - self.distance(x, y)) / edge + 0.5, 0.0, 1.0)

    def glow(self, x: float, y: float, radius: float) -> Field:
        """Return the mask of a light that fades away."""
        return np.exp(-((self.distance(x, y) / radius) ** 2)).astype(np.float32)

    def below(self, line: Field) -> Field:
        """Return the mask of what is below a line, given by its `y` in every column."""
        return np.clip((self.y - line[None, :]) * self.width + 0.5, 0.0, 1.0)

    def drawn(self, draw: Callable[[ImageDraw.ImageDraw, float], None]) -> Field:
        """Return the mask of shapes that `draw` fills with 255; a width is the scale it gets."""
        size = (self.width * _FINER, self.height * _FINER)
        image = Image.new("L", size, 0)
        draw(ImageDraw.Draw(image), float(size[0]))
        return np.asarray(image.reduce(_FINER), dtype=np.float32) / 255

    def blurred(self, mask: Field, radius: float) -> Field:
        """Return a mask out of focus."""
        image = Image.fromarray((np.clip(mask, 0, 1) * 255).astype(np.uint8))
        soft = image.filter(ImageFilter.GaussianBlur(radius * self.width))
        return np.asarray(soft, dtype=np.float32) / 255

    def clouds(self, luck: Luck, *, across: int, stretch: float = 1.0, octaves: int = 4) -> Field:
        """Return smooth noise in 0..1 for every pixel: about `across` lumps side by side."""
        total = np.zeros((self.height, self.width), dtype=np.float32)
        for octave in range(octaves):
            columns = across << octave
            rows = max(2, round(columns * self.ratio * stretch))
            grid = luck.many(0.0, 1.0, rows * columns).reshape(rows, columns)
            lumps = Image.fromarray(grid).resize((self.width, self.height), _BICUBIC)
            total += np.asarray(lumps) / 2 ** (octave + 1)
        lumpy: Field = np.clip(total / (1 - 0.5**octaves), 0.0, 1.0)
        return lumpy

    def line(self, luck: Luck, *, waves: int, octaves: int = 6) -> Field:
        """Return a rugged line in -0.5..0.5, one value per column, of about so many waves."""
        total = np.zeros(self.width, dtype=np.float32)
        for octave in range(octaves):
            count = (waves << octave) + 2
            heights = luck.many(-0.5, 0.5, count)
            place = self.x[0] * (count - 2)
            way = place % 1
            left = (place - way).astype(np.int32)
            way = way * way * (3 - 2 * way)
            total += (heights[left] * (1 - way) + heights[left + 1] * way) / 2**octave
        return total / 2

    def finished(self, luck: Luck, *, vignette: float = 0.18) -> Field:
        """Return the picture as a lens and a film would have made it."""
        dark = 1 - vignette * ((self.x - 0.5) ** 2 + ((self.y - self.ratio / 2) / self.ratio) ** 2)
        grain = luck.many(-GRAIN, GRAIN, self.width * self.height).reshape(dark.shape)
        return np.clip(self.rgb * dark + grain, 0.0, 1.0)


def colour(code: str) -> Field:
    """Return the colour with a code such as `#f08a5d`, as three planes of one pixel."""
    values = np.frombuffer(bytes.fromhex(code[1:]), dtype=np.uint8)
    return values.astype(np.float32)[:, None, None] / 255


def between(first: str, last: str, share: float) -> Field:
    """Return the colour at this share of the way from one to another."""
    return colour(first) * np.float32(1 - share) + colour(last) * np.float32(share)


def smooth(values: Field, low: float, high: float) -> Field:
    """Return 0 up to `low`, 1 from `high` on, and a smooth way between."""
    way = np.clip((values - low) / (high - low), 0.0, 1.0)
    return way * way * (3 - 2 * way)


def jpeg_of(rgb: Field) -> bytes:
    """Return the picture as a JPEG file."""
    file = BytesIO()
    pixels = np.moveaxis((rgb * 255 + 0.5).astype(np.uint8), 0, -1)
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "JPEG", quality=JPEG_QUALITY)
    return file.getvalue()


_BICUBIC = Image.Resampling.BICUBIC
