"""Waters and nights: the sea under a low sun, a city over a river, stars over a tent."""

from __future__ import annotations

from math import cos, sin

import numpy as np
from numpy.typing import NDArray
from PIL import ImageDraw

from reference_impl.seeding.gallery.luck import Luck
from reference_impl.seeding.gallery.paint import Canvas, Field, Scene, between, colour, smooth

# What the sky is called, its colours from the top down, and of the water from the horizon on.
_SEAS = (
    ("a red sunset", ("#38406e", "#b5637a", "#f79d65", "#ffe0a3"), ("#c98069", "#1d2545")),
    ("a pale sunrise", ("#7ea7cf", "#d6c7d4", "#ffdcb8"), ("#b9b9c4", "#2d5a78")),
    ("a pink evening", ("#23204f", "#6a4c93", "#e87ea1", "#ffc9a9"), ("#9a6a96", "#171638")),
    ("a clear afternoon", ("#2f86c9", "#8fc7ea", "#e6f3f7"), ("#79b8cf", "#0d4a6b")),
)
_SHINE = "#fff0d2"  # sunlight on water
_CITIES = (
    ("#0b1030", "#27305f", "#7c5a86", "#e09a7a"),
    ("#06101c", "#123049", "#2f6a7c", "#a8c5b0"),
    ("#120b26", "#3b1f54", "#8d3b6b", "#f0885e"),
    ("#1a2a4f", "#3f5f94", "#8ea6c4", "#f2cfa8"),
)
_NIGHTS = (
    ("#050916", "#0d1b3a", "#24466b", "#7fa3a0"),
    ("#070616", "#1b1640", "#4a2f6b", "#c98a78"),
    ("#03070f", "#0a2230", "#1c5256", "#b9cf9a"),
)


def sea(canvas: Canvas, luck: Luck) -> Scene:
    """Paint the sea, with the sun's path on it."""
    light, codes, water = luck.in_turn(_SEAS)
    horizon = canvas.ratio * luck.between(0.46, 0.58)
    sun_x, sun_y = luck.between(0.25, 0.75), horizon - luck.between(0.05, 0.16)
    canvas.sky(codes, down_to=horizon)
    banks = canvas.clouds(luck, across=2, stretch=5.0, octaves=6)
    canvas.over(smooth(banks, 0.5, 0.75) * 0.5, between(codes[-2], codes[0], 0.35))
    canvas.light(canvas.glow(sun_x, sun_y, 0.4) * 0.6, colour(_SHINE))
    canvas.over(canvas.disc(sun_x, sun_y, 0.045), colour("#fff8e4"))
    canvas.light(canvas.glow(sun_x, sun_y, 0.09) * 0.7, colour(_SHINE))
    line = np.full(canvas.width, horizon, dtype=np.float32)
    canvas.over(canvas.below(line), canvas.gradient(water, horizon, canvas.ratio))
    _waves(canvas, luck, horizon, sun_x)
    if is_sailing := luck.happens(0.5):
        canvas.over(_boat(canvas, luck, horizon), between(water[1], "#000000", 0.3))
    caption = luck.pick((
        "Salt on the glasses, sun in the eyes",
        "Stayed until the very last bit of it",
        "The sea does this every day, they say",
    ))  # fmt: skip
    boat = "with a small sailing boat " if is_sailing else ""
    alt_text = f"The sea {boat}under {light}, the low sun drawing a bright path on the water."
    return Scene(rgb=canvas.finished(luck), caption=caption, alt_text=alt_text)


def _waves(canvas: Canvas, luck: Luck, horizon: float, sun_x: float) -> None:
    depth = np.maximum(canvas.y - horizon, 1e-4) / (canvas.ratio - horizon)
    swell = _texture(luck)
    across = (canvas.x - 0.5) / (0.06 + depth) * 26
    along = 70 / (0.12 + depth)
    crests = _sampled(swell, across, np.broadcast_to(along, across.shape))
    fine = _sampled(swell, across * 2.3 + 40, np.broadcast_to(along * 2.1 + 9, across.shape))
    height = crests * 0.65 + fine * 0.35
    on_water = canvas.below(np.full(canvas.width, horizon, dtype=np.float32))
    canvas.over(smooth(height, 0.5, 0.2) * 0.3 * on_water, colour("#0a1428"))
    path = np.exp(-(((canvas.x - sun_x) / (0.05 + 0.2 * depth)) ** 2))
    glitter = smooth(height + 0.22 * path, 0.56, 0.7) * path * (1 - 0.45 * depth)
    canvas.light((glitter * 0.95 + path * 0.16) * on_water, colour(_SHINE))
    canvas.light(smooth(height, 0.62, 0.8) * 0.18 * on_water, colour(_SHINE))


