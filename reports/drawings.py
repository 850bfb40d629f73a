"""A journey as a picture: nested boxes, read from left to right.

A journey is data, so it can be drawn.  First every step gets its place (`places_of`), then the
places are drawn (`drawing_of`).  Lengths are pixels, 96 of them an inch, and y grows downwards.
`python -m reports.drawings` draws the picture in model/engine/README.md again.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from matplotlib import rc_context
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, FancyBboxPatch, Polygon
from matplotlib.textpath import TextToPath

from model.world import journeys as tree
from model.world.counts import ConstantCount, Geometric
from model.world.laws import Constant, Exponential, Lognormal
from reports.figures import MEASURED, PREDICTED, TARGET

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GRAMMAR = Path(__file__).parents[1] / "model" / "engine" / "grammar.svg"
WIDTH_MAX = 900  # beyond, steps go on in the next row; only names can be longer than a row

_FONT = ("DejaVu Sans", "sans-serif")  # the first comes with matplotlib
_INK = "#222222"
_TITLE, _SMALL = 12, 10  # sizes of text
_SLACK = 1.04  # text is as much wider in some viewers
_LINE = 15  # height of a line of text
_GAP, _ROW_GAP, _BRANCH_GAP = 22, 20, 12  # between neighbours, rows, branches
_PAD, _INSET = 8, 16  # around text, and beside what is in a frame
_SHAPE = 18  # height of a delay, a link, an emission
_REACH: dict[type, float] = {tree.Delay: 9, tree.Link: 15, tree.Emit: 4}  # half their widths
_SHEETS = 3  # how far the sheets below a frame of many legs stick out, each
_SECONDS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6))
_BYTES = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("B", 1.0))

Point: TypeAlias = tuple[float, float]


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


def drawing_of(journey: tree.Journey) -> Figure:
    """Draw a journey; it is at most WIDTH_MAX pixels wide if names and nesting allow."""
    lane = places_of(journey)
    title_width = _width(journey.name, _TITLE, bold=True)
    width = max(lane.x + lane.width + 2 * _GAP, title_width + 2 * _PAD)
    height = lane.y + lane.height + _PAD
    canvas = Figure(figsize=(width / 96, height / 96), dpi=96, facecolor="white")
    axes = canvas.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    _text(axes, (_PAD, _PAD), journey.name, size=_TITLE, bold=True)
    start = (lane.x - _GAP, lane.first.port)
    end = (lane.last.x + lane.last.width + _GAP, lane.last.port)
    _draw_lane(axes, lane, start=start, end=end)
    axes.add_artist(Circle(start, 4, color=TARGET))
    axes.add_artist(Circle(end, 4, facecolor="white", edgecolor=TARGET, linewidth=1.2))
    return canvas


def svg_of(journey: tree.Journey) -> str:
    """Return the drawing as an SVG file, the same every time, whose text is text."""
    text = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "feedtwin"}):
        drawing_of(journey).savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()


def example() -> tree.Journey:
    """Return a journey that has every kind of step: that of the picture of the grammar."""
    ms = Constant(value=0.001)
    shard = tree.Visit(station="timeline", key="own", replica="any", work=Exponential(mean=0.002))
    profile = tree.Visit(station="profile", key="profiles", work=Lognormal(mean=0.004, scv=2.0))
    friends = tree.ForEach(
        count=ConstantCount(count=20),
        need=18,
        at_once=5,
        body=tree.Cached(cache="recent", miss=profile),
    )
    sources = tree.AllOf(
        branches=(
            shard,
            (tree.Link(link="wan", size=Constant(value=2e4)), tree.Visit(station="ads", work=ms)),
            friends,
        ),
        need=2,
    )
    ask = tree.Call(
        steps=sources,
        deadline=Constant(value=0.5),
        retries=2,
        backoff=tree.Backoff(base_s=0.01, cap_s=1.0, jitter=True),
        budget=tree.Budget(ratio=0.1),
    )
    seen = tree.WithProbability(
        p=0.1,
        then=(tree.Write(station="posts", key="own", work=ms, acks=2), tree.Emit(journey="fanout")),
    )
    render = tree.Batch(station="render", base=ms, per_item=ms, count=Geometric(mean=12.0))
    return tree.Journey(
        name="newsfeed",
        steps=(
            tree.Visit(station="gateway", work=ms),
            tree.Delay(time=ms, name="handshake"),
            tree.Hold(station="pool", steps=ask),
            render,
            seen,
        ),
    )


def _words(step: tree.Step) -> tuple[str, ...]:
    """Return the lines that say what a step without others inside is."""
    match step:
        case tree.Visit() | tree.Batch() | tree.Write():
            return (step.station, *_named(step), *_works(step), *_where(step))
        case tree.Delay():
            return (step.name, _time(step.time))
        case tree.Link():
            empty = step.size == tree.Link(link="").size
            return (f"link {step.link}", *_named(step), *(() if empty else (_bytes(step.size),)))
        case tree.Emit():
            return (f"starts {step.journey}, does not wait", *_named(step))
        case _:
            return ()


def _works(step: tree.Visit | tree.Batch | tree.Write) -> Iterable[str]:
    if isinstance(step, tree.Batch):
        yield f"batch of {_count(step.count)}"
        yield f"{_time(step.base)} + {_time(step.per_item)} each"
    else:
        yield _time(step.work)
    if isinstance(step, tree.Write):
        yield f"written, {step.acks} must acknowledge"


def _label(step: tree.Step) -> str:
    """Return what a frame says about the steps inside it."""
    said, name = ", ".join(_parts(step)), _given_name(step)
    if isinstance(step, tree.Call):
        kind = f"{name} call" if name else "call"
        return f"{kind}: {said}" if said else kind
    return f"{name}: {said}" if name else said


def _parts(step: tree.Step) -> Iterable[str]:
    match step:
        case tree.AllOf(branches=branches, need=need):
            yield f"all of {len(branches)}" if need is None else f"need {need} of {len(branches)}"
        case tree.ForEach():
            yield f"for each of {_count(step.count)}"
            yield from () if step.need is None else (f"need {step.need}",)
            yield from (f"{step.at_once} at once",) if step.at_once else ()
        case tree.WithProbability():
            yield f"with probability {_number(step.p)}"
        case tree.Hold():
            yield from (f"hold {step.station}", *_where(step))
        case tree.Cached():
            yield from (f"cached in {step.cache}, on a miss", *_where(step))
        case tree.Call():
            yield from (*_tries(step), *_guards(step))


def _tries(call: tree.Call) -> Iterable[str]:
    if call.deadline is not None:
        yield f"deadline {_time(call.deadline)}"
    if call.retries:
        yield "1 retry" if call.retries == 1 else f"{call.retries} retries"
    if call.retries and call.backoff.base_s:
        jitter = " with jitter" if call.backoff.jitter else ""
        yield f"backoff {_seconds(call.backoff.base_s)}{jitter}"
    if call.hedge_after is not None:
        yield f"hedged after {_time(call.hedge_after)}"


def _guards(call: tree.Call) -> Iterable[str]:
    if call.budget is not None:
        yield f"budget {_number(call.budget.ratio * 100)} %"
    if (breaker := call.breaker) is not None:
        yield f"breaker opens for {_seconds(breaker.open_s)} after {breaker.failures} failures"
    if call.cancels:
        yield "cancels"


def _given_name(step: tree.Step) -> str:
    """Return the name that a step was given, or nothing if it has that of its kind."""
    usual = next(field.default for field in fields(step) if field.name == "name")
    return "" if step.name == usual else step.name


def _named(step: tree.Step) -> Iterable[str]:
    return (f"named {step.name}",) if _given_name(step) else ()


def _where(step: tree.Visit | tree.Batch | tree.Write | tree.Hold | tree.Cached) -> Iterable[str]:
    """Say which shard, which copy, and how urgently, unless it goes without saying."""
    key = step.member if isinstance(step, tree.Cached) else step.key
    if isinstance(key, tree.Attribute):
        yield f"shard: the request's {key.name}"
    elif key != tree.RANDOM:
        yield "key per leg" if key == tree.LEG else f"key: {key}"
    replica = getattr(step, "replica", "primary")
    if replica != "primary":
        yield f"replica {replica}" if isinstance(replica, int) else f"{replica} replica"
    if priority := getattr(step, "priority", 0):
        yield f"priority {priority}"


def _time(time: tree.Time) -> str:
    return _value(time, _SECONDS)


def _bytes(size: tree.Time) -> str:
    return _value(size, _BYTES)


def _seconds(time_s: float) -> str:
    return _quantity(time_s, _SECONDS)


def _value(value: tree.Time, units: Sequence[tuple[str, float]]) -> str:
    if isinstance(value, tree.Attribute):
        return f"the request's {value.name}"
    varies = "" if isinstance(value, Constant) else " on average"
    return _quantity(value.mean, units) + varies


def _count(count: tree.Count) -> str:
    if isinstance(count, tree.Attribute):
        return f"the request's {count.name}"
    return _number(count.mean) + ("" if isinstance(count, ConstantCount) else " on average")


def _quantity(value: float, units: Sequence[tuple[str, float]]) -> str:
    """Write a value with the largest unit of which it has one at least, if any."""
    fitting = [one for one in units if value >= one[1]] or [one for one in units if one[1] == 1]
    unit, size = fitting[0]
    return f"{_number(value / size)} {unit}"


def _number(value: float) -> str:
    return f"{float(f'{value:.3g}'):,.10g}"


def places_of(journey: tree.Journey) -> Lane:
    """Return where all steps of a journey are drawn."""
    lane = _lane(journey.steps, WIDTH_MAX - 4 * _GAP)
    return _lane_at(lane, 2 * _GAP, 2 * _PAD + _LINE)


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
        lefts = [_row_width(row[:number]) + _GAP * bool(number) for number in range(len(row))]
        placed.append(
            tuple(_box_at(box, x, y + above - box.port) for box, x in zip(row, lefts, strict=True))
        )
        y += above + max(box.height - box.port for box in row) + _ROW_GAP
    return Lane(rows=tuple(placed), width=max(map(_row_width, rows)), height=y - _ROW_GAP)


def _row_width(row: Sequence[Box]) -> float:
    return sum(box.width for box in row) + _GAP * max(0, len(row) - 1)


def _box(step: tree.Step, width_max: float) -> Box:
    inside = _inside(step)
    if inside:
        return _frame(step, inside, width_max)
    lines = _words(step)
    text_width = max(_line_width(line, first=number == 0) for number, line in enumerate(lines))
    text_height = _LINE * len(lines)
    if isinstance(step, tree.Visit | tree.Batch | tree.Write):
        height = text_height + 2 * _PAD
        return Box(step=step, lines=lines, width=text_width + 2 * _PAD, height=height,
                   port=height / 2)  # fmt: skip
    return Box(step=step, lines=lines, width=max(text_width, 2 * _SHAPE),
               height=_SHAPE + _PAD / 2 + text_height, port=_SHAPE / 2)  # fmt: skip


def _inside(step: tree.Step) -> tuple[tree.Steps, ...]:
    """Return what stands inside a step: the branches of a fork, or one sequence, or nothing."""
    match step:
        case tree.AllOf(branches=branches):
            return branches
        case tree.ForEach(body=steps) | tree.WithProbability(then=steps) | tree.Cached(miss=steps):
            return (steps,)
        case tree.Hold(steps=steps) | tree.Call(steps=steps):
            return (steps,)
        case _:
            return ()


def _frame(step: tree.Step, inside: Sequence[tree.Steps], width_max: float) -> Box:
    """Place a frame around what is inside: a label, and below it one lane for each branch."""
    left = 2 * _INSET if isinstance(step, tree.AllOf) else _INSET
    sheets = _sheets(step)
    lanes = [_lane(steps, width_max - 2 * left - sheets) for steps in inside]
    width = max(lane.width for lane in lanes) + 2 * left
    lines = _wrapped(_label(step), max(width - 2 * _PAD, min(width_max, WIDTH_MAX / 4)))
    width = max(width, *(_line_width(line) + 2 * _PAD for line in lines))
    y = _LINE * len(lines) + 1.5 * _PAD
    placed = []
    for lane in lanes:
        placed.append(_lane_at(lane, left, y))
        y += lane.height + _BRANCH_GAP
    ends = [lane.first.port for lane in (placed[0], placed[-1])]
    return Box(step=step, lines=lines, width=width + sheets,
               height=y - _BRANCH_GAP + _PAD + sheets, port=sum(ends) / 2,
               lanes=tuple(placed))  # fmt: skip


def _sheets(step: tree.Step) -> float:
    """Return how far the frames drawn below that of many legs stick out, together."""
    return 2 * _SHEETS if isinstance(step, tree.ForEach) else 0


def _lane_at(lane: Lane, dx: float, dy: float) -> Lane:
    """Return a lane further to the right and down, with all that is in it."""
    rows = tuple(tuple(_box_at(box, dx, dy) for box in row) for row in lane.rows)
    return replace(lane, rows=rows, x=lane.x + dx, y=lane.y + dy)


def _box_at(box: Box, dx: float, dy: float) -> Box:
    lanes = tuple(_lane_at(lane, dx, dy) for lane in box.lanes)
    return replace(box, x=box.x + dx, y=box.y + dy, port=box.port + dy, lanes=lanes)


def _wrapped(text: str, width_max: float) -> tuple[str, ...]:
    """Return the text in lines of `width_max`, broken between words; a long word stands out."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _line_width(longer) <= width_max:
            lines[-1] = longer
        else:
            lines.append(word)
    return tuple(lines)


