"""A journey as a picture: nested boxes, read from left to right.

A journey is data, so it can be drawn.  What its steps are called is said in `drawing_words`, how
much room text takes in `drawing_texts`; `drawing_places` gives every step its place, and
`drawing_steps` draws them there, with the pen of `drawing_strokes`.  Lengths are pixels, 96 of
them an inch, and y grows downwards.

`python -m reports.drawings` draws the picture in model/engine/README.md again.
"""

from __future__ import annotations

import io
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from model.world import journeys as tree
from model.world.counts import ConstantCount, Geometric
from model.world.laws import Constant, Exponential, Lognormal
from reports.drawing_places import GAP, PAD, places_of
from reports.drawing_steps import draw_lane
from reports.drawing_strokes import draw_text
from reports.drawing_texts import TITLE, text_width_of
from reports.figures import TARGET

GRAMMAR = Path(__file__).parents[1] / "model" / "engine" / "grammar.svg"


def drawing_of(journey: tree.Journey) -> Figure:
    """Draw a journey, at most `drawing_places.WIDTH_MAX` wide if names and nesting allow."""
    lane = places_of(journey)
    title_width = text_width_of(journey.name, TITLE, bold=True)
    width = max(lane.x + lane.width + 2 * GAP, title_width + 2 * PAD)
    height = lane.y + lane.height + PAD
    canvas = Figure(figsize=(width / 96, height / 96), dpi=96, facecolor="white")
    axes = canvas.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    draw_text(axes, (PAD, PAD), journey.name, size=TITLE, bold=True)
    start = (lane.x - GAP, lane.first.port)
    end = (lane.last.x + lane.last.width + GAP, lane.last.port)
    draw_lane(axes, lane, start=start, end=end)
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


if __name__ == "__main__":
    GRAMMAR.write_text(svg_of(example()), encoding="utf-8")
