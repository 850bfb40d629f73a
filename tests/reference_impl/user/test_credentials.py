"""Another password, and leaving for good, over HTTP and on both stores."""

import asyncio

import pytest

from reference_impl.chassis.errors import Forbidden, NotFound, Unauthenticated, Unavailable

NEW = "a battery staple"


def outrun_once(person, store, step):
    """Let a change of the profile come between the look at the record and this step, once."""
    outran: list[object] = []
    real = getattr(store, step)

    async def outrun(record, *args):
        if not outran:
            outran.append(await person.change(location="Paris"))
        return await real(record, *args)

    setattr(store, step, outrun)


async def test_another_password_replaces_the_old_one(person):
    assert (await person.change_password()).status == 200
    assert not await person.can_log_in()
    assert await person.can_log_in(NEW)


async def test_with_another_password_every_session_ends_but_the_new_one(person, sessions):
    elsewhere = (await (await person.login()).json())["token"]
    answer = await person.change_password()
    body = await answer.json()
    assert body.keys() == {"token"}
    assert await sessions.user_of(body["token"]) == int(person.user_id)
    assert [await sessions.user_of(token) for token in (person.token, elsewhere)] == [None] * 2


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"password": "correct horse"}, 400),
        ({"new_password": NEW}, 400),
        ({"password": "wrong horse", "new_password": NEW}, 403),
        ({"password": "x", "new_password": NEW}, 403),
        ({"password": "correct horse", "new_password": "short"}, 400),
        ({"password": "correct horse", "new_password": "x" * 1025}, 400),
        ({"password": "correct horse", "new_password": 12345678}, 400),
        ({"password": ["correct horse"], "new_password": NEW}, 400),
        ([], 400),
    ],
    ids=lambda value: str(value)[:50],
)
async def test_a_password_that_cannot_be_changed_stays(person, sessions, body, status):
    assert (await person.ask("POST", "password", json=body)).status == status
    assert await person.can_log_in()
    assert await sessions.user_of(person.token) == int(person.user_id)


@pytest.mark.parametrize("field", ["username", "email"])
async def test_a_name_cannot_become_the_password(person, field):
    answer = await person.change_password(new_password=person.fields[field].upper())
    assert answer.status == 400
    assert "neither the username nor the email" in (await answer.json())["detail"]


async def test_another_password_comes_as_json(person):
    assert (await person.ask("POST", "password", data=b"{}")).status == 415


async def test_of_two_new_passwords_at_once_one_is_it(person):
    news = [f"{NEW} {number}" for number in range(3)]
    answers = await asyncio.gather(*(person.change_password(new_password=new) for new in news))
    assert [answer.status for answer in answers].count(200) >= 1
    assert [await person.can_log_in(new) for new in news].count(True) == 1
    assert not await person.can_log_in()


async def test_a_change_of_the_profile_does_not_stop_one_of_the_password(
    person, store, sessions, accounts_on
):
    outrun_once(person, store, "change_password")
    accounts = accounts_on(store, sessions)
    token = await accounts.change_password(int(person.user_id), "correct horse", NEW)
    assert await sessions.user_of(token) == int(person.user_id)
    assert await person.can_log_in(NEW)


async def test_a_sign_in_under_way_with_the_old_password_comes_to_nothing(
    person, store, sessions, users_on, passwords
):
    real_verify, tokens = passwords.verify, []

    async def verify_while_it_is_changed(password, password_hash):
        passwords.verify = real_verify
        verified = await real_verify(password, password_hash)
        tokens.append(await (await person.change_password()).json())
        return verified

    passwords.verify = verify_while_it_is_changed
    with pytest.raises(Unauthenticated, match="sign in again"):
        await users_on(store, sessions).login(person.fields["username"], "correct horse")
    assert await sessions.user_of(tokens[0]["token"]) == int(person.user_id)