def _texture(luck: Luck) -> Field:
    """Return smooth noise that repeats itself in both directions."""
    grid = luck.many(0.0, 1.0, 64 * 64).reshape(64, 64)
    steps = (-1, 0, 1)
    near: Field = np.stack([np.roll(grid, (dy, dx), (0, 1)) for dy in steps for dx in steps])
    spread = near.mean(axis=0)
    lows: Field = spread - spread.min()
    scaled: Field = lows / lows.max()
    return scaled


def _sampled(texture: Field, x: Field, y: Field) -> Field:
    """Return the texture at these places, between its points in proportion."""
    dx, dy = x % 1, y % 1
    left, top = (x - dx).astype(np.int32), (y - dy).astype(np.int32)
    size = len(texture)

    def at(rows: NDArray[np.int32], columns: NDArray[np.int32]) -> Field:
        return texture[rows % size, columns % size]

    upper = at(top, left) * (1 - dx) + at(top, left + 1) * dx
    lower = at(top + 1, left) * (1 - dx) + at(top + 1, left + 1) * dx
    mixed: Field = upper * (1 - dy) + lower * dy
    return mixed


def _boat(canvas: Canvas, luck: Luck, horizon: float) -> Field:
    x, y, size = luck.between(0.15, 0.85), horizon + 0.012, luck.between(0.05, 0.08)

    def draw(pen: ImageDraw.ImageDraw, scale: float) -> None:
        def filled(*outline: tuple[float, float]) -> None:
            corners = [((x + dx * size) * scale, (y + dy * size) * scale) for dx, dy in outline]
            pen.polygon(corners, fill=255)

        filled((-0.5, -0.16), (0.5, -0.16), (0.34, 0.04), (-0.36, 0.04))
        filled((-0.02, -1.2), (-0.02, -0.22), (-0.42, -0.22))
        filled((0.04, -1.05), (0.04, -0.22), (0.4, -0.22))

    return canvas.drawn(draw)


def skyline(canvas: Canvas, luck: Luck) -> Scene:
    """Paint a city at night, its windows mirrored in a river."""
    codes = luck.in_turn(_CITIES)
    shore = canvas.ratio * luck.between(0.66, 0.74)
    canvas.sky(codes, down_to=shore)
    moon_x, moon_y = luck.between(0.12, 0.88), canvas.ratio * luck.between(0.1, 0.22)
    canvas.light(canvas.glow(moon_x, moon_y, 0.2) * 0.35, colour("#fdf3d8"))
    canvas.over(canvas.disc(moon_x, moon_y, 0.035), colour("#fdf3d8"))
    for number in range(3):
        share = number / 2
        walls, windows = _houses(canvas, luck, shore, number)
        canvas.over(walls, between(codes[2], codes[0], 0.35 + 0.6 * share))
        canvas.light(canvas.blurred(windows, 0.006) * 0.5 * share, colour("#ffb45e"))
        canvas.over(windows * (0.35 + 0.6 * share), colour(luck.pick(("#ffd98a", "#ffc46b"))))
    _mirror(canvas, luck, shore, codes[0])
    caption = luck.pick((
        "Every window somebody's evening",
        "Missed the last tram, no regrets",
        "The city from the quiet side of the river",
    ))  # fmt: skip
    alt_text = "A city at night with lit windows under the moon, mirrored in dark water."
    return Scene(rgb=canvas.finished(luck), caption=caption, alt_text=alt_text)


def _houses(canvas: Canvas, luck: Luck, shore: float, row: int) -> tuple[Field, Field]:
    """Return the masks of a row of houses, and of their lit windows."""
    houses, x = [], -0.02
    while x < 1.02:
        width = luck.between(0.05, 0.12)
        height = luck.between(0.16, 0.52 - 0.13 * row) * min(1.15, canvas.ratio)
        houses.append((x, width, height, luck.happens(0.2)))
        x += width * luck.between(0.92, 1.15)
    step = 0.013 + 0.003 * row
    lit = iter(luck.many(0.0, 1.0, 40_000).tolist())

    def walls(pen: ImageDraw.ImageDraw, scale: float) -> None:
        for left, width, height, has_mast in houses:
            box = (left, shore - height, left + width, shore)
            pen.rectangle([side * scale for side in box], fill=255)
            if has_mast:
                middle = left + width / 2
                mast = (middle - 0.002, shore - height - 0.06, middle + 0.002, shore - height)
                pen.rectangle([side * scale for side in mast], fill=255)

    def windows(pen: ImageDraw.ImageDraw, scale: float) -> None:
        for left, width, height, _ in houses:
            share = 0.12 + 0.5 * next(lit)
            for x in np.arange(left + step * 0.6, left + width - step * 0.9, step):
                for y in np.arange(shore - height + step, shore - step, step * 1.35):
                    if next(lit, 1.0) < share:
                        box = (x, y, x + step * 0.45, y + step * 0.62)
                        pen.rectangle([side * scale for side in box], fill=255)

    return canvas.drawn(walls), canvas.drawn(windows)


