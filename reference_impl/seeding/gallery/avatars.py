"""Avatars: friendly faces of a few shapes, and now and then only a pattern."""

from __future__ import annotations

from math import cos, sin

import numpy as np

from reference_impl.seeding.gallery.luck import Luck
from reference_impl.seeding.gallery.paint import Canvas, Field, between, colour

_SHOWS_A_FACE = (True,) * 7 + (False,)  # of eight people, one shows a pattern instead

_GROUNDS = ("#f6c453", "#7fb7be", "#e98a7b", "#8fb98b", "#a79ad0", "#f2a977", "#6fa3d8", "#d9c7a7")
_SKINS = ("#f7d7c0", "#efc3a0", "#d9a47c", "#b97b53", "#8d5a3b", "#5e3a28")
_HAIRS = ("#20150f", "#3b2416", "#6b4023", "#a8672f", "#d8b06a", "#8f8f94", "#7a2e1f")
_CLOTHES = ("#243b53", "#b23a48", "#2f6f5e", "#f0ede5", "#6a4c93", "#d9822b", "#3f6fb0")


def avatar(canvas: Canvas, luck: Luck) -> Field:
    """Paint a portrait or a pattern, and return it."""
    ground = luck.pick(_GROUNDS)
    canvas.sky((ground, ground))
    canvas.light(canvas.glow(0.3, 0.2, 0.6) * 0.35, colour("#ffffff"))
    paint = _portrait if luck.in_turn(_SHOWS_A_FACE) else _pattern
    paint(canvas, luck)
    return np.clip(canvas.rgb, 0.0, 1.0)


def _pattern(canvas: Canvas, luck: Luck) -> None:
    """Paint a sun of arcs over two waves."""
    x, codes = luck.between(0.3, 0.7), (luck.pick(_CLOTHES), luck.pick(_GROUNDS))
    for number, radius in enumerate((0.46, 0.36, 0.26, 0.16)):
        canvas.over(canvas.disc(x, 0.5, radius), colour(codes[number % 2]))
    for number in range(2):
        wave = 0.62 + 0.17 * number + 0.05 * np.sin(canvas.x[0] * 9 + luck.between(0, 6))
        canvas.over(canvas.below(wave), between(codes[0], "#0b1626", number / 2))


def _portrait(canvas: Canvas, luck: Luck) -> None:
    skin, hair, cloth = luck.pick(_SKINS), luck.pick(_HAIRS), luck.in_turn(_CLOTHES)
    style = luck.in_turn(("short", "long", "bun", "curls", "cap", "bob"))
    wide = luck.between(0.175, 0.2)
    _hair_behind(canvas, style, hair, wide)
    canvas.over(_oval(canvas, 0.5, 1.08, 0.36, 0.32), colour(cloth))
    canvas.over(_box(canvas, 0.5, 0.69, 0.07, 0.12), between(skin, "#5a2a1a", 0.18))
    canvas.over(_oval(canvas, 0.5, 0.8, 0.085, 0.045), between(skin, "#5a2a1a", 0.12))
    for side in (-1, 1):
        canvas.over(canvas.disc(0.5 + side * wide, 0.5, 0.035), between(skin, "#5a2a1a", 0.12))
    face = _oval(canvas, 0.5, 0.48, wide, 0.235)
    canvas.over(face, colour(skin))
    canvas.over(face * canvas.glow(0.42, 0.38, 0.25) * 0.18, colour("#ffffff"))
    _hair_before(canvas, luck, style, hair, wide)
    _features(canvas, luck, skin, hair)


def _hair_behind(canvas: Canvas, style: str, hair: str, wide: float) -> None:
    dark = between(hair, "#000000", 0.18)
    if style == "long":
        canvas.over(_oval(canvas, 0.5, 0.42, wide + 0.075, 0.25), dark)
        canvas.over(_box(canvas, 0.5, 0.66, wide + 0.075, 0.25), dark)
    if style == "bob":
        canvas.over(_oval(canvas, 0.5, 0.47, wide + 0.08, 0.27), dark)
    if style == "bun":
        canvas.over(canvas.disc(0.5, 0.19, 0.085), dark)
    if style == "curls":
        for angle in np.linspace(2.7, 6.7, 12).tolist():
            x, y = 0.5 + cos(angle) * (wide + 0.02), 0.42 + sin(angle) * 0.21
            canvas.over(canvas.disc(x, y, 0.075), dark)


