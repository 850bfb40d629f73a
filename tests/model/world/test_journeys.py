from model.world.counts import ConstantCount
from model.world.journeys import AllOf, Delay, Emit, ForEach, Visit, names_among
from model.world.laws import Constant

WORK = Constant(value=1.0)


def test_a_step_is_named_by_its_station_or_its_kind():
    visit, delay = Visit(station="post_db", work=WORK), Delay(time=WORK)
    steps = (visit, delay, AllOf(branches=(visit,)), Emit(journey="fanout"))
    assert names_among(steps) == ["post_db", "delay", "all", "emit_fanout"]


def test_a_name_given_goes_before_all_others():
    visit = Visit(station="post_db", work=WORK, name="hydrate")
    assert names_among(
        (visit, ForEach(count=ConstantCount(count=2), body=visit, name="posts"))
    ) == [
        "hydrate",
        "posts",
    ]


def test_equal_neighbours_are_told_apart_by_their_ordinal():
    visit, other = Visit(station="a-b", work=WORK), Visit(station="c", work=WORK)
    assert names_among((visit, other, visit, visit)) == ["a-b", "c", "a-b-2", "a-b-3"]
