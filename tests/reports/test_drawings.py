"""Drawings of journeys: everything is on them, in words, and nothing lies on anything else."""

import xml.etree.ElementTree as ET
from itertools import combinations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from model.world.attributes import Attribute
from model.world.counts import ConstantCount, poisson
from model.world.journeys import (
    AllOf,
    Backoff,
    Batch,
    Breaker,
    Budget,
    Cached,
    Call,
    Delay,
    Emit,
    ForEach,
    Hold,
    Journey,
    Link,
    Visit,
    WithProbability,
    Write,
)
from model.world.keys import LANE, LEG, Beside
from model.world.laws import Constant, Exponential
from reports.drawing_places import WIDTH_MAX, places_of
from reports.drawings import GRAMMAR, drawing_of, example, svg_of

MS = Constant(value=0.001)
VISIT = Visit(station="shard", work=MS)
LONG = "a_station_with_a_name_that_nobody_would_like_to_type_twice_or_even_once"


def journey(*steps, name="walk"):
    return Journey(name=name, steps=steps)


def texts(*steps):
    """All that is written on the drawing of some steps, line by line."""
    return [text.get_text() for text in drawing_of(journey(*steps)).axes[0].texts]


def words(*steps):
    return " ".join(texts(*steps))


def lanes_in(lane):
    """A lane, and all those inside its boxes."""
    yield lane
    for row in lane.rows:
        for box in row:
            for inside in box.lanes:
                yield from lanes_in(inside)


def siblings_in(lane):
    """Groups of what stands beside one another: the boxes of a lane, the branches of a fork."""
    for each in lanes_in(lane):
        boxes = [box for row in each.rows for box in row]
        yield boxes
        yield from (box.lanes for box in boxes)


def are_apart(one, other):
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    return beside or one.y + one.height <= other.y or other.y + other.height <= one.y


def is_inside(inner, outer):
    return (
        outer.x <= inner.x
        and outer.y <= inner.y
        and inner.x + inner.width <= outer.x + outer.width
        and inner.y + inner.height <= outer.y + outer.height
    )


def crowded():
    """Rows that break, forks in forks, and names longer than any row."""
    many = tuple(Visit(station=f"station_{number}", work=MS, key="own") for number in range(12))
    fork = AllOf(branches=(many, Delay(time=MS), (Emit(journey=LONG), Link(link=LONG))))
    legs = ForEach(count=ConstantCount(count=3), body=fork, name=LONG)
    short = Call(steps=Delay(time=MS, name="d"), deadline=MS, retries=3, budget=Budget(ratio=0.1))
    other = Call(steps=fork, otherwise=(*many, fork))
    return journey(VISIT, legs, Hold(station=LONG, steps=legs), short, other, *many, name=LONG)


LABELS = {
    "for each of 20": ForEach(count=ConstantCount(count=20), body=VISIT),
    "for each of 2.5 on average, need 2, 4 at once": ForEach(
        count=poisson(mean=2.5), body=VISIT, need=2, at_once=4
    ),
    "for each of 20, 4 lanes": ForEach(
        count=ConstantCount(count=20), body=VISIT, at_once=4, in_lanes=True
    ),
    "for each of the request's followers": ForEach(count=Attribute(name="followers"), body=VISIT),
    "friends: for each of 2": ForEach(count=ConstantCount(count=2), body=VISIT, name="friends"),
    "all of 2": AllOf(branches=(VISIT, VISIT)),
    "need 2 of 3": AllOf(branches=(VISIT, VISIT, VISIT), need=2),
    "hold pool": Hold(station="pool", steps=VISIT),
    "hold pool, key: own, any replica, priority 2": Hold(
        station="pool", steps=VISIT, key="own", replica="any", priority=2
    ),
    "cached in profiles, on a miss": Cached(cache="profiles", miss=VISIT),
    "cached in profiles, on a miss, key per leg": Cached(
        cache="profiles", miss=VISIT, member=LEG
    ),
    "cached in profiles, on a miss, key: each beside own": Cached(
        cache="profiles", miss=VISIT, member=Beside(key="own")
    ),
    "cached in profiles, on a miss, key per lane": Cached(
        cache="profiles", miss=VISIT, member=LANE
    ),
    "with probability 0.1": WithProbability(p=0.1, then=VISIT),
    "call: deadline 500 ms, 2 retries": Call(
        steps=VISIT, deadline=Constant(value=0.5), retries=2
    ),
    "1 retry, backoff 10 ms with jitter, budget 10 %": Call(
        steps=VISIT, retries=1, backoff=Backoff(base_s=0.01, jitter=True), budget=Budget(ratio=0.1)
    ),
    "ask call: deadline the request's patience": Call(
        steps=VISIT, deadline=Attribute(name="patience"), name="ask"
    ),
    "hedged after 5 ms on average, breaker opens for 2 s after 5 failures, cancels": Call(
        steps=VISIT,
        hedge_after=Exponential(mean=0.005),
        breaker=Breaker(failures=5, open_s=2.0),
        cancels=True,
    ),
    "call: deadline 1 ms, below is what is done otherwise": Call(
        steps=VISIT, deadline=MS, otherwise=(Delay(time=MS), VISIT)
    ),
    "starts fanout, does not wait": Emit(journey="fanout"),
    "link wan 20 kB": Link(link="wan", size=Constant(value=20_000.0)),
    "link wan named upload the request's bytes": Link(
        link="wan", size=Attribute(name="bytes"), name="upload"
    ),
    "handshake 50 µs": Delay(time=Constant(value=5e-5), name="handshake"),
    "shard 1 ms": VISIT,
    "shard named first 0 s key: own nearest replica priority 3": Visit(
        station="shard", work=Constant(value=0.0), name="first", key="own", replica="nearest",
        priority=3,
    ),
    "shard 1 ms shard: the request's home replica 2": Visit(
        station="shard", work=MS, key=Attribute(name="home"), replica=2
    ),
    "render batch of 1,200 1 ms + 2 s on average each": Batch(
        station="render", base=MS, per_item=Exponential(mean=2.0), count=ConstantCount(count=1200)
    ),
    "posts 1 ms written, 2 must acknowledge key: own": Write(
        station="posts", work=MS, acks=2, key="own"
    ),
}  # fmt: skip


