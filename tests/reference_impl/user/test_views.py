"""How users are shown, to each other and to the services, over HTTP and on both stores."""

import asyncio

import pytest

from reference_impl.chassis.callers import USER_ID
from reference_impl.user.handlers import USERS_MAX
from reference_impl.user.profiles import PRIVATE


async def test_a_profile_is_what_everyone_may_see_and_who_follows(newcomer, other, follows):
    person = await newcomer().register(
        age="36", location="London", phone="1", fields='{"pronouns": "she/her"}'
    )
    follows.counts[int(person.user_id)] = 12
    follows.followed.add((int(other.user_id), int(person.user_id)))
    answer = await other.look_at(person)
    assert answer.status == 200
    assert await answer.json() == {
        "user_id": person.user_id,
        "username": person.fields["username"],
        "first_name": "Ada",
        "last_name": "King",
        "location": "London",
        "profile_image": "/media/2.png",
        "fields": {"pronouns": "she/her"},
        "follower_count": 12,
        "followed": True,
    }


async def test_who_is_followed_by_somebody_else_is_not_followed_by_the_viewer(
    person, other, follows
):
    follows.followed.add((int(person.user_id), int(other.user_id)))
    assert (await (await other.look_at(person)).json())["followed"] is False


async def test_one_sees_oneself_as_others_do(person):
    answer = await person.look_at(person)
    assert answer.status == 200
    assert not set(PRIVATE) & (await answer.json()).keys()


async def test_who_is_hidden_by_a_block_is_like_nobody(client, person, other, follows, minter):
    follows.hidden.add((int(other.user_id), int(person.user_id)))
    hidden = await other.look_at(person)
    nobody = minter.mint()
    unknown = await client.get(f"/user/{nobody}/profile", headers={USER_ID: other.user_id})
    assert hidden.status == unknown.status == 404
    told = [(await answer.json())["detail"] for answer in (hidden, unknown)]
    assert told == [f"no user {person.user_id}", f"no user {nobody}"]


@pytest.mark.parametrize("subject", ["x", "-1", "+1", "1.0", "%00", "9" * 19, "9" * 99, "\u0667"])
async def test_a_profile_of_what_is_no_id_is_refused(client, person, subject):
    answer = await client.get(f"/user/{subject}/profile", headers={USER_ID: person.user_id})
    assert answer.status == 400


async def test_who_is_not_signed_in_sees_no_profile(client, person):
    assert (await client.get(f"/user/{person.user_id}/profile")).status == 401


@pytest.mark.parametrize(
    ("user_id", "status"), [("1", 404), ("x", 400), ("-1", 400), ("9" * 19, 400), ("9" * 99, 400)]
)
async def test_services_see_no_unknown_user(client, user_id, status):
    assert (await client.get(f"/internal/users/{user_id}")).status == status


async def profiles_of(client, *user_ids):
    answer = await client.get("/internal/users", params={"ids": ",".join(user_ids)})
    assert answer.status == 200
    return (await answer.json())["users"]


async def test_services_see_many_users_at_once_in_the_order_asked_for(client, newcomer):
    people = [await person.register() for person in (newcomer() for _ in range(5))]
    ids = [person.user_id for person in people]
    asked = [ids[2], ids[0], ids[4], ids[1], ids[3]]
    assert [profile["user_id"] for profile in await profiles_of(client, *asked)] == asked


async def test_of_many_each_is_the_public_profile(client, person):
    alone = await (await client.get(f"/internal/users/{person.user_id}")).json()
    assert await profiles_of(client, person.user_id) == [alone]
    assert not set(PRIVATE) & alone.keys()


async def test_of_many_those_missing_are_left_out(client, person, other, minter):
    await other.delete()
    found = await profiles_of(client, str(minter.mint()), person.user_id, other.user_id)
    assert [profile["user_id"] for profile in found] == [person.user_id]


async def visible_profiles(client, viewer, *user_ids):
    answer = await client.get(
        "/users", params={"ids": ",".join(user_ids)}, headers={USER_ID: viewer.user_id}
    )
    assert answer.status == 200
    return (await answer.json())["users"]


async def test_users_see_many_others_as_the_services_do(client, newcomer, other, minter):
    people = [await person.register() for person in (newcomer(age="36") for _ in range(3))]
    ids = [people[2].user_id, str(minter.mint()), other.user_id, people[0].user_id]
    found = await visible_profiles(client, other, *ids)
    assert found == await profiles_of(client, *ids)
    assert [profile["user_id"] for profile in found] == [ids[0], *ids[2:]]
    assert all("age" not in profile for profile in found)


async def test_of_many_those_across_a_block_are_left_out(client, newcomer, person, other, follows):
    third = await newcomer().register()
    follows.hidden.add((int(other.user_id), int(person.user_id)))
    ids = (person.user_id, third.user_id)
    assert await visible_profiles(client, other, *ids) == await profiles_of(client, third.user_id)
    assert len(await visible_profiles(client, third, *ids)) == 2


async def test_who_is_not_signed_in_sees_none_of_many(client, person):
    assert (await client.get("/users", params={"ids": person.user_id})).status == 401


@pytest.mark.parametrize("path", ["/users", "/internal/users"])
@pytest.mark.parametrize(
    ("ids", "status"),
    [
        (None, 400),
        ("", 400),
        ("x", 400),
        ("1,", 400),
        ("1,,2", 400),
        (",".join("1" * USERS_MAX), 200),
        (",".join("1" * (USERS_MAX + 1)), 400),
    ],
    ids=lambda value: str(value)[:10],
)
async def test_how_many_users_can_be_asked_for(client, path, ids, status):
    params = {} if ids is None else {"ids": ids}
    answer = await client.get(path, params=params, headers={USER_ID: "1"})
    assert answer.status == status


async def test_followers_follows_and_blocks_are_asked_for_at_the_same_time(person, other, follows):
    all_of_them = asyncio.Barrier(3)
    count, is_hidden = follows.follower_count, follows.is_hidden
    is_followed = follows.is_followed

    async def count_with(user_id):
        await all_of_them.wait()
        return await count(user_id)

    async def is_hidden_with(user_id, *, viewer_id):
        await all_of_them.wait()
        return await is_hidden(user_id, viewer_id=viewer_id)

    async def is_followed_with(user_id, *, viewer_id):
        await all_of_them.wait()
        return await is_followed(user_id, viewer_id=viewer_id)

    follows.follower_count, follows.is_hidden = count_with, is_hidden_with
    follows.is_followed = is_followed_with
    async with asyncio.timeout(5):
        assert (await other.look_at(person)).status == 200
