"""Compositions: circles that overlap, and a cup of coffee seen from above."""

from __future__ import annotations

from math import cos, sin

import numpy as np

from reference_impl.seeding.gallery.luck import Luck
from reference_impl.seeding.gallery.paint import Canvas, Scene, colour, smooth

# What the colours are called, the ground, the circles.
_CIRCLES = (
    ("coral, teal and gold", ("#fbf3e4", "#f1e2c9"), ("#e4572e", "#17807e", "#f0b429", "#243b53")),
    ("blue and peach", ("#eaf1f8", "#cfdeee"), ("#2f5d9b", "#f7a98b", "#88b7e0", "#1b2f55")),
    ("plum and gold", ("#2a1a35", "#48294f"), ("#e0a83b", "#a8437a", "#f3d9a0", "#6d5aa5")),
    ("red and ink", ("#f7f2ec", "#e9dfd3"), ("#c8322b", "#1c2733", "#e8a598", "#5d6d7e")),
    ("green and sand", ("#f0ede0", "#d9dcc2"), ("#3d6b4f", "#c9a25d", "#8fb996", "#22372b")),
)  # fmt: skip
_TABLES = (
    ("a dark wooden table", "#5a3a26", "#3c2416", "#f4f1ea"),
    ("a light wooden table", "#d2ab7c", "#b3875a", "#30475e"),
    ("a walnut table", "#7a5236", "#54351f", "#8fb3a8"),
    ("a grey wooden table", "#9a948a", "#756f66", "#e9c46a"),
)


def circles(canvas: Canvas, luck: Luck) -> Scene:
    """Paint circles, half transparent, some of them rings or halves."""
    name, ground, codes = luck.in_turn(_CIRCLES)
    canvas.sky(ground)
    count = luck.whole(6, 9)
    for number in range(count):
        radius = luck.between(0.1, 0.3) if number else luck.between(0.3, 0.4)
        x, y = luck.between(0.12, 0.88), luck.between(0.12, canvas.ratio - 0.12)
        shape = canvas.disc(x, y, radius)
        kind = luck.pick(("disc", "disc", "ring", "half"))
        if kind == "ring":
            shape = shape - canvas.disc(x, y, radius * luck.between(0.6, 0.85))
        if kind == "half":
            angle = luck.between(0.0, 6.28)
            side = (canvas.x - x) * cos(angle) + (canvas.y - y) * sin(angle)
            shape = shape * np.clip(side * canvas.width + 0.5, 0.0, 1.0)
        shade = 1 - 0.25 * smooth(canvas.distance(x - radius / 3, y - radius / 3), 0, radius * 1.6)
        paint = colour(codes[number % len(codes)]) * shade
        canvas.over(shape * luck.between(0.72, 0.95), paint)
    caption = luck.pick((
        f"A study in {name}",
        "Sunday, cut paper and no plan",
        "Found the good colours at last",
    ))  # fmt: skip
    alt_text = f"An abstract composition of overlapping circles and rings in {name}."
    return Scene(rgb=canvas.finished(luck, vignette=0.08), caption=caption, alt_text=alt_text)


def cup(canvas: Canvas, luck: Luck) -> Scene:
    """Paint a cup of coffee on a table, seen from above, in the light of a window."""
    table, wood, dark, china = luck.in_turn(_TABLES)
    _planks(canvas, luck, wood, dark)
    x, y = luck.between(0.42, 0.58), canvas.ratio * luck.between(0.44, 0.56)
    radius = 0.19 * min(1.0, canvas.ratio)
    saucer = radius * 1.7
    shadow = canvas.blurred(canvas.disc(x + 0.035, y + 0.045, saucer), 0.02)
    canvas.over(shadow * 0.55, colour("#120a06"))
    _plate(canvas, x, y, saucer, china)
    canvas.over(canvas.blurred(canvas.disc(x + 0.02, y + 0.028, radius * 1.02), 0.014) * 0.4,
                colour("#120a06"))  # fmt: skip
    angle = luck.between(-0.7, 0.7)
    ear_x, ear_y = x + cos(angle) * radius * 1.22, y + sin(angle) * radius * 1.22
    ear = canvas.disc(ear_x, ear_y, radius * 0.34) - canvas.disc(ear_x, ear_y, radius * 0.19)
    canvas.over(np.clip(ear, 0, 1), colour(china) * np.float32(0.9))
    _plate(canvas, x, y, radius, china)
    _coffee(canvas, luck, x, y, radius * 0.86)
    _window(canvas, luck)
    caption = luck.pick((
        "First coffee, then opinions",
        "The table by the window was free",
        "Ten quiet minutes",
    ))  # fmt: skip
    alt_text = f"A cup of coffee with a swirl of milk on {table}, seen from above."
    return Scene(rgb=canvas.finished(luck, vignette=0.35), caption=caption, alt_text=alt_text)


def _planks(canvas: Canvas, luck: Luck, wood: str, dark: str) -> None:
    count = luck.whole(4, 6)
    place = canvas.x * count
    grain = canvas.clouds(luck, across=60, stretch=0.05, octaves=3)
    broad = canvas.clouds(luck, across=8, stretch=0.15, octaves=3)
    tone = luck.many(-0.14, 0.14, count)[np.minimum(place.astype(np.int64), count - 1)]
    share = np.clip(0.6 * grain + 0.4 * broad + tone, 0, 1)
    canvas.rgb[:] = colour(wood) + (colour(dark) - colour(wood)) * share
    gap = np.abs(place - np.round(place)) / count
    gaps = np.broadcast_to(1 - smooth(gap, 0.0008, 0.003), share.shape)
    canvas.over(gaps * 0.8, colour(dark) * np.float32(0.4))


def _plate(canvas: Canvas, x: float, y: float, radius: float, china: str) -> None:
    away = canvas.distance(x, y) / radius
    lit = ((canvas.x - x) + (canvas.y - y)) / radius  # the light comes from the upper left
    shade = 1 - 0.1 * lit * smooth(away, 0.55, 1.0) - 0.1 * smooth(away, 0.86, 0.8)
    paint = np.clip(colour(china) * shade, 0, 1)
    canvas.over(canvas.disc(x, y, radius), paint)


def _coffee(canvas: Canvas, luck: Luck, x: float, y: float, radius: float) -> None:
    away = canvas.distance(x, y) / radius
    turn = np.arctan2(canvas.y - y, canvas.x - x) + away * luck.between(3.0, 5.0)
    lumps = canvas.clouds(luck, across=7, octaves=4)
    swirl = 0.5 + 0.5 * np.sin(turn * 2 + (lumps - 0.5) * 5)
    milk = smooth(swirl, 0.62, 0.85) * smooth(away, 0.92, 0.5)
    brown = colour("#8a5630") + (colour("#3a1d0e") - colour("#8a5630")) * (smooth(away, 0.55, 1.0))
    paint = brown + (colour("#f1dcc0") - brown) * (milk * 0.9)
    canvas.over(canvas.disc(x, y, radius), paint)
    rim = np.exp(-(((away - 0.99) / 0.03) ** 2)).astype(np.float32)
    canvas.over(rim * 0.5, colour("#2a1409"))


def _window(canvas: Canvas, luck: Luck) -> None:
    """Let the light of a window with bars fall over everything."""
    slant = canvas.x + canvas.y * luck.between(0.3, 0.6)
    bars = smooth(np.abs((slant * 1.6 + luck.between(0, 1)) % 1.0 - 0.5), 0.08, 0.16)
    canvas.rgb *= 0.8 + 0.28 * canvas.blurred(bars, 0.012)
    np.clip(canvas.rgb, 0, 1, out=canvas.rgb)
