import pytest

from reference_impl.chassis.errors import BadRequest
from reference_impl.user.profiles import (
    OPTIONAL,
    REQUIRED,
    document_of,
    public_profile_of,
    registration_of,
)

ADA = {
    "first_name": "Ada",
    "last_name": "King, Countess of Lovelace",
    "email": "ada@example.org",
    "username": "Ada.L_1815",
    "password": "correct horse",
    "age": "36",
    "location": "London",
    "phone": "+44 20 7946 0958",
}


def test_a_complete_form_is_taken_as_it_is():
    registration = registration_of(ADA)
    assert registration.last_name == ADA["last_name"]
    assert registration.age == 36


@pytest.mark.parametrize("name", OPTIONAL)
def test_optional_fields_may_be_missing_or_empty(name):
    without = {field: text for field, text in ADA.items() if field != name}
    assert getattr(registration_of(without), name) is None
    assert getattr(registration_of({**ADA, name: ""}), name) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("first_name", ""),
        ("first_name", "x" * 65),
        ("last_name", "a\0b"),
        ("email", "ada"),
        ("email", "ada@example"),
        ("email", "a da@example.org"),
        ("email", "ada@@example.org"),
        ("email", "a" * 65 + "@example.org"),
        ("email", "ada@" + "x" * 250 + ".org"),
        ("username", "al"),
        ("username", "x" * 31),
        ("username", "ada lovelace"),
        ("username", "ada@lovelace"),
        ("username", "ad\u0430"),  # the last letter is Cyrillic
        ("password", "7 bytes"),
        ("password", "x" * 1025),
        ("password", "\u00e9" * 513),  # two bytes each
        ("age", "12"),
        ("age", "131"),
        ("age", "-20"),
        ("age", "thirty"),
        ("age", "\u0663\u0666"),
        ("location", "x" * 101),
        ("phone", "1" * 33),
    ],
)
def test_a_field_that_is_not_valid_is_refused_by_name(name, text):
    with pytest.raises(BadRequest, match=name):
        registration_of({**ADA, name: text})


@pytest.mark.parametrize(
    ("name", "text"), [("password", "x" * 1024), ("password", "\u00e9" * 4), ("age", "13")]
)
def test_limits_themselves_are_allowed(name, text):
    assert registration_of({**ADA, name: text})


@pytest.mark.parametrize("name", REQUIRED)
def test_required_fields_must_be_given(name):
    with pytest.raises(BadRequest, match=name):
        registration_of({field: text for field, text in ADA.items() if field != name})


def test_what_is_private_never_leaves():
    document = document_of(
        registration_of(ADA), user_id=7, profile_image="/media/x.png", created_ms=0
    )
    profile = public_profile_of({**document, "a_later_field": "secret"})
    assert profile == {
        "user_id": "7",
        "username": "Ada.L_1815",
        "first_name": "Ada",
        "last_name": "King, Countess of Lovelace",
        "location": "London",
        "profile_image": "/media/x.png",
    }
    assert "correct horse" not in str(document)
