"""One's own account over HTTP, on both stores: looking at it and changing it."""

import asyncio

import pytest

from reference_impl.chassis.callers import USER_ID
from reference_impl.chassis.errors import Conflict, Unavailable
from reference_impl.user.accounts import TRIES_MAX
from reference_impl.user.profiles import registration_of
from reference_impl.user.reservations import FINISH_S, Directory

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100
NEW = "a battery staple"


async def account_of(person):
    answer = await person.ask("GET", "account")
    assert answer.status == 200
    return await answer.json()


async def test_an_account_is_all_that_was_said_and_no_password(newcomer):
    person = await newcomer().register(
        age="36", location="London", phone="1", fields='{"pet": "cat"}'
    )
    account = await account_of(person)
    created_at = account.pop("created_at")
    assert created_at.endswith("Z")
    assert account == {
        "user_id": person.user_id,
        "username": person.fields["username"],
        "first_name": "Ada",
        "last_name": "King",
        "email": person.fields["email"],
        "age": 36,
        "location": "London",
        "phone": "1",
        "profile_image": "/media/1.png",
        "fields": {"pet": "cat"},
    }


async def test_what_was_not_said_is_left_out(person):
    account = await account_of(person)
    assert not {"age", "location", "phone", "fields"} & account.keys()


OWN = [
    ("GET", "account", {}),
    ("PATCH", "account", {"data": b"", "headers": {"Content-Type": "multipart/form-data"}}),
    ("POST", "password", {"json": {"password": "correct horse", "new_password": NEW}}),
    ("POST", "delete", {"json": {"password": "correct horse"}}),
]


@pytest.mark.parametrize(("method", "what", "options"), OWN)
async def test_nobody_has_anothers_account(person, other, method, what, options):
    headers = {**options.get("headers", {}), USER_ID: other.user_id}
    answer = await person.ask(method, what, **{**options, "headers": headers})
    assert answer.status == 403
    assert await person.can_log_in()


@pytest.mark.parametrize(("method", "what", "options"), OWN)
async def test_who_is_not_signed_in_has_no_account(client, person, method, what, options):
    path = f"/user/{person.user_id}/{what}"
    assert (await client.request(method, path, **options)).status == 401


@pytest.mark.parametrize(("method", "what", "options"), OWN[:1] + OWN[2:])
async def test_who_is_gone_has_no_account(client, minter, method, what, options):
    nobody = str(minter.mint())
    path = f"/user/{nobody}/{what}"
    answer = await client.request(method, path, **options, headers={USER_ID: nobody})
    assert answer.status == 404


async def test_who_is_gone_changes_nothing(person, media):
    await person.delete()
    assert (await person.change(location="Paris")).status == 404
    assert (await person.change(image=PNG)).status == 404
    assert len(media.images) == 1


async def test_a_change_answers_the_account_as_it_is_now(person):
    answer = await person.change(first_name="Augusta", age="37", image=PNG + b"x")
    assert answer.status == 200
    changed = await answer.json()
    assert (changed["first_name"], changed["age"]) == ("Augusta", 37)
    assert changed["profile_image"] == "/media/2.png"
    assert changed == await account_of(person)


async def test_what_a_change_does_not_name_stays(person):
    before = await account_of(person)
    await person.change(location="Paris")
    assert await account_of(person) == {**before, "location": "Paris"}


@pytest.mark.parametrize(
    ("field", "text"),
    [("age", "36"), ("location", "London"), ("phone", "1"), ("fields", '{"a":"b"}')],
)
async def test_an_optional_field_given_empty_is_removed(newcomer, field, text):
    person = await newcomer().register(**{field: text})
    assert field in await account_of(person)
    assert field not in await (await person.change(**{field: ""})).json()


async def test_open_fields_are_replaced_as_a_whole(newcomer):
    person = await newcomer().register(fields='{"pet": "cat", "pronouns": "she/her"}')
    changed = await person.change(fields='{"pet": "dog"}')
    assert (await changed.json())["fields"] == {"pet": "dog"}


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 400),
        ({"username": "a"}, 400),
        ({"username": ""}, 400),
        ({"email": "nowhere"}, 400),
        ({"first_name": ""}, 400),
        ({"last_name": "x" * 65}, 400),
        ({"age": "7"}, 400),
        ({"location": "x" * 101}, 400),
        ({"phone": "1" * 33}, 400),
        ({"fields": "{"}, 400),
        ({"fields": '{"a": 1}'}, 400),
        ({"password": "correct horses"}, 400),
        ({"password_hash": "x"}, 400),
        ({"user_id": "1"}, 400),
        ({"created_ms": "1"}, 400),
        ({"version": "1"}, 400),
        ({"is_admin": "1"}, 400),
        ({"profile_image": "/media/x.png"}, 400),
        ({"image": b"GIF89a"}, 415),
        ({"image": b""}, 415),
        ({"image": PNG + b"\0" * (8 << 20)}, 413),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_change_that_is_not_valid_is_refused_and_changes_nothing(person, changes, status):
    before = await account_of(person)
    answer = await person.change(**{"location": "Paris", **changes} if changes else {})
    assert answer.status == status
    assert answer.content_type == "application/problem+json"
    assert await account_of(person) == before


async def test_a_change_comes_as_a_form(person):
    assert (await person.ask("PATCH", "account", json={"location": "Paris"})).status == 415


