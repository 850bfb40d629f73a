"""What a user says about themselves, what of it is valid, and what others may see."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reference_impl.chassis.errors import BadRequest
from reference_impl.chassis.fields import text_of

REQUIRED = ("first_name", "last_name", "email", "username", "password")
OPTIONAL = ("age", "location", "phone")
PUBLIC = ("user_id", "username", "first_name", "last_name", "location", "profile_image")

NAME_CHARS_MAX = 64
USERNAME_CHARS_MAX = 30
EMAIL_CHARS_MAX = 254  # RFC 5321, 4.5.3.1: a path has 256, two of them are its brackets
LOCATION_CHARS_MAX = 100
PHONE_CHARS_MAX = 32
AGE_MIN, AGE_MAX = 13, 130
PASSWORD_BYTES_MIN, PASSWORD_BYTES_MAX = 8, 1_024  # ASVS 5.0, 6.2.1; hashing longer ones is costly

_USERNAME = re.compile(r"[A-Za-z0-9_.]{3,30}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What a newcomer filled in, checked."""

    first_name: str
    last_name: str
    email: str
    username: str
    password: str
    age: int | None
    location: str | None
    phone: str | None


def registration_of(fields: Mapping[str, str]) -> Registration:
    """Check the fields of the form; empty optional ones count as not given."""
    return Registration(
        first_name=text_of(fields, "first_name", chars_max=NAME_CHARS_MAX),
        last_name=text_of(fields, "last_name", chars_max=NAME_CHARS_MAX),
        email=_email_of(fields),
        username=_username_of(fields),
        password=password_of(fields),
        age=_age_of(fields),
        location=_optional_text(fields, "location", LOCATION_CHARS_MAX),
        phone=_optional_text(fields, "phone", PHONE_CHARS_MAX),
    )


def password_of(fields: Mapping[str, object]) -> str:
    """Return the password, which may be any text that one can type; its length is in bytes."""
    password = text_of(fields, "password", chars_max=PASSWORD_BYTES_MAX)
    if not PASSWORD_BYTES_MIN <= len(password.encode()) <= PASSWORD_BYTES_MAX:
        limits = f"{PASSWORD_BYTES_MIN} to {PASSWORD_BYTES_MAX}"
        raise BadRequest(f"password must have {limits} bytes in UTF-8")
    return password


def document_of(
    registration: Registration, *, user_id: int, profile_image: str, created_ms: int
) -> dict[str, Any]:
    """Return the document that is stored; the password is not part of it."""
    document = {
        "user_id": str(user_id),
        "username": registration.username,
        "first_name": registration.first_name,
        "last_name": registration.last_name,
        "email": registration.email,
        "age": registration.age,
        "location": registration.location,
        "phone": registration.phone,
        "profile_image": profile_image,
        "created_ms": created_ms,
    }
    return {name: value for name, value in document.items() if value is not None}


def public_profile_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what everyone may see; a field that nobody declared public stays private."""
    return {name: document[name] for name in PUBLIC if name in document}


def _username_of(fields: Mapping[str, str]) -> str:
    username = text_of(fields, "username", chars_max=USERNAME_CHARS_MAX)
    if not _USERNAME.fullmatch(username):
        raise BadRequest("username must have 3 to 30 characters of A-Z a-z 0-9 _ .")
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
