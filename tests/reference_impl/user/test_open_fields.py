import json

import pytest

from reference_impl.chassis.errors import BadRequest
from reference_impl.user.open_fields import FIELDS_MAX, TEXT_CHARS_MAX, open_fields_of


def read(value):
    return open_fields_of({"fields": value if isinstance(value, str) else json.dumps(value)})


def test_open_fields_are_taken_as_they_are():
    said = {"pronouns": "she/her", "pet_2": "Zoë 🐈", "a": "line\nline"}
    assert read(said) == said


@pytest.mark.parametrize("nothing", [{}, {"fields": ""}, {"fields": "{}"}])
def test_no_open_fields_are_none(nothing):
    assert open_fields_of(nothing) is None


def test_an_open_field_without_text_counts_as_not_given():
    assert read({"pronouns": "", "pet": "cat"}) == {"pet": "cat"}
    assert read({"pronouns": ""}) is None


@pytest.mark.parametrize(
    "said",
    [
        {"a" * 32: "x"},
        {"a": "x" * TEXT_CHARS_MAX},
        {f"field_{number}": "x" for number in range(FIELDS_MAX)},
    ],
    ids=["a long name", "a long text", "many"],
)
def test_limits_themselves_are_allowed(said):
    assert read(said) == said


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({f"field_{number}": "x" for number in range(FIELDS_MAX + 1)}, "at most 16"),
        ({"a" * 33: "x"}, "must be named like"),
        ({"": "x"}, "must be named like"),
        ({"Pet": "x"}, "must be named like"),
        ({"2pet": "x"}, "must be named like"),
        ({"_pet": "x"}, "must be named like"),
        ({"pe t": "x"}, "must be named like"),
        ({"pet\n": "x"}, "must be named like"),
        ({"p\u00eat": "x"}, "must be named like"),
        ({"__proto__": "x"}, "must be named like"),
        ({"pet": "x" * (TEXT_CHARS_MAX + 1)}, "pet must have"),
        ({"pet": 1}, "pet must be given, as text"),
        ({"pet": None}, "pet must be given, as text"),
        ({"pet": True}, "pet must be given, as text"),
        ({"pet": ["x"]}, "pet must be given, as text"),
        ({"pet": {"$ne": ""}}, "pet must be given, as text"),
        ({"pet": "a\0b"}, "pet must not contain control"),
        ({"pet": "\ud800"}, "pet must not contain control"),
        ('{"pet": "cat", "pet": "dog"}', "each field once"),
        ("[]", "a JSON object"),
        ("null", "a JSON object"),
        ('"pet"', "a JSON object"),
        ("{", "a JSON object"),
        ("cat", "a JSON object"),
        ('{"pet": NaN}', "pet must be given, as text"),
        ("[" * 100_000, "a JSON object"),
        ('{"pet": ' + "[" * 100_000, "a JSON object"),
        ('{"pet": ' + "9" * 5_000 + "}", "a JSON object"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_other_open_fields_are_refused_and_the_message_says_why(said, complaint):
    with pytest.raises(BadRequest, match=complaint):
        read(said)
