"""Users over HTTP, on both stores."""

import asyncio

import aiohttp
import pytest

from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.sessions import MemorySessions
from reference_impl.chassis.settings import Settings
from reference_impl.user.app import create_app
from reference_impl.user.reservations import ABANDONED_S, FINISH_S, Directory
from reference_impl.user.service import UserService

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100


class FakeMedia:
    """Keeps images, or is away."""

    def __init__(self):
        self.images = []
        self.is_away = False
        self.before_answering = None

    async def put_bytes(self, path, data, content_type):
        assert (path, content_type) == ("/internal/objects", "image/png")
        if self.is_away:
            raise Unavailable("media did not answer in time")
        if self.before_answering:
            await self.before_answering()
        self.images.append(data)
        return {"url": "/media/x.png"}


@pytest.fixture
def media():
    return FakeMedia()


@pytest.fixture
def sessions():
    return MemorySessions()


@pytest.fixture
def serving(aiohttp_client, sessions, media, passwords, minter, clock):
    async def start(store):
        service = UserService(store, sessions, media, passwords, minter=minter, clock_s=clock)
        return await aiohttp_client(create_app(Settings(server_timing=True), service, store.check))

    return start


@pytest.fixture
async def client(serving, store):
    return await serving(store)


@pytest.fixture
def ada(minter):
    """The fields of someone whom no other test knows."""
    name = f"Ada_{minter.mint()}"
    return {
        "first_name": "Ada",
        "last_name": "King",
        "email": f"{name}@Example.org",
        "username": name,
        "password": "correct horse",
    }


def register(client, fields, *, image=PNG, **changes):
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in {**fields, **changes}.items():
        form.add_field(name, value)
    if image is not None:
        form.add_field("profile_image", image, filename="me.png", content_type="image/png")
    return client.post("/register", data=form)


def login(client, username, password="correct horse"):
    return client.post("/login", json={"username": username, "password": password})


async def test_who_registers_is_signed_in_and_has_a_profile(client, sessions, media, ada):
    answer = await register(client, ada, age="36", location="London", phone="1")
    assert answer.status == 201
    body = await answer.json()
    assert body.keys() == {"user_id", "token"}
    assert await sessions.user_of(body["token"]) == int(body["user_id"])
    assert media.images == [PNG]
    profile = await (await client.get(f"/internal/users/{body['user_id']}")).json()
    assert profile == {
        "user_id": body["user_id"],
        "username": ada["username"],
        "first_name": "Ada",
        "last_name": "King",
        "location": "London",
        "profile_image": "/media/x.png",
    }


async def test_who_registered_can_sign_in_however_they_capitalise(client, sessions, ada):
    user_id = (await (await register(client, ada)).json())["user_id"]
    for username in (ada["username"], ada["username"].upper()):
        answer = await login(client, username)
        assert answer.status == 200
        body = await answer.json()
        assert body["user_id"] == user_id
        assert await sessions.user_of(body["token"]) == int(user_id)


async def test_a_wrong_password_and_an_unknown_name_get_one_answer(client, ada):
    await register(client, ada)
    wrong = await login(client, ada["username"], "wrong horse")
    unknown = await login(client, ada["username"] + "x")
    assert wrong.status == unknown.status == 401
    assert await wrong.json() == await unknown.json()


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"username": "a"}, 400),
        ({"email": "nowhere"}, 400),
        ({"password": "short"}, 400),
        ({"age": "7"}, 400),
        ({"is_admin": "1"}, 400),
        ({"user_id": "1"}, 400),
        ({"image": None}, 400),
        ({"image": b"GIF89a"}, 415),
        ({"image": b""}, 415),
        ({"image": PNG + b"\0" * (8 << 20)}, 413),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_form_that_is_not_valid_is_refused(client, ada, changes, status):
    answer = await register(client, ada, **changes)
    assert answer.status == status
    assert answer.content_type == "application/problem+json"
    assert (await login(client, ada["username"])).status == 401


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
    ("user_id", "status"), [("1", 404), ("x", 400), ("-1", 400), ("9" * 19, 400), ("9" * 99, 400)]
)
async def test_an_unknown_user_has_no_profile(client, user_id, status):
    assert (await client.get(f"/internal/users/{user_id}")).status == status


@pytest.mark.parametrize(
    ("field", "other"), [("username", "email"), ("email", "username")], ids=["username", "email"]
)
async def test_a_name_that_is_taken_is_refused_by_field_and_blocks_no_other(
    client, ada, field, other
):
    await register(client, ada)
    free = "b" + ada[other].lower()
    twin = {**ada, field: ada[field].swapcase(), other: free}
    answer = await register(client, twin)
    assert answer.status == 409
    assert (await answer.json())["detail"] == f"{field} is already taken"
    assert (await register(client, {**twin, field: "b" + ada[field]})).status == 201


async def test_of_two_registrations_at_once_one_wins(client, ada):
    answers = await asyncio.gather(*(register(client, ada) for _ in range(6)))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 5
    winner = next(answer for answer in answers if answer.status == 201)
    signed_in = await (await login(client, ada["username"])).json()
    assert signed_in["user_id"] == (await winner.json())["user_id"]


async def test_a_registration_that_fails_leaves_its_names_free(client, media, ada):
    media.is_away = True
    assert (await register(client, ada)).status == 503
    media.is_away = False
    assert (await register(client, ada)).status == 201


async def test_a_registration_that_takes_too_long_is_refused(
    serving, memory_store, media, ada, clock
):
    async def dawdle():
        clock.now_s += FINISH_S

    media.before_answering = dawdle
    assert (await register(await serving(memory_store), ada)).status == 503
    assert memory_store.events == []


@pytest.fixture
def names(ada):
    return {
        Directory.USERNAME: ada["username"].casefold(),
        Directory.EMAIL: ada["email"].casefold(),
    }


async def test_names_left_by_a_crash_are_free_after_a_minute(
    client, store, pass_time, minter, ada, names
):
    for directory, name in names.items():
        await store.reserve(directory, name, minter.mint())
    assert (await register(client, ada)).status == 409
    await pass_time(names, ABANDONED_S)
    answer = await register(client, ada)
    assert answer.status == 201
    assert (await login(client, ada["username"])).status == 200


async def test_a_name_with_a_user_is_theirs_however_old(client, pass_time, ada, names):
    await register(client, ada)
    await pass_time(names, ABANDONED_S)
    assert (await register(client, ada)).status == 409


def visits_of(answer):
    entries = answer.headers["Server-Timing"].split(", ")
    return {entry.split(";")[0]: int(entry.rpartition("n=")[2]) for entry in entries}


async def test_registering_asks_for_two_names_and_a_document(serving, postgres_store, ada):
    answer = await register(await serving(postgres_store), ada)
    assert visits_of(answer) == {"user": 1, "password": 1, "user_db": 3}


async def test_signing_in_asks_for_a_name_and_a_password(serving, postgres_store, ada):
    client = await serving(postgres_store)
    await register(client, ada)
    answer = await login(client, ada["username"])
    assert visits_of(answer) == {"user": 1, "password": 1, "user_db": 2}


async def test_the_service_is_ready_when_its_stores_are(client):
    assert (await client.get("/readyz")).status == 200
