import pytest

from reference_impl.chassis.errors import BadRequest
from reference_impl.user.profiles import (
    EDITABLE,
    OPTIONAL,
    REQUIRED,
    account_of,
    announcement_of,
    changed,
    changes_of,
    document_of,
    password_of,
    public_profile_of,
    refuse_names_as_password,
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
    "fields": '{"pronouns": "she/her"}',
}
PUBLIC_ADA = {
    "user_id": "7",
    "username": "Ada.L_1815",
    "first_name": "Ada",
    "last_name": "King, Countess of Lovelace",
    "location": "London",
    "profile_image": "/media/x.png",
    "fields": {"pronouns": "she/her"},
}


def document(**changes):
    registration = registration_of({**ADA, **changes})
    return document_of(registration, user_id=7, profile_image="/media/x.png", created_ms=1_500)


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
        ("fields", "[]"),
    ],
)
def test_a_field_that_is_not_valid_is_refused_by_name(name, text):
    with pytest.raises(BadRequest, match=name):
        registration_of({**ADA, name: text})
    if name in EDITABLE:
        with pytest.raises(BadRequest, match=name):
            changes_of({name: text})


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
    stored = {**document(), "a_later_field": "secret"}
    assert public_profile_of(stored) == PUBLIC_ADA


def test_the_password_is_no_part_of_what_is_stored():
    assert "correct horse" not in str(document())


def test_an_account_says_what_is_private_and_since_when_it_exists():
    stored = {**document(), "a_later_field": "secret"}
    assert account_of(stored) == {
        **PUBLIC_ADA,
        "email": "ada@example.org",
        "age": 36,
        "phone": "+44 20 7946 0958",
        "created_at": "1970-01-01T00:00:01.500Z",
    }


def test_others_are_told_what_is_public_since_when_and_which_is_newer():
    told = announcement_of({**document(), "a_later_field": "secret"}, version=3)
    assert told == {**PUBLIC_ADA, "created_ms": 1_500, "version": 3}


def test_changes_are_only_what_was_sent():
    assert changes_of({"location": "Paris", "age": "37"}) == {"location": "Paris", "age": 37}


@pytest.mark.parametrize("name", OPTIONAL)
def test_an_optional_field_sent_empty_is_taken_out(name):
    without = changed(document(), changes_of({name: ""}))
    assert without == {field: value for field, value in document().items() if field != name}


@pytest.mark.parametrize("name", ["first_name", "last_name", "email", "username"])
def test_a_required_field_cannot_be_taken_out(name):
    with pytest.raises(BadRequest, match=name):
        changes_of({name: ""})


def test_a_change_leaves_the_old_document_as_it_was():
    before = document()
    changed(before, {"location": "Paris", "age": None})
    assert before == document()


@pytest.mark.parametrize(
    "password",
    ["Ada.L_1815", "ADA.L_1815", "ada@example.org", "Ada@Example.ORG", "\uff21da.L_1815"],
)
def test_a_password_that_is_a_name_is_refused(password):
    with pytest.raises(BadRequest, match="neither the username nor the email"):
        registration_of({**ADA, "password": password})


def test_a_password_may_contain_a_name():
    refuse_names_as_password("Ada.L_1815 and more", [ADA["username"], ADA["email"]])


def test_a_password_is_refused_by_the_name_it_was_sent_under():
    with pytest.raises(BadRequest, match="new_password must have 8 to"):
        password_of({"new_password": "short"}, "new_password")
