"""What a user says about themselves, what of it is valid, and what others may see."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from reference_impl.chassis.errors import BadRequest
from reference_impl.chassis.fields import text_of
from reference_impl.user.open_fields import open_fields_of

NAMES = ("first_name", "last_name", "email", "username")
OPTIONAL = ("age", "location", "phone", "fields")
REQUIRED = (*NAMES, "password")
EDITABLE = (*NAMES, *OPTIONAL)
PUBLIC = (
    "user_id", "username", "first_name", "last_name", "location", "profile_image",
    "profile_image_renditions", "fields",
)  # fmt: skip
PRIVATE = ("email", "age", "phone")

NAME_CHARS_MAX = 64
USERNAME_CHARS_MAX = 30
EMAIL_CHARS_MAX = 254  # RFC 5321, 4.5.3.1: a path has 256, two of them are its brackets
LOCATION_CHARS_MAX = 100
PHONE_CHARS_MAX = 32
AGE_MIN, AGE_MAX = 13, 130
PASSWORD_BYTES_MIN, PASSWORD_BYTES_MAX = 8, 1_024  # ASVS 5.0, 6.2.1; hashing longer ones is costly

USERNAME_PATTERN = rf"[A-Za-z0-9_.]{{3,{USERNAME_CHARS_MAX}}}"
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")

Document = dict[str, Any]  # what is stored of a user; fields that are not given are not in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What a newcomer filled in, checked."""

    first_name: str
    last_name: str
    email: str
    username: str
    password: str
    age: int | None = None
    location: str | None = None
    phone: str | None = None
    fields: Mapping[str, str] | None = None  # open ones


def registration_of(fields: Mapping[str, str]) -> Registration:
    """Check the fields of the form; empty optional ones count as not given."""
    said = {name: _value_of[name](fields) for name in EDITABLE}
    password = password_of(fields, "password")
    refuse_names_as_password(password, (said["username"], said["email"]))
    return Registration(password=password, **said)


def changes_of(fields: Mapping[str, str]) -> Document:
    """Check the fields that are to change; None stands for an optional one to be removed."""
    return {name: _value_of[name](fields) for name in fields}


def changed(document: Mapping[str, Any], changes: Mapping[str, Any]) -> Document:
    """Return the document with these fields in place of what it said there."""
    both = {**document, **changes}
    return {name: value for name, value in both.items() if value is not None}


def password_of(fields: Mapping[str, object], name: str) -> str:
    """Return the password, which may be any text that one can type; its length is in bytes."""
    password = text_of(fields, name, chars_max=PASSWORD_BYTES_MAX)
    if not PASSWORD_BYTES_MIN <= len(password.encode()) <= PASSWORD_BYTES_MAX:
        limits = f"{PASSWORD_BYTES_MIN} to {PASSWORD_BYTES_MAX}"
        raise BadRequest(f"{name} must have {limits} bytes in UTF-8")
    return password


def refuse_names_as_password(password: str, names: Iterable[str]) -> None:
    """Raise BadRequest if the password is one of the user's names, which others may know."""
    if _spelling(password) in {_spelling(name) for name in names}:
        raise BadRequest("the password must be neither the username nor the email")


def document_of(
    registration: Registration, *, user_id: int, profile_image: str, created_ms: int
) -> Document:
    """Return the document that is stored; the password is not part of it."""
    document = {
        "user_id": str(user_id),
        **{name: getattr(registration, name) for name in EDITABLE},
        "profile_image": profile_image,
        "created_ms": created_ms,
    }
    return changed({}, document)


def public_profile_of(document: Mapping[str, Any]) -> Document:
    """Return what everyone may see; a field that nobody declared public stays private."""
    return {name: document[name] for name in PUBLIC if name in document}


def account_of(document: Mapping[str, Any]) -> Document:
    """Return what only the user themselves may see, beside what everyone may."""
    created_at = datetime.fromtimestamp(document["created_ms"] / 1000, UTC)
    return {
        **{name: document[name] for name in (*PUBLIC, *PRIVATE) if name in document},
        "created_at": created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def announcement_of(document: Mapping[str, Any], *, version: int) -> Document:
    """Return what other services are told; of two, the one with the higher version is newer."""
    told = public_profile_of(document)
    return {**told, "created_ms": document["created_ms"], "version": version}


def image_change(url: str) -> Document:
    """Return the changes that another profile image makes: it has no renditions yet."""
    return {"profile_image": url, "profile_image_renditions": None}


def update_of(document: Mapping[str, Any], *, former: Mapping[str, Any], version: int) -> Document:
    """Return what other services are told of a change; with another image, the former one too."""
    told = announcement_of(document, version=version)
    image = former.get("profile_image", "")
    if document.get("profile_image", "") == image:
        return told
    return {**told, "dropped_image": image}


def departure_of(document: Mapping[str, Any]) -> Document:
    """Return what other services are told of somebody who is gone."""
    return {
        "user_id": document["user_id"],
        "profile_image": document.get("profile_image", ""),
    }


def _spelling(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _username_of(fields: Mapping[str, str]) -> str:
    username = text_of(fields, "username", chars_max=USERNAME_CHARS_MAX)
    if not re.fullmatch(USERNAME_PATTERN, username):
        raise BadRequest(
            f"username must have 3 to {USERNAME_CHARS_MAX} characters of A-Z a-z 0-9 _ ."
        )
    return username


def _email_of(fields: Mapping[str, str]) -> str:
    email = text_of(fields, "email", chars_max=EMAIL_CHARS_MAX)
    if not _EMAIL.fullmatch(email):
        raise BadRequest("email must look like name@example.org")
    return email


def _age_of(fields: Mapping[str, str]) -> int | None:
    age = fields.get("age", "")
    if not age:
        return None
    if not re.fullmatch("[0-9]{1,3}", age) or not AGE_MIN <= int(age) <= AGE_MAX:
        raise BadRequest(f"age must be in {AGE_MIN}..{AGE_MAX}")
    return int(age)


def _optional_text(fields: Mapping[str, str], name: str, chars_max: int) -> str | None:
    return text_of(fields, name, chars_max=chars_max) if fields.get(name) else None


_value_of: Mapping[str, Callable[[Mapping[str, str]], Any]] = {
    "first_name": partial(text_of, name="first_name", chars_max=NAME_CHARS_MAX),
    "last_name": partial(text_of, name="last_name", chars_max=NAME_CHARS_MAX),
    "email": _email_of,
    "username": _username_of,
    "age": _age_of,
    "location": partial(_optional_text, name="location", chars_max=LOCATION_CHARS_MAX),
    "phone": partial(_optional_text, name="phone", chars_max=PHONE_CHARS_MAX),
    "fields": open_fields_of,
}