def _line_width(text: str, *, first: bool = False) -> float:
    return _width(text, _TITLE if first else _SMALL)


def _width(text: str, size: float, *, bold: bool = False) -> int:
    """Return how wide a text is; whole pixels add up exactly."""
    font = _font(size, bold=bold)
    width, _, _ = TextToPath().get_text_width_height_descent(text, font, ismath=False)
    return ceil(width / 0.75 * _SLACK)


def _font(size: float, *, bold: bool = False) -> FontProperties:
    """Return the font of a size in pixels; matplotlib counts in points."""
    return FontProperties(family=_FONT, size=size * 0.75, weight="bold" if bold else "normal")


def _draw_lane(axes: Axes, lane: Lane, *, start: Point, end: Point) -> None:
    """Draw steps one after another, and the arrows from `start` to `end` through them."""
    draw = _line if lane.first.lanes else _arrow  # the arrow's point is at what is inside
    draw(axes, (start, _entry(lane.first)))
    for row in lane.rows:
        for box, after in pairwise(row):
            _arrow(axes, (_exit(box), _entry(after)))
    for row, below in pairwise(lane.rows):
        _arrow(axes, _turn(lane, row[-1], below))
    _line(axes, (_exit(lane.last), end))
    for row in lane.rows:
        for box in row:
            _draw_box(axes, box)


