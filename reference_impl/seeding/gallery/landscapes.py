"""Landscapes: mountains, dunes, a forest in fog, fields of flowers."""

from __future__ import annotations

import numpy as np
from PIL import ImageDraw

from reference_impl.seeding.gallery.luck import Luck
from reference_impl.seeding.gallery.paint import Canvas, Field, Scene, between, colour, smooth

NUMBERS = ("no", "one", "two", "three", "four", "five", "six")

# Of each: what the sky is called, its colours from the top down, the farthest and nearest ridge.
_RIDGES = (
    ("an orange evening sky", ("#2c2f63", "#8a4a7c", "#ef8a5c", "#ffd7a0"), "#cf8d83", "#1b1430"),
    ("a pale blue morning sky", ("#6aa5d3", "#b7d9ec", "#f6f0e2"), "#a7c2d4", "#17323f"),
    ("a rose-coloured dawn", ("#54669f", "#c48db0", "#ffc6b4", "#ffecd4"), "#b893ae", "#241f40"),
    ("a clear noon sky", ("#3d86c6", "#8fc3e8", "#e9f3f5"), "#9dbfd6", "#1f4a3a"),
    ("a greenish twilight", ("#0e2736", "#2f6f73", "#9dc8a2", "#f6ebb9"), "#7dac9a", "#08171b"),
)  # fmt: skip
# The sky, the sand in the light and in the shade.
_DUNES = (
    ("noon", ("#3f8fd0", "#a8d4ee", "#f0e6d0"), ("#f0c88a", "#e0a862"), "#8a5a3c"),
    ("sunset", ("#5b4b8a", "#d9798a", "#ffc98a"), ("#f2a45e", "#d9713f"), "#5d2a3a"),
    ("dawn", ("#6f86b8", "#e3b3b0", "#ffe3c4"), ("#e8b595", "#c98a74"), "#6b4652"),
    ("blue hour", ("#1d2a55", "#4d6ea3", "#d7a9b0"), ("#c79a94", "#9c6f7c"), "#3a2c50"),
)
# The fog, and the nearest trees.
_FORESTS = (
    ("grey morning", ("#dfe7e8", "#c3cfd1", "#93a6a8"), "#14231f"),
    ("golden", ("#f7e3b5", "#eec98d", "#b98b5d"), "#2a1b12"),
    ("green", ("#e3ecd9", "#bdd0b2", "#86a184"), "#12261a"),
    ("blue evening", ("#b9c9e6", "#8fa6cf", "#5f78a8"), "#0f1a33"),
)
_FLOWERS = (
    ("red and yellow tulips", ("#d7263d", "#f4c20d", "#e4572e", "#f7d774")),
    ("lavender", ("#7b5ea7", "#9a7fc7", "#6a4c93", "#b79ce0")),
    ("sunflowers", ("#f2b705", "#f7cf3d", "#e09f00", "#ffd95c")),
    ("poppies and cornflowers", ("#d62828", "#3a5fcd", "#e63946", "#5c7fe0")),
    ("pink and white tulips", ("#e75a9b", "#fbe4ee", "#d23a7e", "#f6b3d0")),
)


