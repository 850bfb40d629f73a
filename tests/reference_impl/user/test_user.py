"""Coming, coming in and going out over HTTP, on both stores."""

import asyncio
import json

import pytest
from argon2 import PasswordHasher

from reference_impl.chassis.callers import USER_ID
from reference_impl.chassis.errors import Unavailable
from reference_impl.user.passwords import Passwords
from reference_impl.user.reservations import ABANDONED_S, FINISH_S, Directory

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100


async def test_who_registers_is_signed_in_and_has_a_profile(client, sessions, media, ada):
    fields = json.dumps({"pronouns": "she/her"})
    answer = await ada.try_to_register(age="36", location="London", phone="1", fields=fields)
    assert answer.status == 201
    body = await answer.json()
    assert body.keys() == {"user_id", "token"}
    assert await sessions.user_of(body["token"]) == int(body["user_id"])
    assert media.images == [PNG]
    profile = await (await client.get(f"/internal/users/{body['user_id']}")).json()
    assert profile == {
        "user_id": body["user_id"],
        "username": ada.fields["username"],
        "first_name": "Ada",
        "last_name": "King",
        "location": "London",
        "profile_image": "/media/1.png",
        "fields": {"pronouns": "she/her"},
    }


async def test_who_registered_can_sign_in_however_they_capitalise(person, sessions):
    for username in (person.fields["username"], person.fields["username"].upper()):
        answer = await person.login(username=username)
        assert answer.status == 200
        body = await answer.json()
        assert body["user_id"] == person.user_id
        assert await sessions.user_of(body["token"]) == int(person.user_id)


async def test_nobody_signs_in_by_a_name_that_they_only_reserved(person, store):
    reserved = "r." + person.fields["username"].casefold()
    await store.reserve(Directory.USERNAME, reserved, int(person.user_id))
    assert (await person.login(username=reserved)).status == 401


async def test_a_wrong_password_and_an_unknown_name_get_one_answer(person):
    wrong = await person.login("wrong horse")
    unknown = await person.login(username="nobody")
    assert wrong.status == unknown.status == 401
    assert await wrong.json() == await unknown.json()


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"username": "a"}, 400),
        ({"email": "nowhere"}, 400),
        ({"password": "short"}, 400),
        ({"age": "7"}, 400),
        ({"fields": "[]"}, 400),
        ({"fields": '{"is admin": "1"}'}, 400),
        ({"is_admin": "1"}, 400),
        ({"user_id": "1"}, 400),
        ({"image": None}, 400),
        ({"image": b"GIF89a"}, 415),
        ({"image": b""}, 415),
        ({"image": PNG + b"\0" * (8 << 20)}, 413),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_form_that_is_not_valid_is_refused(ada, changes, status):
    answer = await ada.try_to_register(**changes)
    assert answer.status == status
    assert answer.content_type == "application/problem+json"
    assert not await ada.can_log_in()


@pytest.mark.parametrize("field", ["username", "email"])
async def test_a_name_is_no_password(ada, field):
    answer = await ada.try_to_register(password=ada.fields[field].swapcase())
    assert answer.status == 400
    assert "neither the username nor the email" in (await answer.json())["detail"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"username": "ada"}, 400),
        ({"password": "correct horse"}, 400),
        ({"username": 7, "password": "correct horse"}, 400),
        ({"username": "ada", "password": None}, 400),
        ({"username": {"$ne": ""}, "password": "correct horse"}, 400),
        ({"username": "x" * 31, "password": "correct horse"}, 400),
        ({"username": "ada", "password": "x" * 1025}, 400),
        ({"username": "a\0", "password": "correct horse"}, 400),
        ({"username": "\ud800ada", "password": "correct horse"}, 400),
        ([], 400),
        ({"username": "' OR 1=1 --", "password": "correct horse"}, 401),
        ({"username": "ada", "password": "x" * 70_000}, 413),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_sign_in_that_is_not_valid_is_refused(client, body, status):
    assert (await client.post("/login", json=body)).status == status


async def test_other_bodies_are_unsupported(client):
    assert (await client.post("/login", data=b"{}")).status == 415
    assert (await client.post("/register", json={})).status == 415


@pytest.mark.parametrize(
    ("field", "other"), [("username", "email"), ("email", "username")], ids=["username", "email"]
)
async def test_a_name_that_is_taken_is_refused_by_field_and_blocks_no_other(
    person, newcomer, field, other
):
    free = "b" + person.fields[other].lower()
    twin = newcomer(**{field: person.fields[field].swapcase(), other: free})
    answer = await twin.try_to_register()
    assert answer.status == 409
    assert (await answer.json())["detail"] == f"{field} is already taken"
    assert (await twin.try_to_register(**{field: "b" + person.fields[field]})).status == 201


