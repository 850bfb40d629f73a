import pytest

from reference_impl.chassis.ranges import Span, Unsatisfiable, span_of


@pytest.mark.parametrize(
    ("asked", "begin", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=4-7", 4, 8),
        ("bytes=7-", 7, 10),
        ("bytes=-3", 7, 10),
        ("bytes=0-", 0, 10),
        ("bytes=9-9", 9, 10),
        ("bytes=9-99999999999999999999", 9, 10),
        ("bytes=-99999999999999999999", 0, 10),
        ("Bytes= 4-7 ", 4, 8),
    ],
)
def test_a_range_is_what_the_object_has_of_it(asked, begin, end):
    assert span_of(asked, 10) == Span(begin=begin, end=end)


@pytest.mark.parametrize(
    "asked",
    ["bytes=5-4", "bytes=-", "bytes=a-b", "bytes=0-1,3-4", "items=0-1", "bytes", "bytes=--5", ""],
)
def test_what_is_no_single_range_is_ignored(asked):
    assert span_of(asked, 10) is None


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=99-999", "bytes=-0"])
def test_of_a_range_behind_the_end_there_is_nothing(asked):
    with pytest.raises(Unsatisfiable, match="the object has 10 bytes"):
        span_of(asked, 10)


def test_of_an_empty_object_there_is_no_part():
    with pytest.raises(Unsatisfiable):
        span_of("bytes=0-", 0)


def test_a_part_says_where_it_is():
    assert Span(begin=4, end=8).of(10) == "bytes 4-7/10"
