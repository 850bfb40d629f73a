"""What the user service answers."""

from __future__ import annotations

from reference_impl.chassis.forms import FILE_BYTES_MAX
from reference_impl.chassis.media_types import SUFFIX_OF
from reference_impl.gateway.openapi.parts import (
    Json,
    answer,
    closed,
    form_body,
    header,
    json_body,
    nothing,
    parameter,
    schema,
)
from reference_impl.gateway.openapi.refusals import refusal
from reference_impl.gateway.openapi.schemas import OF_PERSON, OPTIONAL, PRIVATE
from reference_impl.user import profiles

IMAGES = tuple(content_type for content_type in SUFFIX_OF if content_type.startswith("image/"))
PASSWORD = {
    "type": "string",
    "minLength": profiles.PASSWORD_BYTES_MIN // 4,  # a character has up to four
    "maxLength": profiles.PASSWORD_BYTES_MAX,
    "description": (
        f"{profiles.PASSWORD_BYTES_MIN} to {profiles.PASSWORD_BYTES_MAX:,} bytes in UTF-8;"
        " neither your username nor your email."
    ),
}
USERNAME_TRIED = {"type": "string", "minLength": 1, "maxLength": profiles.USERNAME_CHARS_MAX}
PASSWORD_TRIED = {"type": "string", "minLength": 1, "maxLength": profiles.PASSWORD_BYTES_MAX}
FILE = {"description": f"The file, of at most {FILE_BYTES_MAX >> 20} MiB."}
_TEXT = {"type": "string"}
_AGES = f"{profiles.AGE_MIN} to {profiles.AGE_MAX}, or empty."
_WRITTEN: Json = {  # by people: in a form everything is text
    "first_name": OF_PERSON["first_name"],
    "last_name": OF_PERSON["last_name"],
    "email": PRIVATE["email"],
    "username": OF_PERSON["username"],
    "age": {**_TEXT, "pattern": "^([0-9]{1,3})?$", "description": _AGES},
    "location": {**_TEXT, "maxLength": profiles.LOCATION_CHARS_MAX},
    "phone": {**_TEXT, "maxLength": profiles.PHONE_CHARS_MAX},
    "fields": {**_TEXT, "contentMediaType": "application/json", "contentSchema": schema("Fields")},
    "profile_image": FILE,
}
_ADA = {
    "first_name": "Ada",
    "last_name": "King",
    "email": "ada@example.org",
    "username": "ada.king",
    "password": "correct horse battery",
    "age": "36",
    "location": "London",
    "phone": "+44 20 7946 0000",
    "fields": '{"pronouns": "she/her"}',
    "profile_image": "image/jpeg",
}
_GRACE = {
    "first_name": "Grace",
    "last_name": "Hopper",
    "email": "grace@example.org",
    "username": "grace.hopper",
    "password": "staple battery horse",
    "profile_image": "image/png",
}


def operations() -> dict[tuple[str, str], Json]:
    """Return the operations by method and path."""
    return {
        ("POST", "/register"): _register(),
        ("POST", "/login"): _login(),
        ("POST", "/logout"): {
            "operationId": "logout",
            "summary": "End the session of this token.",
            "responses": {"204": nothing("The token is good for nothing any more.")},
        },
        ("GET", "/user/{subject_id}/profile"): {
            "operationId": "getProfile",
            "summary": "What somebody shows to everybody.",
            "description": "404 also between people of whom one has blocked the other.",
            "responses": {"200": answer("The profile.", schema("Profile"))},
        },
        ("GET", "/users"): {
            "operationId": "getProfiles",
            "summary": "What several people show to everybody.",
            "description": "In the order asked for, without those whom you cannot see.",
            "parameters": [parameter("ids")],
            "responses": {
                "200": answer("Their profiles.", schema("People")),
                "400": refusal(400),
            },
        },
        ("GET", "/user/{user_id}/account"): {
            "operationId": "getAccount",
            "summary": "All that is known of you.",
            "responses": {"200": answer("Your account.", schema("Account"))},
        },
        ("PATCH", "/user/{user_id}/account"): _edit(),
        ("POST", "/user/{user_id}/password"): _change_password(),
        ("POST", "/user/{user_id}/delete"): _delete(),
    }


def _register() -> Json:
    fields = {**_WRITTEN, "password": PASSWORD}
    body = closed(fields, optional=OPTIONAL)
    replayed = header("Idempotent-Replayed")
    return {
        "operationId": "register",
        "summary": "Become a user.",
        "requestBody": form_body(body, {"profile_image": IMAGES}, ada=_ADA, grace=_GRACE),
        "responses": {
            "201": answer("You are one.", schema("Signed"), Idempotent_Replayed=replayed)
        },
    }


def _login() -> Json:
    body = closed({"username": USERNAME_TRIED, "password": PASSWORD_TRIED})
    ada = {"username": "ada.king", "password": "correct horse battery"}
    return {
        "operationId": "login",
        "summary": "Get a token.",
        "requestBody": json_body(body, ada=ada),
        "responses": {
            "200": answer("You are signed in.", schema("Signed")),
            "401": refusal(401),
        },
    }


def _edit() -> Json:
    body = {**closed(_WRITTEN, optional=tuple(_WRITTEN)), "minProperties": 1}
    return {
        "operationId": "editAccount",
        "summary": "Change any of what is known of you.",
        "description": "What is left out stays; an optional field sent empty is removed.",
        "requestBody": form_body(
            body,
            {"profile_image": IMAGES},
            move={"location": "Paris", "phone": ""},
            picture={"profile_image": "image/webp"},
        ),
        "responses": {
            "200": answer("Your account as it is now.", schema("Account")),
            "409": refusal(409),
        },
    }


def _change_password() -> Json:
    body = closed({"password": PASSWORD_TRIED, "new_password": PASSWORD})
    change = {"password": "correct horse battery", "new_password": "another horse, another day"}
    return {
        "operationId": "changePassword",
        "summary": "Change your password, and end all your sessions.",
        "requestBody": json_body(body, change=change),
        "responses": {"200": answer("A new session.", schema("NewToken")), "409": refusal(409)},
    }


def _delete() -> Json:
    body = closed({"password": PASSWORD_TRIED})
    return {
        "operationId": "deleteAccount",
        "summary": "Delete your account, and all that you posted.",
        "requestBody": json_body(body, goodbye={"password": "another horse, another day"}),
        "responses": {"204": nothing("You are no user any more."), "409": refusal(409)},
    }