def _turn(lane: Lane, last: Box, below: Sequence[Box]) -> tuple[Point, ...]:
    """Return the way from the last box of a row to the first of the row below."""
    right, left = lane.x + lane.width + _INSET / 2, lane.x - _INSET / 2
    between = min(box.y for box in below) - _ROW_GAP / 2
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
            _texts(axes, box, top=box.y + _PAD)
        case tree.Delay() | tree.Link() | tree.Emit():
            _draw_shape(axes, box)
            _texts(axes, box, top=box.y + _SHAPE + _PAD / 2)
        case _:
            _draw_frame(axes, box)


def _draw_frame(axes: Axes, box: Box) -> None:
    edge, dashed = _style(box.step)
    sheets = _sheets(box.step)
    for sheet in (2, 1, 0) if sheets else (0,):
        _rectangle(axes, box, edge=edge, fill=0.05, dashed=dashed, sheet=sheet)
    for number, line in enumerate(box.lines):
        place = (box.x + _PAD, box.y + _PAD / 2 + number * _LINE)
        _text(axes, place, line, size=_SMALL, color=edge)
    left, right = box.x, box.x + box.width - sheets
    if isinstance(box.step, tree.AllOf):
        left, right = _draw_fork(axes, box, left, right)
    for lane in box.lanes:
        start, end = (left, lane.first.port), (right, lane.last.port)
        _draw_lane(axes, lane, start=start, end=end)