async def test_who_leaves_is_gone_at_once(client, person, other, sessions):
    elsewhere = (await (await person.login()).json())["token"]
    assert (await person.delete()).status == 204
    assert (await other.look_at(person)).status == 404
    assert (await client.get(f"/internal/users/{person.user_id}")).status == 404
    assert (await person.login()).status == 401
    assert [await sessions.user_of(token) for token in (person.token, elsewhere)] == [None] * 2


async def test_names_of_who_left_are_free_again(person):
    await person.delete()
    first = person.user_id
    await person.register()
    assert person.user_id != first
    assert await person.can_log_in()


async def test_one_leaves_once(person):
    assert (await person.delete()).status == 204
    assert (await person.delete()).status == 404


async def test_of_two_departures_at_once_one_is_it(person, store):
    answers = await asyncio.gather(*(person.delete() for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [204] + [404] * 3
    assert await store.departure_of(int(person.user_id)) is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"password": "wrong horse"}, 403),
        ({"password": None}, 400),
        ({"password": "x" * 1025}, 400),
        ([], 400),
    ],
    ids=str,
)
async def test_who_does_not_know_the_password_stays(person, sessions, body, status):
    assert (await person.ask("POST", "delete", json=body)).status == status
    assert await person.can_log_in()
    assert await sessions.user_of(person.token) == int(person.user_id)


async def test_leaving_is_asked_for_in_json(person):
    assert (await person.ask("POST", "delete", data=b"{}")).status == 415


async def test_a_change_of_the_profile_does_not_stop_a_departure(
    person, store, sessions, accounts_on
):
    outrun_once(person, store, "remove")
    await accounts_on(store, sessions).delete(int(person.user_id), "correct horse")
    assert await store.record_of(int(person.user_id)) is None


async def test_a_new_password_stops_a_departure_with_the_old_one(
    person, store, sessions, accounts_on
):
    outran: list[object] = []
    real_remove = store.remove

    async def outrun(record):
        if not outran:
            outran.append(await person.change_password())
        return await real_remove(record)

    store.remove = outrun
    with pytest.raises(Forbidden, match="the password is wrong"):
        await accounts_on(store, sessions).delete(int(person.user_id), "correct horse")
    assert await person.can_log_in(NEW)


async def test_a_sign_in_under_way_while_its_user_leaves_comes_to_nothing(
    person, store, sessions, users_on, passwords
):
    real_verify = passwords.verify

    async def verify_while_they_leave(password, password_hash):
        passwords.verify = real_verify
        verified = await real_verify(password, password_hash)
        await person.delete()
        return verified

    passwords.verify = verify_while_they_leave
    with pytest.raises(Unauthenticated, match="sign in again"):
        await users_on(store, sessions).login(person.fields["username"], "correct horse")


async def test_a_change_under_way_while_its_user_leaves_leaves_no_name(
    person, store, sessions, accounts_on, newcomer
):
    real_change = store.change

    async def leave_first(record, document, *, before_s):
        await person.delete()
        return await real_change(record, document, before_s=before_s)

    store.change = leave_first
    wanted = "w." + person.fields["username"]
    with pytest.raises(NotFound, match="no user"):
        await accounts_on(store, sessions).change(int(person.user_id), {"username": wanted}, None)
    assert (await newcomer(username=wanted).try_to_register()).status == 201


async def test_who_leaves_while_sessions_are_away_is_gone_and_seen_off_later(
    person, store, sessions, accounts_on, monkeypatch
):
    async def away(*_, **__):
        raise Unavailable("session_store did not answer in time")

    monkeypatch.setattr(sessions, "end_all", away)
    assert (await person.delete()).status == 204
    assert (await person.login()).status == 401
    monkeypatch.undo()
    assert await sessions.user_of(person.token) == int(person.user_id)
    await accounts_on(store, sessions).finish_departure(int(person.user_id))
    assert await sessions.user_of(person.token) is None
    assert (await person.try_to_register()).status == 201
