"""How the steps of a journey are drawn, each in its place, and the arrows between them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Circle, FancyBboxPatch, Polygon

from model.world import journeys as tree
from reports.drawing_places import INSET, PAD, ROW_GAP, SHAPE, SHEETS, Box, Lane, sheets_of
from reports.drawing_strokes import INK, Point, draw_arrow, draw_line, draw_text
from reports.drawing_texts import LINE, SMALL, TITLE
from reports.figures import MEASURED, PREDICTED, TARGET

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_REACH: dict[type, float] = {tree.Delay: 9, tree.Link: 15, tree.Emit: 4}  # half their widths


def draw_lane(axes: Axes, lane: Lane, *, start: Point, end: Point) -> None:
    """Draw steps one after another, and the arrows from `start` to `end` through them."""
    draw = draw_line if lane.first.lanes else draw_arrow  # the arrow's point is at what is inside
    draw(axes, (start, _entry(lane.first)))
    for row in lane.rows:
        for box, after in pairwise(row):
            draw_arrow(axes, (_exit(box), _entry(after)))
    for row, below in pairwise(lane.rows):
        draw_arrow(axes, _turn(lane, row[-1], below))
    draw_line(axes, (_exit(lane.last), end))
    for row in lane.rows:
        for box in row:
            _draw_box(axes, box)


def _turn(lane: Lane, last: Box, below: Sequence[Box]) -> tuple[Point, ...]:
    """Return the way from the last box of a row to the first of the row below."""
    right, left = lane.x + lane.width + INSET / 2, lane.x - INSET / 2
    between = min(box.y for box in below) - ROW_GAP / 2
    (_, leaves), (_, enters) = _exit(last), _entry(below[0])
    return (_exit(last), (right, leaves), (right, between), (left, between), (left, enters),
            _entry(below[0]))  # fmt: skip


def _entry(box: Box) -> Point:
    """Return where arrows come in: at a shape, its text stands out on both sides."""
    return (box.x + box.width / 2 - _REACH.get(type(box.step), box.width / 2), box.port)


def _exit(box: Box) -> Point:
    return (box.x + box.width / 2 + _REACH.get(type(box.step), box.width / 2), box.port)


def _draw_box(axes: Axes, box: Box) -> None:
    match box.step:
        case tree.Visit() | tree.Batch() | tree.Write():
            _rectangle(axes, box, edge=MEASURED, fill=0.14)
            _texts(axes, box, top=box.y + PAD)
        case tree.Delay() | tree.Link() | tree.Emit():
            _draw_shape(axes, box)
            _texts(axes, box, top=box.y + SHAPE + PAD / 2)
        case _:
            _draw_frame(axes, box)


def _draw_frame(axes: Axes, box: Box) -> None:
    edge, dashed = _style(box.step)
    sheets = sheets_of(box.step)
    for sheet in (2, 1, 0) if sheets else (0,):
        _rectangle(axes, box, edge=edge, fill=0.05, dashed=dashed, sheet=sheet)
    for number, line in enumerate(box.lines):
        place = (box.x + PAD, box.y + PAD / 2 + number * LINE)
        draw_text(axes, place, line, size=SMALL, color=edge)
    left, right = box.x, box.x + box.width - sheets
    if isinstance(box.step, tree.AllOf):
        left, right = _draw_fork(axes, box, left, right)
    for lane in box.lanes:
        start, end = (left, lane.first.port), (right, lane.last.port)
        draw_lane(axes, lane, start=start, end=end)


def _draw_fork(axes: Axes, box: Box, left: float, right: float) -> Point:
    """Draw the bars from which branches begin and in which they end; return their abscissas."""
    bars = left + INSET, right - INSET
    draw_line(axes, ((left, box.port), (bars[0], box.port)))
    draw_line(axes, ((bars[1], box.port), (right, box.port)))
    begins, ends = zip(*((one.first.port, one.last.port) for one in box.lanes), strict=True)
    for bar, ports in zip(bars, (begins, ends), strict=True):
        draw_line(axes, ((bar, min(*ports, box.port)), (bar, max(*ports, box.port))), width=2.5)
    return bars


def _style(step: tree.Step) -> tuple[str, bool]:
    """Return the colour of a frame, and whether it is dashed: not always entered."""
    match step:
        case tree.Call():
            return PREDICTED, False
        case tree.Hold() | tree.Cached():
            return MEASURED, isinstance(step, tree.Cached)
        case _:
            return TARGET, isinstance(step, tree.WithProbability)


def _draw_shape(axes: Axes, box: Box) -> None:
    """Draw a clock, a block arrow, or an arrow that leaves the way."""
    x, y, half = box.x + box.width / 2, box.port, SHAPE / 2
    match box.step:
        case tree.Delay():
            axes.add_artist(Circle((x, y), half, facecolor="white", edgecolor=TARGET))
            draw_line(axes, ((x, y - 5), (x, y), (x + 4, y)))
        case tree.Link():
            corners = (
                (-15, -4), (4, -4), (4, -half), (15, 0), (4, half), (4, 4), (-15, 4),
            )  # fmt: skip
            outline = [(x + across, y + down) for across, down in corners]
            axes.add_artist(Polygon(outline, facecolor="white", edgecolor=TARGET))
        case _:
            axes.add_artist(Circle((x, y), 3.5, color=PREDICTED))
            draw_arrow(axes, ((x, y), (x, y + half + 3)), color=PREDICTED)


def _texts(axes: Axes, box: Box, *, top: float) -> None:
    for number, line in enumerate(box.lines):
        place = (box.x + box.width / 2, top + number * LINE)
        size, color = (SMALL, TARGET) if number else (TITLE, INK)
        draw_text(axes, place, line, size=size, color=color, align="center")


def _rectangle(
    axes: Axes, box: Box, *, edge: str, fill: float, dashed: bool = False, sheet: int = 0
) -> None:
    """Draw the outline of a box, or of the n-th sheet below it, tinted with its colour."""
    sheets, down = sheets_of(box.step), sheet * SHEETS
    paper = 1 - fill + fill * np.array(to_rgb(edge))
    axes.add_artist(
        FancyBboxPatch(
            (box.x + down, box.y + down), box.width - sheets, box.height - sheets,
            boxstyle="round,pad=0,rounding_size=4", edgecolor=edge, linewidth=0.9,
            linestyle=(0, (4, 3)) if dashed else "solid", facecolor=tuple(paper),
        )
    )  # fmt: skip
