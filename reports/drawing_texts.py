"""How text on a drawing is set: its fonts, how wide it is, where its lines break."""

from __future__ import annotations

from math import ceil

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

TITLE, SMALL = 12, 10  # sizes of text
LINE = 15  # height of a line of text

_FONT = ("DejaVu Sans", "sans-serif")  # the first comes with matplotlib
_SLACK = 1.04  # text is as much wider in some viewers


def wrapped(text: str, width_max: float) -> tuple[str, ...]:
    """Return the text in lines of `width_max`, broken between words; a long word stands out."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and line_width_of(longer) <= width_max:
            lines[-1] = longer
        else:
            lines.append(word)
    return tuple(lines)


def line_width_of(text: str, *, first: bool = False) -> float:
    """Return how wide a line of a step is; the first of a station is its name, and larger."""
    return text_width_of(text, TITLE if first else SMALL)


def text_width_of(text: str, size: float, *, bold: bool = False) -> int:
    """Return how wide a text is; whole pixels add up exactly."""
    font = font_of(size, bold=bold)
    width, _, _ = TextToPath().get_text_width_height_descent(text, font, ismath=False)
    return ceil(width / 0.75 * _SLACK)


def font_of(size: float, *, bold: bool = False) -> FontProperties:
    """Return the font of a size in pixels; matplotlib counts in points."""
    return FontProperties(family=_FONT, size=size * 0.75, weight="bold" if bold else "normal")
