import pytest

from model.rules.ids import ID_MAX
from reference_impl.timeline.sources import NOWHERE, Source, leaves_gap, page_of


def test_a_page_of_nothing_is_empty():
    assert page_of([], limit=3) == []
    assert page_of([NOWHERE], limit=3) == []


def test_a_page_has_each_post_once_newest_first_and_as_many_as_asked():
    sources = [Source(ids=[9, 5, 1], floor=0), Source(ids=[8, 5], floor=4), Source(ids=[], floor=0)]
    assert page_of(sources, limit=3) == [9, 8, 5]
    assert page_of(sources, limit=9) == [9, 8, 5, 1]


@pytest.mark.parametrize(
    ("floor", "page", "expected"),
    [
        (0, [], False),  # a whole list has no gap, however short the page
        (0, [9], False),
        (5, [9, 8], False),  # a full page that ends above the floor
        (8, [9, 8], False),  # or at it: what is missing is older
        (9, [10, 8], True),
        (5, [9], True),  # a short page
        (ID_MAX, [], True),
        (ID_MAX, [9, 8], True),  # a list of which nothing is known
    ],
)
def test_a_source_leaves_a_gap_where_what_it_lacks_may_belong_on_the_page(floor, page, expected):
    assert leaves_gap(Source(ids=[], floor=floor), page, limit=2) is expected
