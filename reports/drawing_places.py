"""Where the steps of a journey stand on its drawing, and how large they are: computed, not drawn.

Lengths are pixels, and y grows downwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from model.world import journeys as tree
from reports.drawing_texts import LINE, line_width_of, wrapped
from reports.drawing_words import label_of, lines_of

WIDTH_MAX = 900  # beyond, steps go on in the next row; only names can be longer than a row
GAP, ROW_GAP = 22, 20  # between neighbours, and between rows
PAD, INSET = 8, 16  # around text, and beside what is in a frame
SHAPE = 18  # height of a delay, a link, an emission
SHEETS = 3  # how far the sheets below a frame of many legs stick out, each

_BRANCH_GAP = 12  # between branches


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A step in its place; arrows come in and go out at `port`, an ordinate."""

    step: tree.Step
    lines: tuple[str, ...]  # of text; of a station, the first is its name
    x: float = 0.0
    y: float = 0.0
    width: float
    height: float
    port: float
    lanes: tuple[Lane, ...] = ()  # what is inside


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Steps one after another, in one row if there is room."""

    rows: tuple[tuple[Box, ...], ...]
    x: float = 0.0
    y: float = 0.0
    width: float
    height: float

    @property
    def first(self) -> Box:
        """The step that it begins with."""
        return self.rows[0][0]

    @property
    def last(self) -> Box:
        """The step that it ends with."""
        return self.rows[-1][-1]


def places_of(journey: tree.Journey) -> Lane:
    """Return where all steps of a journey are drawn."""
    lane = _lane(journey.steps, WIDTH_MAX - 4 * GAP)
    return _lane_at(lane, 2 * GAP, 2 * PAD + LINE)


def _lane(steps: tree.Steps, width_max: float) -> Lane:
    """Place steps one after another, in as few rows of `width_max` as they fit in."""
    rows: list[tuple[Box, ...]] = []
    waiting: list[Box] = []
    for box in (_box(step, width_max) for step in tree.sequence(steps)):
        if waiting and _row_width([*waiting, box]) > width_max:
            rows.append(tuple(waiting))
            waiting = []
        waiting.append(box)
    rows.append(tuple(waiting))
    placed, y = [], 0.0
    for row in rows:
        above = max(box.port for box in row)
        lefts = [_row_width(row[:number]) + GAP * bool(number) for number in range(len(row))]
        placed.append(
            tuple(_box_at(box, x, y + above - box.port) for box, x in zip(row, lefts, strict=True))
        )
        y += above + max(box.height - box.port for box in row) + ROW_GAP
    return Lane(rows=tuple(placed), width=max(map(_row_width, rows)), height=y - ROW_GAP)


def _row_width(row: Sequence[Box]) -> float:
    return sum(box.width for box in row) + GAP * max(0, len(row) - 1)


def _box(step: tree.Step, width_max: float) -> Box:
    inside = _inside(step)
    if inside:
        return _frame(step, inside, width_max)
    lines = lines_of(step)
    text_width = max(line_width_of(line, first=number == 0) for number, line in enumerate(lines))
    text_height = LINE * len(lines)
    if isinstance(step, tree.Visit | tree.Batch | tree.Write):
        height = text_height + 2 * PAD
        return Box(step=step, lines=lines, width=text_width + 2 * PAD, height=height,
                   port=height / 2)  # fmt: skip
    return Box(step=step, lines=lines, width=max(text_width, 2 * SHAPE),
               height=SHAPE + PAD / 2 + text_height, port=SHAPE / 2)  # fmt: skip


def _inside(step: tree.Step) -> tuple[tree.Steps, ...]:
    """Return what stands inside a step: the branches of a fork, one sequence or two, or nothing."""
    match step:
        case tree.AllOf(branches=branches):
            return branches
        case tree.ForEach(body=steps) | tree.WithProbability(then=steps) | tree.Cached(miss=steps):
            return (steps,)
        case tree.Hold(steps=steps) | tree.Call(steps=steps, otherwise=()):
            return (steps,)
        case tree.Call(steps=steps, otherwise=otherwise):
            return (steps, otherwise)
        case _:
            return ()


def _frame(step: tree.Step, inside: Sequence[tree.Steps], width_max: float) -> Box:
    """Place a frame around what is inside: a label, and below it one lane for each branch."""
    left = 2 * INSET if isinstance(step, tree.AllOf) else INSET
    sheets = sheets_of(step)
    lanes = [_lane(steps, width_max - 2 * left - sheets) for steps in inside]
    width = max(lane.width for lane in lanes) + 2 * left
    lines = wrapped(label_of(step), max(width - 2 * PAD, min(width_max, WIDTH_MAX / 4)))
    width = max(width, *(line_width_of(line) + 2 * PAD for line in lines))
    y = LINE * len(lines) + 1.5 * PAD
    placed = []
    for lane in lanes:
        placed.append(_lane_at(lane, left, y))
        y += lane.height + _BRANCH_GAP
    last = placed[-1] if isinstance(step, tree.AllOf) else placed[0]
    ends = [lane.first.port for lane in (placed[0], last)]
    return Box(step=step, lines=lines, width=width + sheets,
               height=y - _BRANCH_GAP + PAD + sheets, port=sum(ends) / 2,
               lanes=tuple(placed))  # fmt: skip


def sheets_of(step: tree.Step) -> float:
    """Return how far the frames drawn below that of many legs stick out, together."""
    return 2 * SHEETS if isinstance(step, tree.ForEach) else 0


def _lane_at(lane: Lane, dx: float, dy: float) -> Lane:
    """Return a lane further to the right and down, with all that is in it."""
    rows = tuple(tuple(_box_at(box, dx, dy) for box in row) for row in lane.rows)
    return replace(lane, rows=rows, x=lane.x + dx, y=lane.y + dy)


def _box_at(box: Box, dx: float, dy: float) -> Box:
    lanes = tuple(_lane_at(lane, dx, dy) for lane in box.lanes)
    return replace(box, x=box.x + dx, y=box.y + dy, port=box.port + dy, lanes=lanes)