def _mirror(canvas: Canvas, luck: Luck, shore: float, dark: str) -> None:
    """Turn what is above the shore into its image in the water below."""
    first = int(shore * canvas.width)
    rows = np.arange(first, canvas.height)
    depth = (rows - first) / max(1, canvas.height - first)
    ripple = canvas.line(luck, waves=40)[: len(rows)] if len(rows) <= canvas.width else 0
    sources = np.clip(first - 1 - (rows - first) * 1.15 + ripple * 14 * depth, 0, first - 1)
    image = canvas.rgb[:, sources.astype(np.int64)]
    sway = (luck.many(-1.0, 1.0, len(rows)) * (0.002 + 0.012 * depth) * canvas.width).astype(int)
    columns = (np.arange(canvas.width)[None, :] + sway[:, None]) % canvas.width
    image = image[:, np.arange(len(rows))[:, None], columns]
    fade = (0.28 + 0.5 * depth).astype(np.float32)[:, None]
    canvas.rgb[:, first:] = image * (1 - fade) + colour(dark) * fade


def stars(canvas: Canvas, luck: Luck) -> Scene:
    """Paint a sky full of stars over hills, with a tent that is lit from inside."""
    codes = luck.in_turn(_NIGHTS)
    ground = canvas.ratio * luck.between(0.78, 0.84)
    canvas.sky(codes, down_to=ground)
    angle = luck.between(0.5, 1.1)
    middle = (canvas.x - 0.5) * sin(angle) + (canvas.y - canvas.ratio * 0.4) * cos(angle)
    dust = canvas.clouds(luck, across=5, octaves=6)
    band = np.exp(-((middle / 0.16) ** 2)) * (0.25 + smooth(dust, 0.3, 0.75))
    lanes = np.exp(-((middle / 0.05) ** 2)) * smooth(dust, 0.55, 0.4)
    canvas.light(band * (1 - 0.7 * lanes) * 0.38, between(codes[3], "#dfe6ff", 0.6))
    canvas.light(_points(canvas, luck, 2_600, band), colour("#f6f4ff"))
    for number in range(2):
        line = ground - 0.05 + 0.06 * number + canvas.line(luck, waves=3) * 0.14
        canvas.over(canvas.below(line), between(codes[1], "#020307", 0.5 + 0.5 * number))
    _tent(canvas, luck, ground + 0.06)
    caption = luck.pick((
        "No signal up here, only stars",
        "Could not decide which one to wish on",
        "Worth the cold fingers",
    ))  # fmt: skip
    alt_text = "A tent glowing under the Milky Way and a sky full of stars, dark hills behind."
    return Scene(rgb=canvas.finished(luck, vignette=0.3), caption=caption, alt_text=alt_text)


def _points(canvas: Canvas, luck: Luck, count: int, band: Field) -> Field:
    """Return the mask of stars: many faint ones, more of them in the band, and a few bright."""
    sky = np.zeros((canvas.height, canvas.width), dtype=np.float32)
    xs = (luck.many(0, 1, count) * canvas.width).astype(np.int64) % canvas.width
    ys = (luck.many(0, 1, count) * canvas.height).astype(np.int64) % canvas.height
    bright = luck.many(0.0, 1.0, count) ** 5 * 0.9 + 0.14
    kept = luck.many(0.0, 1.0, count) < 0.45 + 0.8 * band[ys, xs]
    np.maximum.at(sky, (ys[kept], xs[kept]), bright[kept])
    large = kept & (bright > 0.5)
    halo = np.zeros_like(sky)
    halo[ys[large], xs[large]] = 1.0
    spread = canvas.blurred(halo, 1.6 / 1080) * 9
    points: Field = np.minimum(canvas.blurred(sky, 0.5 / 1080) * 1.9 + spread, 1.0)
    return points


def _tent(canvas: Canvas, luck: Luck, foot: float) -> None:
    x, size = luck.between(0.25, 0.75), luck.between(0.09, 0.12)
    foot = min(foot, canvas.ratio - 0.04)

    def side(*outline: tuple[float, float]) -> Field:
        return canvas.drawn(
            lambda pen, scale: pen.polygon(
                [((x + dx * size) * scale, (foot + dy * size) * scale) for dx, dy in outline],
                fill=255,
            )
        )

    canvas.light(canvas.glow(x, foot - size * 0.3, size * 1.7) * 0.5, colour("#ff9a4d"))
    canvas.over(side((-0.8, 0), (-0.15, -0.85), (0.25, 0.06)), colour("#f39a4a"))
    canvas.over(side((-0.15, -0.85), (0.25, 0.06), (0.85, -0.04)), colour("#c9622f"))
    canvas.over(side((-0.36, 0.02), (-0.15, -0.7), (-0.02, 0.04)), colour("#ffe0a0"))