def _hair_before(canvas: Canvas, luck: Luck, style: str, hair: str, wide: float) -> None:
    """Lay hair, or a cap, over the top of the head: its oval above the brow."""
    locks = (0.03, 0.1) if style in ("long", "bob", "curls") else (0.024, 0.075)
    for side in (-1, 1):
        canvas.over(_oval(canvas, 0.5 + side * (wide - 0.004), 0.4, *locks), colour(hair))
    top = _oval(canvas, 0.5, 0.46, wide + 0.022, 0.262)
    brow = 0.39 - 0.45 * np.abs(canvas.x[0] - 0.5 - luck.between(-0.12, 0.12))
    cap = luck.pick(("#2b59c3", "#c0392b", "#2f6f5e"))
    if style == "cap":
        brow = np.full(canvas.width, 0.36, dtype=np.float32)
    canvas.over(top * (1 - canvas.below(brow)), colour(cap if style == "cap" else hair))
    if style == "cap":
        peak = _oval(canvas, 0.5 + wide * 0.5, 0.362, wide * 1.0, 0.026)
        canvas.over(peak, between(cap, "#000000", 0.25))


def _features(canvas: Canvas, luck: Luck, skin: str, hair: str) -> None:
    ink, brows = colour("#231815"), between(hair, "#000000", 0.25)
    has_glasses, eyes_y = luck.happens(0.3), 0.49
    for side in (-1, 1):
        x = 0.5 + side * 0.077
        canvas.over(_oval(canvas, x, eyes_y, 0.017, 0.023), ink)
        canvas.over(canvas.disc(x + 0.006, eyes_y - 0.008, 0.0055), colour("#ffffff"))
        canvas.over(_arc(canvas, x, eyes_y - 0.01, 0.045, 0.008, up=True) * 0.9, brows)
        canvas.over(canvas.disc(0.5 + side * 0.11, 0.56, 0.03, soft=0.03) * 0.35, colour("#e0574f"))
        if has_glasses:
            frame = canvas.disc(x, eyes_y, 0.056) - canvas.disc(x, eyes_y, 0.047)
            canvas.over(np.clip(frame, 0, 1), ink)
    if has_glasses:
        canvas.over(_box(canvas, 0.5, eyes_y - 0.005, 0.024, 0.004), ink)
    canvas.over(
        _arc(canvas, 0.5, 0.53, 0.022, 0.006, up=False) * 0.5, between(skin, "#5a2a1a", 0.6)
    )
    smile = _arc(canvas, 0.5, luck.between(0.535, 0.55), luck.between(0.065, 0.08), 0.011, up=False)
    canvas.over(smile, between(skin, "#7a1f1f", 0.75))


def _oval(canvas: Canvas, x: float, y: float, wide: float, high: float) -> Field:
    away = np.hypot((canvas.x - x) / wide, (canvas.y - y) / high)
    return np.clip((1 - away) * min(wide, high) * canvas.width + 0.5, 0.0, 1.0)


def _box(canvas: Canvas, x: float, y: float, wide: float, high: float) -> Field:
    """Return the mask of a box with round corners; `wide` and `high` are half its sides."""
    corner = min(wide, high) * 0.6
    dx = np.maximum(np.abs(canvas.x - x) - wide + corner, 0)
    dy = np.maximum(np.abs(canvas.y - y) - high + corner, 0)
    return np.clip((corner - np.hypot(dx, dy)) * canvas.width + 0.5, 0.0, 1.0)


def _arc(canvas: Canvas, x: float, y: float, radius: float, thick: float, *, up: bool) -> Field:
    """Return the mask of the upper or lower part of a ring, the part within 50 degrees."""
    ring = np.abs(canvas.distance(x, y) - radius)
    height = (y - canvas.y) if up else (canvas.y - y)
    part = np.clip((height - 0.64 * np.abs(canvas.x - x) * 1.2) * canvas.width, 0.0, 1.0)
    return np.clip((thick / 2 - ring) * canvas.width + 0.5, 0.0, 1.0) * part