async def test_of_two_registrations_at_once_one_wins(ada):
    answers = await asyncio.gather(*(ada.try_to_register() for _ in range(6)))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 5
    winner = next(answer for answer in answers if answer.status == 201)
    signed_in = await (await ada.login()).json()
    assert signed_in["user_id"] == (await winner.json())["user_id"]


async def test_a_registration_that_fails_leaves_its_names_free(media, ada):
    media.is_away = True
    assert (await ada.try_to_register()).status == 503
    media.is_away = False
    assert (await ada.try_to_register()).status == 201


async def test_a_registration_that_takes_too_long_is_refused(
    serving, memory_store, media, ada, clock
):
    async def dawdle():
        clock.now_s += FINISH_S

    media.before_answering = dawdle
    ada.client = await serving(memory_store)
    assert (await ada.try_to_register()).status == 503
    assert memory_store.events == []


async def test_names_left_by_a_crash_are_free_after_a_minute(store, pass_time, minter, ada):
    for directory, name in ada.names.items():
        await store.reserve(directory, name, minter.mint())
    assert (await ada.try_to_register()).status == 409
    await pass_time(ada.names, ABANDONED_S)
    assert (await ada.try_to_register()).status == 201
    assert await ada.can_log_in()


async def test_a_name_with_a_user_is_theirs_however_old(person, pass_time):
    await pass_time(person.names, ABANDONED_S)
    assert (await person.try_to_register()).status == 409


async def test_who_signs_out_is_signed_out_and_nowhere_else(client, person, sessions):
    elsewhere = (await (await person.login()).json())["token"]
    headers = {USER_ID: person.user_id, "Authorization": f"Bearer {person.token}"}
    assert (await client.post("/logout", headers=headers)).status == 204
    assert await sessions.user_of(person.token) is None
    assert await sessions.user_of(elsewhere) == int(person.user_id)


@pytest.mark.parametrize(
    "headers",
    [{"Authorization": "Bearer " + "x" * 43}, {USER_ID: "7"}, {USER_ID: "7", "Authorization": "x"}],
    ids=["nobody", "no token", "no bearer"],
)
async def test_only_who_is_signed_in_can_sign_out(client, headers):
    answer = await client.post("/logout", headers=headers)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.fixture
async def stronger():
    """As hashes will be made one day."""
    async with Passwords(PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)) as passwords:
        yield passwords


async def test_an_outdated_hash_is_replaced_at_the_next_sign_in(
    store, person, sessions, users_on, stronger
):
    users = users_on(store, sessions, passwords=stronger)
    outdated = await store.record_of(int(person.user_id))
    assert stronger.is_outdated(outdated.password_hash)
    await users.login(person.fields["username"], "correct horse")
    renewed = await store.record_of(int(person.user_id))
    assert not stronger.is_outdated(renewed.password_hash)
    assert renewed.version == outdated.version
    assert await person.can_log_in()


async def test_a_hash_of_today_is_kept(store, person):
    before = await store.record_of(int(person.user_id))
    assert await person.can_log_in()
    assert (await store.record_of(int(person.user_id))).password_hash == before.password_hash


async def test_a_sign_in_does_not_fail_because_no_new_hash_can_be_made(
    store, person, sessions, users_on, stronger
):
    async def refuse(_):
        raise Unavailable("too many passwords wait to be checked")

    stronger.hash_of = refuse
    users = users_on(store, sessions, passwords=stronger)
    user_id, _ = await users.login(person.fields["username"], "correct horse")
    assert str(user_id) == person.user_id


def visits_of(answer):
    entries = answer.headers["Server-Timing"].split(", ")
    return {entry.split(";")[0]: int(entry.rpartition("n=")[2]) for entry in entries}


async def test_registering_asks_for_two_names_and_a_document(serving, postgres_store, ada):
    ada.client = await serving(postgres_store)
    answer = await ada.try_to_register()
    assert visits_of(answer) == {"user": 1, "password": 1, "user_db": 3}


async def test_signing_in_asks_for_a_name_and_a_record(serving, postgres_store, ada):
    ada.client = await serving(postgres_store)
    await ada.register()
    assert visits_of(await ada.login()) == {"user": 1, "password": 1, "user_db": 2}


async def test_the_service_is_ready_when_its_stores_are(client):
    assert (await client.get("/readyz")).status == 200