def ridges(canvas: Canvas, luck: Luck) -> Scene:
    """Paint mountain ridges one behind the other, the farther the paler."""
    sky, codes, far, near = luck.in_turn(_RIDGES)
    count = luck.whole(3, 6)
    top = canvas.ratio * luck.between(0.36, 0.46)
    canvas.sky(codes, down_to=top + 0.12)
    _sun(canvas, luck, codes[-1], top - luck.between(0.02, 0.12))
    for number in range(count):
        share = number / (count - 1)
        step = (canvas.ratio - top) * 0.92 / count
        rugged = canvas.line(luck, waves=2 + number // 2) * (0.34 - 0.14 * share)
        line = top + step * number + rugged
        haze = between(far, codes[-1], 0.35 * (1 - share))
        rock = between(far, near, share**0.8)
        depth = smooth(canvas.y - line[None, :], 0.0, 0.3 - 0.1 * share)
        paint = rock + (haze - rock) * (depth * 0.55 * (1 - share))
        canvas.over(canvas.below(line), paint)
        if number == count - 1:
            canvas.over(_pines(canvas, luck, line, 0.075), colour(near) * np.float32(0.8))
    many = NUMBERS[count]
    caption = luck.pick((
        f"{many.capitalize()} ridges, and nobody else around",
        f"Counted {many} ridges before the light changed",
        "The last bend of the path was worth it",
    ))  # fmt: skip
    alt_text = f"{many.capitalize()} mountain ridges, each darker than the last, under {sky}."
    return Scene(rgb=canvas.finished(luck), caption=caption, alt_text=alt_text)


def dunes(canvas: Canvas, luck: Luck) -> Scene:
    """Paint dunes with a bright and a shaded side."""
    hour, codes, sand, shade = luck.in_turn(_DUNES)
    horizon = canvas.ratio * luck.between(0.34, 0.42)
    canvas.sky(codes, down_to=horizon + 0.1)
    if hour != "noon":
        _sun(canvas, luck, codes[-1], horizon - 0.06)
    for number in range(4):
        share = number / 3
        base = horizon + (canvas.ratio - horizon) * (0.08 + 0.62 * share**1.3)
        _dune(canvas, luck, base, (sand, shade), share)
    caption = luck.pick((
        "Sand in the shoes until Thursday",
        "Nothing but wind up here",
        "Walked up one side, slid down the other",
    ))  # fmt: skip
    alt_text = f"Sand dunes with sharp crests, one side bright, one in shade, at {hour}."
    if hour == "blue hour":
        alt_text = "Sand dunes with sharp crests under a fading sky, in the blue hour."
    return Scene(rgb=canvas.finished(luck), caption=caption, alt_text=alt_text)


def _dune(
    canvas: Canvas, luck: Luck, base: float, paints: tuple[tuple[str, str], str], share: float
) -> None:
    (bright, dim), shade = paints
    crest_x, height = luck.between(0.15, 0.85), luck.between(0.07, 0.13) + 0.12 * share
    width = luck.between(0.35, 0.55)
    slope = np.abs(canvas.x[0] - crest_x) / width
    line = base - height * np.exp(-(slope**1.25)) + canvas.line(luck, waves=2, octaves=2) * 0.03
    crest_y = float(line[int(crest_x * canvas.width)])
    down = np.maximum(canvas.y - crest_y, 0.0)
    swing, lean = luck.between(3.0, 7.0), luck.between(0.1, 0.5)
    ridge = crest_x + lean * down + 0.07 * np.sin(down * swing) * smooth(down, 0.0, 0.25)
    softness = 0.002 + down * 0.05
    shaded = np.clip((canvas.x - ridge) / softness + 0.5, 0.0, 1.0)
    light = smooth(canvas.y - line[None, :], 0.0, 0.5)
    lit = colour(bright) + (colour(dim) - colour(bright)) * light
    winds = canvas.clouds(luck, across=3, octaves=3)
    ripples = np.sin((canvas.y * 150 + canvas.x * 40 + winds * 22) / (0.6 + share))
    rippled = lit * (1 + 0.035 * share * ripples * (1 - shaded))
    # The far ones stand in haze.
    dark = colour(shade) + (colour(dim) - colour(shade)) * np.float32(0.62 * (1 - share))
    shadow = dark + (colour(dim) - dark) * (0.55 * light)
    canvas.over(canvas.below(line), rippled + (shadow - rippled) * shaded)


def forest(canvas: Canvas, luck: Luck) -> Scene:
    """Paint a forest of firs whose rows fade into fog."""
    mood, fog, near = luck.in_turn(_FORESTS)
    canvas.sky(fog)
    _sun(canvas, luck, fog[0], canvas.ratio * luck.between(0.12, 0.3))
    rows = 5
    for number in range(rows):
        share = number / (rows - 1)
        ground = canvas.ratio * (0.42 + 0.5 * share**1.1)
        line = ground + canvas.line(luck, waves=2) * 0.16
        trees = np.maximum(_pines(canvas, luck, line, 0.12 + 0.3 * share**1.5), canvas.below(line))
        paint = between(fog[1], near, 0.14 + 0.86 * share**1.4)
        # The fog lies between the trunks.
        deep = smooth(canvas.y - line[None, :], -0.16, 0.14) * (0.75 - 0.6 * share)
        canvas.over(trees, paint + (colour(fog[0]) - paint) * deep)
    canvas.light(canvas.clouds(luck, across=2, stretch=2.5) * 0.16, colour(fog[0]))
    caption = luck.pick((
        "Fog until ten, then birds",
        "Quiet enough to hear the branches drip",
        "Same walk as every week, different forest",
    ))  # fmt: skip
    alt_text = f"Dark firs standing in rows that fade into fog in {mood} light."
    return Scene(rgb=canvas.finished(luck), caption=caption, alt_text=alt_text)


def fields(canvas: Canvas, luck: Luck) -> Scene:
    """Paint rows of flowers that run to the horizon."""
    name, codes = luck.in_turn(_FLOWERS)
    horizon = canvas.ratio * luck.between(0.36, 0.46)
    canvas.sky(("#4f97d6", "#a9d3f0", "#eef6fa"), down_to=horizon)
    puffs = canvas.clouds(luck, across=3, stretch=2.6, octaves=6)
    canvas.over(smooth(puffs, 0.5, 0.72) * 0.9, colour("#ffffff"))
    depth = np.maximum(canvas.y - horizon, 1e-4)
    row = (canvas.x - luck.between(0.3, 0.7)) / depth * luck.between(1.0, 1.5) + 100
    place = row % 2
    bloom = smooth(np.abs(place - 1), 0.02, 0.98)  # 1 between the rows: the furrow
    table = np.concatenate([colour(code) for code in codes], axis=1)[:, :, 0]
    paints = table[:, (row // 2).astype(np.int32) % len(codes)]
    leaf = colour("#3f6b2f")
    speckle = canvas.clouds(luck, across=90, stretch=1.6, octaves=2)
    thick = smooth(speckle + 0.55 - bloom, 0.28, 0.62)
    ground = leaf * (0.55 + 0.5 * speckle) * (1 - 0.35 * bloom)
    flowers = paints * (0.72 + 0.5 * speckle)
    rows = ground + (flowers - ground) * thick
    haze = np.exp(-depth / 0.05).astype(np.float32) * 0.75
    rows = rows + (colour("#c9d8c0") - rows) * haze
    line = np.full(canvas.width, horizon, dtype=np.float32)
    canvas.over(canvas.below(line), rows)
    trees = horizon - 0.012 - np.abs(canvas.line(luck, waves=9)) * 0.05
    band = canvas.below(trees) * (1 - canvas.below(line))
    canvas.over(band, colour("#56705f"))
    caption = luck.pick((f"Cycled past {name} all morning", "Every row leads to the same tree"))
    alt_text = f"Rows of {name} running towards a line of trees under a blue sky with clouds."
    return Scene(rgb=canvas.finished(luck), caption=caption, alt_text=alt_text)


def _sun(canvas: Canvas, luck: Luck, code: str, y: float) -> None:
    x = luck.between(0.2, 0.8)
    canvas.light(canvas.glow(x, y, 0.42) * 0.55, colour(code))
    canvas.light(canvas.glow(x, y, 0.12) * 0.6, colour(code))
    canvas.over(canvas.disc(x, y, luck.between(0.03, 0.05)) * 0.95, colour("#fff6e0"))


def _pines(canvas: Canvas, luck: Luck, line: Field, size: float) -> Field:
    """Return the mask of firs that stand on a line; `size` is the height of the tallest."""
    count = round(1.9 / size**0.9)
    places, sizes = luck.many(-0.03, 1.03, count), luck.many(0.45, 1.0, count)

    def draw(pen: ImageDraw.ImageDraw, scale: float) -> None:
        for x, share in zip(places.tolist(), sizes.tolist(), strict=True):
            column = min(canvas.width - 1, max(0, int(x * canvas.width)))
            _pine(pen, scale, (x, float(line[column]) + 0.02), size * share)

    return canvas.drawn(draw)


def _pine(pen: ImageDraw.ImageDraw, scale: float, foot: tuple[float, float], height: float) -> None:
    x, y = foot
    tiers = 7
    right = []
    for tier in range(tiers):
        top = y - height * (1 - tier / tiers)
        reach = height * (0.035 + 0.17 * (tier + 1) / tiers)
        right += [(reach * 0.34, top + height * 0.02), (reach, top + height * 1.25 / tiers)]
    left = [(-dx, dy) for dx, dy in reversed(right)]
    outline = [(0.0, y - height * 1.06), *right, *left]
    pen.polygon([((x + dx) * scale, dy * scale) for dx, dy in outline], fill=255)