def _draw_fork(axes: Axes, box: Box, left: float, right: float) -> Point:
    """Draw the bars from which branches begin and in which they end; return their abscissas."""
    bars = left + _INSET, right - _INSET
    _line(axes, ((left, box.port), (bars[0], box.port)))
    _line(axes, ((bars[1], box.port), (right, box.port)))
    begins, ends = zip(*((one.first.port, one.last.port) for one in box.lanes), strict=True)
    for bar, ports in zip(bars, (begins, ends), strict=True):
        _line(axes, ((bar, min(*ports, box.port)), (bar, max(*ports, box.port))), width=2.5)
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
    x, y, half = box.x + box.width / 2, box.port, _SHAPE / 2
    match box.step:
        case tree.Delay():
            axes.add_artist(Circle((x, y), half, facecolor="white", edgecolor=TARGET))
            _line(axes, ((x, y - 5), (x, y), (x + 4, y)))
        case tree.Link():
            corners = (
                (-15, -4), (4, -4), (4, -half), (15, 0), (4, half), (4, 4), (-15, 4),
            )  # fmt: skip
            outline = [(x + across, y + down) for across, down in corners]
            axes.add_artist(Polygon(outline, facecolor="white", edgecolor=TARGET))
        case _:
            axes.add_artist(Circle((x, y), 3.5, color=PREDICTED))
            _arrow(axes, ((x, y), (x, y + half + 3)), color=PREDICTED)


