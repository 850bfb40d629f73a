import pytest

from reference_impl.chassis.errors import BadRequest
from reference_impl.chassis.fields import id_of, limit_of, text_of


def test_an_absent_limit_takes_the_default():
    assert limit_of({}, 20) == 20


@pytest.mark.parametrize("limit", ["1", "100", "007"])
def test_a_limit_in_range_is_taken(limit):
    assert limit_of({"limit": limit}, 20) == int(limit)


@pytest.mark.parametrize("limit", ["0", "-1", "101", "abc", "", "1.0", " 5", "\u0665", "9" * 99])
def test_any_other_limit_is_refused_by_name(limit):
    with pytest.raises(BadRequest, match=r"limit must be in 1..100"):
        limit_of({"limit": limit}, 20)


def test_ids_are_decimal_strings_of_63_bits():
    assert id_of("9223372036854775807", "target_id") == 2**63 - 1


@pytest.mark.parametrize("value", [7, None, "", "-1", "+1", "1.0", "0x1", "9223372036854775808"])
def test_anything_else_is_no_id(value):
    with pytest.raises(BadRequest, match="target_id"):
        id_of(value, "target_id")


@pytest.mark.parametrize("text", ["a", "Zoë\n", "x" * 10])
def test_text_is_taken_as_it_is(text):
    assert text_of({"name": text}, "name", chars_max=10) == text


@pytest.mark.parametrize("value", [None, 7, ["a"], "", "x" * 11, "a\0b", "\x1b[2J", "\ud800"])
def test_what_is_no_text_or_cannot_be_stored_is_refused_by_name(value):
    with pytest.raises(BadRequest, match="name must"):
        text_of({"name": value}, "name", chars_max=10)
