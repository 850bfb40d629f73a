"""What the description says of bodies, limits and refusals, held against what services do."""

import json

import pytest
from jsonschema import Draft202012Validator

from reference_impl.chassis.errors import BadRequest, NotFound
from reference_impl.chassis.forms import Form
from reference_impl.chassis.settings import Settings
from reference_impl.follow import memory
from reference_impl.follow.app import create_app
from reference_impl.follow.service import FollowService
from reference_impl.gateway.openapi.document import document
from reference_impl.post.handlers import _draft_of
from reference_impl.user.open_fields import open_fields_of
from reference_impl.user.profiles import changes_of, password_of

FOLLOW = "/user/{user_id}/follow"
SIZES = (0, 1, 2, 3, 4, 7, 8, 9, 16, 17, 30, 31, 32, 33, 64, 65, 100, 101, 200, 201, 1_024, 1_025)
REGISTER = document()["paths"]["/register"]["post"]["requestBody"]["content"]
FORM = REGISTER["multipart/form-data"]["schema"]["properties"]
FIELDS = document()["components"]["schemas"]["Fields"]


def is_described(schema, value):
    return Draft202012Validator({**schema, "components": document()["components"]}).is_valid(value)


def is_taken(parse, *given):
    try:
        parse(*given)
    except BadRequest:
        return False
    return True


@pytest.mark.parametrize("letter", ["a", "Z", "_", ".", "7", "-", "ö", " "])
@pytest.mark.parametrize("name", ["first_name", "last_name", "username", "location", "phone"])
def test_texts_of_people_are_taken_as_long_as_described_and_no_longer(name, letter):
    taken = {size: is_taken(changes_of, {name: letter * size}) for size in SIZES}
    assert taken == {size: is_described(FORM[name], letter * size) for size in SIZES}


def test_emails_are_taken_as_long_as_described_and_no_longer():
    emails = [f"ada@{'a' * size}.example" for size in (1, 200, 241, 242, 243, 300)]
    taken = {email: is_taken(changes_of, {"email": email}) for email in emails}
    assert taken == {email: is_described(FORM["email"], email) for email in emails}
    assert set(taken.values()) == {True, False}


@pytest.mark.parametrize("letter", ["a", " "])
def test_passwords_of_ascii_are_as_long_as_is_said_in_bytes(letter):
    taken = {size: is_taken(password_of, {"p": letter * size}, "p") for size in SIZES}
    assert taken == {size: 8 <= size <= 1_024 for size in SIZES}
    assert "8 to 1,024 bytes in UTF-8" in FORM["password"]["description"]


@pytest.mark.parametrize("letter", ["a", "ö", "\N{HAPPY PERSON RAISING ONE HAND}"])
def test_no_password_is_taken_that_the_description_forbids(letter):
    taken = [size for size in SIZES if is_taken(password_of, {"p": letter * size}, "p")]
    assert taken
    assert all(is_described(FORM["password"], letter * size) for size in taken)


@pytest.mark.parametrize("age", ["", "12", "13", "130", "131", "1e2", "0013"])
def test_no_age_is_taken_that_the_description_forbids(age):
    said = FORM["age"]["description"]
    assert said == "13 to 130, or empty."
    assert is_taken(changes_of, {"age": age}) == (age in {"", "13", "130"})
    assert is_described(FORM["age"], age) or age not in {"", "13", "130"}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"a" * 32: "x"},
        {"a" * 33: "x"},
        {"Pronouns": "x"},
        {"pet_2": "x" * 200},
        {"pet_2": "x" * 201},
        {"pet_2": 7},
        {f"a{number}": "x" for number in range(16)},
        {f"a{number}": "x" for number in range(17)},
    ],
    ids=str,
)
def test_open_fields_are_taken_as_described(fields):
    assert is_taken(open_fields_of, {"fields": json.dumps(fields)}) == is_described(FIELDS, fields)


IMAGE = b"\xff\xd8\xff"
POST = document()["paths"]["/user/{user_id}/post"]["post"]["requestBody"]["content"]
POST_FORM = POST["multipart/form-data"]["schema"]


@pytest.mark.parametrize("size", [0, 1, 999, 1_000, 1_001, 2_199, 2_200, 2_201])
@pytest.mark.parametrize("name", ["caption", "alt_text", "text"])
def test_texts_of_posts_are_taken_as_long_as_described_and_no_longer(name, size):
    texts = {name: "a" * size}
    files = {} if name == "text" else {"image": IMAGE}
    taken = is_taken(_draft_of, Form(texts=texts, files=files))
    assert taken == is_described(POST_FORM, {**texts, **dict.fromkeys(files, "a file")})


@pytest.mark.parametrize("names", [(), ("image", "video"), ("image", "text"), ("text", "caption")])
def test_a_post_is_one_of_three_as_described(names):
    files = {name: IMAGE for name in names if name in {"image", "video"}}
    texts = {name: "a" for name in names if name not in files}
    assert not is_taken(_draft_of, Form(texts=texts, files=files))
    assert not is_described(POST_FORM, dict.fromkeys(names, "a"))


class Users:
    """A user service that knows everybody but 404."""

    async def require(self, user_id):
        if user_id == 404:
            raise NotFound("no user 404")

    async def profiles(self, user_ids):
        return [{"user_id": str(each)} for each in user_ids]


@pytest.fixture
async def follows(aiohttp_client, monkeypatch):
    """The follow service where one may follow and block one person each."""
    monkeypatch.setattr(memory, "FOLLOWEES_MAX", 1)
    monkeypatch.setattr(memory, "BLOCKED_MAX", 1)
    service = FollowService(memory.MemoryFollowStore(), Users())
    return await aiohttp_client(create_app(service, Settings(secret="of tests", page_limit=3)))


@pytest.mark.parametrize("verb", ["follow", "unfollow", "block", "unblock"])
async def test_a_relation_answers_what_is_described_and_all_of_it(follows, verb):
    statuses = set()
    for body in ({"target_id": "2"}, {"target_id": "3"}, {"target_id": "404"}, {}):
        answer = await follows.post(f"/user/1/{verb}", json=body, headers={"X-User-Id": "1"})
        statuses.add(answer.status)
    described = document()["paths"][f"/user/{{user_id}}/{verb}"]["post"]["responses"]
    assert {str(status) for status in statuses} <= described.keys()
    assert (409 in statuses) == ("409" in described)


async def test_a_field_that_is_not_described_is_refused_by_its_name(follows):
    schema = document()["paths"][FOLLOW]["post"]["requestBody"]["content"]["application/json"]
    body = {"target_id": "2", "since": "yesterday"}
    assert not is_described(schema["schema"], body)
    answer = await follows.post("/user/1/follow", json=body, headers={"X-User-Id": "1"})
    assert answer.status == 400
    assert (await answer.json())["detail"] == "there is no field 'since'"


@pytest.mark.parametrize("page_limit", [3, 7])
async def test_a_page_is_by_default_as_long_as_the_gateway_says(serving, page_limit):
    gateway = await serving(page_limit=page_limit)
    described = await (await gateway.get("/openapi.json")).json()
    assert described["components"]["parameters"]["limit"]["schema"]["default"] == page_limit


async def test_a_page_of_a_service_is_as_long_by_default_as_its_setting(follows):
    for follower in range(11, 16):
        who = {"X-User-Id": str(follower)}
        await follows.post(f"/user/{follower}/follow", json={"target_id": "2"}, headers=who)
    page = await (await follows.get("/user/2/followers", headers={"X-User-Id": "1"})).json()
    assert len(page["users"]) == 3