def _texts(axes: Axes, box: Box, *, top: float) -> None:
    for number, line in enumerate(box.lines):
        place = (box.x + box.width / 2, top + number * _LINE)
        size, color = (_SMALL, TARGET) if number else (_TITLE, _INK)
        _text(axes, place, line, size=size, color=color, align="center")


def _text(
    axes: Axes,
    place: Point,
    text: str,
    *,
    size: float,
    color: str = _INK,
    bold: bool = False,
    align: str = "left",
) -> None:
    """Write a line, `place` being the top of it, at its left end or in its middle."""
    x, top = place
    axes.text(
        x, top + _LINE * 0.75, text, fontproperties=_font(size, bold=bold), color=color,
        horizontalalignment=align, verticalalignment="baseline", parse_math=False, zorder=1,
    )  # fmt: skip


def _rectangle(
    axes: Axes, box: Box, *, edge: str, fill: float, dashed: bool = False, sheet: int = 0
) -> None:
    """Draw the outline of a box, or of the n-th sheet below it, tinted with its colour."""
    sheets, down = _sheets(box.step), sheet * _SHEETS
    paper = 1 - fill + fill * np.array(to_rgb(edge))
    axes.add_artist(
        FancyBboxPatch(
            (box.x + down, box.y + down), box.width - sheets, box.height - sheets,
            boxstyle="round,pad=0,rounding_size=4", edgecolor=edge, linewidth=0.9,
            linestyle=(0, (4, 3)) if dashed else "solid", facecolor=tuple(paper),
        )
    )  # fmt: skip


def _arrow(axes: Axes, way: Sequence[Point], *, color: str = TARGET) -> None:
    """Draw a way, and the point of an arrow at its end."""
    (before_x, before_y), (x, y) = way[-2:]
    length = max(abs(x - before_x), abs(y - before_y))
    ahead = np.array([x - before_x, y - before_y]) / length
    aside = np.array([-ahead[1], ahead[0]])
    neck = np.array([x, y]) - 6 * ahead
    _line(axes, (*way[:-1], (neck[0], neck[1])), color=color)
    axes.add_artist(Polygon([(x, y), neck + 3 * aside, neck - 3 * aside], color=color, linewidth=0))


def _line(axes: Axes, way: Sequence[Point], *, color: str = TARGET, width: float = 0.9) -> None:
    xs, ys = zip(*way, strict=True)
    axes.add_artist(Line2D(xs, ys, color=color, linewidth=width, zorder=1))


if __name__ == "__main__":
    GRAMMAR.write_text(svg_of(example()), encoding="utf-8")