@pytest.mark.parametrize("label", LABELS)
def test_every_kind_of_step_says_in_words_what_it_is(label):
    assert label in words(LABELS[label])


def test_a_call_that_changes_nothing_is_a_call():
    assert texts(Call(steps=VISIT))[1] == "call"


def test_links_of_messages_without_a_size_have_none():
    assert texts(Link(link="lan"))[1:] == ["link lan"]


def test_what_is_inside_a_frame_is_drawn_with_it():
    assert "shard" in texts(Hold(station="pool", steps=(Delay(time=MS), VISIT)))


def test_a_drawing_is_named_for_its_journey():
    assert texts(VISIT)[0] == "walk"


@pytest.mark.parametrize("journey", [example(), crowded()], ids=["example", "crowded"])
def test_siblings_do_not_overlap(journey):
    groups = list(siblings_in(places_of(journey)))
    assert any(len(group) > 2 for group in groups)
    for group in groups:
        assert all(are_apart(one, other) for one, other in combinations(group, 2))


@pytest.mark.parametrize("journey", [example(), crowded()], ids=["example", "crowded"])
def test_what_is_nested_is_inside_its_frame(journey):
    lanes = list(lanes_in(places_of(journey)))
    assert len(lanes) > 5
    for lane in lanes:
        for box in (box for row in lane.rows for box in row):
            assert is_inside(box, lane)
            assert all(is_inside(inner, box) for inner in box.lanes)
            assert box.y < box.port < box.y + box.height


@pytest.mark.parametrize("journey", [example(), crowded()], ids=["example", "crowded"])
def test_no_text_lies_on_another_or_leaves_the_page(journey):
    drawing = drawing_of(journey)
    renderer = FigureCanvasAgg(drawing).get_renderer()
    extents = [text.get_window_extent(renderer) for text in drawing.axes[0].texts]
    for extent in extents:
        assert extent.x0 >= 0
        assert extent.y0 >= 0
        assert extent.x1 <= drawing.bbox.x1
        assert extent.y1 <= drawing.bbox.y1
    for one, other in combinations(extents, 2):
        assert not one.overlaps(other.padded(-0.5))


def test_a_text_is_not_wider_than_its_box():
    steps = [Visit(station=name, work=MS) for name in ("i", "WWWWWWWWWWWWWWWW", LONG)]
    drawing = drawing_of(journey(*steps))
    renderer = FigureCanvasAgg(drawing).get_renderer()
    boxes = [box for row in places_of(journey(*steps)).rows for box in row]
    for step, box in zip(steps, boxes, strict=True):
        [text] = [one for one in drawing.axes[0].texts if one.get_text() == step.station]
        assert text.get_window_extent(renderer).width < box.width


def test_steps_follow_one_another_to_the_right_at_one_height():
    [row] = places_of(journey(VISIT, Delay(time=MS), VISIT)).rows
    assert [box.x for box in row] == sorted(box.x for box in row)
    assert len({box.port for box in row}) == 1


def test_branches_are_stacked():
    [[fork]] = places_of(journey(AllOf(branches=(VISIT, VISIT)))).rows
    upper, lower = fork.lanes
    assert upper.x == lower.x
    assert upper.y < lower.y


def test_a_long_way_goes_on_in_the_next_row():
    steps = [VISIT] * 60
    lane = places_of(journey(*steps))
    assert len(lane.rows) > 1
    assert sum(map(len, lane.rows)) == 60
    assert drawing_of(journey(*steps)).get_size_inches()[0] * 96 <= WIDTH_MAX


def test_names_are_not_taken_for_formulas():
    drawing = drawing_of(journey(Visit(station="$a$_^", work=MS)))
    drawing.draw_without_rendering()
    assert not any(text.get_parse_math() for text in drawing.axes[0].texts)


def test_a_journey_is_drawn_the_same_every_time():
    assert svg_of(example()) == svg_of(example())


def test_the_example_has_every_kind_of_step():
    kinds = {type(box.step) for lane in lanes_in(places_of(example())) for row in lane.rows
             for box in row}  # fmt: skip
    assert kinds == {
        Visit, Batch, Write, Hold, Delay, Link, AllOf, ForEach, WithProbability, Cached, Call, Emit,
    }  # fmt: skip


def svg_texts(svg):
    """What is written in an SVG file; `python -m reports.drawings` writes the committed one."""
    return [text.text for text in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_the_picture_of_the_grammar_is_that_of_the_example():
    committed, fresh = svg_texts(GRAMMAR.read_text()), svg_texts(svg_of(example()))
    assert committed == fresh
    assert "starts fanout, does not wait" in fresh
