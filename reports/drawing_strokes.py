"""The pen of a drawing: text, arrows and lines, wherever it is told to put them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon

from reports.drawing_texts import LINE, font_of
from reports.figures import TARGET

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK = "#222222"

Point: TypeAlias = tuple[float, float]


def draw_text(
    axes: Axes,
    place: Point,
    text: str,
    *,
    size: float,
    color: str = INK,
    bold: bool = False,
    align: str = "left",
) -> None:
    """Write a line, `place` being the top of it, at its left end or in its middle."""
    x, top = place
    axes.text(
        x, top + LINE * 0.75, text, fontproperties=font_of(size, bold=bold), color=color,
        horizontalalignment=align, verticalalignment="baseline", parse_math=False, zorder=1,
    )  # fmt: skip


def draw_arrow(axes: Axes, way: Sequence[Point], *, color: str = TARGET) -> None:
    """Draw a way, and the point of an arrow at its end."""
    (before_x, before_y), (x, y) = way[-2:]
    length = max(abs(x - before_x), abs(y - before_y))
    ahead = np.array([x - before_x, y - before_y]) / length
    aside = np.array([-ahead[1], ahead[0]])
    neck = np.array([x, y]) - 6 * ahead
    draw_line(axes, (*way[:-1], (neck[0], neck[1])), color=color)
    axes.add_artist(Polygon([(x, y), neck + 3 * aside, neck - 3 * aside], color=color, linewidth=0))


def draw_line(axes: Axes, way: Sequence[Point], *, color: str = TARGET, width: float = 0.9) -> None:
    """Draw a way, straight from point to point."""
    xs, ys = zip(*way, strict=True)
    axes.add_artist(Line2D(xs, ys, color=color, linewidth=width, zorder=1))