async def test_while_images_cannot_be_kept_none_is_changed(person, media):
    before = await account_of(person)
    media.is_away = True
    assert (await person.change(image=PNG, location="Paris")).status == 503
    assert await account_of(person) == before


@pytest.mark.parametrize("field", ["username", "email"])
async def test_a_new_name_is_taken_and_the_old_one_is_free(person, newcomer, field):
    old, new = person.fields[field], "New." + person.fields[field][4:]
    answer = await person.change(**{field: new})
    assert (await answer.json())[field] == new
    assert (await newcomer(**{field: new.upper()}).try_to_register()).status == 409
    assert (await newcomer(**{field: old}).try_to_register()).status == 201


async def test_who_is_called_something_else_signs_in_by_that(person):
    new = "new." + person.fields["username"]
    await person.change(username=new)
    assert await person.can_log_in(username=new)
    assert not await person.can_log_in()


@pytest.mark.parametrize("field", ["username", "email"])
async def test_a_name_of_somebody_else_cannot_be_taken(person, other, field):
    before = await account_of(person)
    answer = await person.change(location="Paris", **{field: other.fields[field].swapcase()})
    assert answer.status == 409
    assert (await answer.json())["detail"] == f"{field} is already taken"
    assert await account_of(person) == before


async def test_a_change_that_cannot_have_one_name_keeps_no_other(person, other, newcomer):
    free = "free." + person.fields["username"]
    answer = await person.change(username=free, email=other.fields["email"])
    assert answer.status == 409
    assert (await newcomer(username=free).try_to_register()).status == 201


async def test_ones_own_name_may_be_written_otherwise(person, store):
    claim = await store.holder_of(Directory.USERNAME, person.fields["username"].casefold())
    shouted = person.fields["username"].upper()
    assert (await (await person.change(username=shouted)).json())["username"] == shouted
    assert await store.holder_of(Directory.USERNAME, shouted.casefold()) == claim


async def test_a_name_can_be_taken_back_at_once(person):
    for username in ("b." + person.fields["username"], person.fields["username"]):
        assert (await person.change(username=username)).status == 200
    assert await person.can_log_in()


async def test_of_two_who_want_a_name_at_once_one_has_it(person, other):
    wanted = "w." + person.fields["username"]
    answers = await asyncio.gather(*(one.change(username=wanted) for one in (person, other) * 3))
    statuses = sorted(answer.status for answer in answers)
    assert statuses[0] == 200
    assert set(statuses) == {200, 409}
    named = [(await account_of(one))["username"] for one in (person, other)]
    assert named.count(wanted) == 1
    winner, loser = (person, other) if named[0] == wanted else (other, person)
    assert (await (await winner.login(username=wanted)).json())["user_id"] == winner.user_id
    assert await loser.can_log_in()


async def test_of_two_changes_at_once_neither_is_lost(person):
    changes = {"location": "Paris", "phone": "2", "first_name": "Augusta", "age": "40"}
    answers = await asyncio.gather(*(person.change(**{k: v}) for k, v in changes.items()))
    assert [answer.status for answer in answers] == [200] * len(changes)
    account = await account_of(person)
    assert {k: str(account[k]) for k in changes} == changes


async def test_who_is_outrun_every_time_is_told(person, store, accounts_on, sessions):
    accounts, real_change, tries = accounts_on(store, sessions), store.change, []

    async def outrun(record, document, *, before_s):
        tries.append(document["location"])
        newer = {**record.document, "phone": str(len(tries))}
        assert await real_change(record, newer, before_s=before_s)
        return await real_change(record, document, before_s=before_s)

    store.change = outrun
    with pytest.raises(Conflict, match="at the same time: try again"):
        await accounts.change(int(person.user_id), {"location": "Paris"}, None)
    assert tries == ["Paris"] * TRIES_MAX


@pytest.mark.parametrize("has_effect", [False, True])
async def test_where_it_is_unknown_whether_a_change_took_effect_no_name_is_freed(
    person, store, monkeypatch, has_effect
):
    real_change = store.change

    async def change(*args, **kwargs):
        if has_effect:
            await real_change(*args, **kwargs)
        raise Unavailable("user_db-1 did not answer in time")

    monkeypatch.setattr(store, "change", change)
    new = "n." + person.fields["username"]
    assert (await person.change(username=new)).status == 503
    both = [person.fields["username"], new]
    holders = [await store.holder_of(Directory.USERNAME, one.casefold()) for one in both]
    assert [holder.user_id for holder in holders] == [int(person.user_id)] * 2


async def test_a_change_that_took_too_long_is_made_again_in_time(
    memory_store, sessions, accounts_on, users_on, minter, clock
):
    form = {
        "first_name": "Ada", "last_name": "K", "email": "ada@example.org", "username": "ada",
        "password": "correct horse",
    }  # fmt: skip
    user_id, _ = await users_on(memory_store, sessions).register(registration_of(form), PNG)
    real_reserve, delays_s = memory_store.reserve, [FINISH_S]

    async def dawdle(*args):
        reservation = await real_reserve(*args)
        clock.now_s += delays_s.pop() if delays_s else 0
        return reservation

    memory_store.reserve = dawdle
    await accounts_on(memory_store, sessions).change(user_id, {"username": "augusta"}, None)
    assert await memory_store.holder_of(Directory.USERNAME, "ada") is None
    assert (await memory_store.holder_of(Directory.USERNAME, "augusta")).user_id == user_id
    assert [event.kind for event in memory_store.events] == ["user.registered", "user.updated"]
