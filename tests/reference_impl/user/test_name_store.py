"""What every NameStore promises: the one in memory and the one in PostgreSQL."""

import asyncio

import pytest

from reference_impl.user.reservations import Claim, Directory, Holder


@pytest.fixture
def user_id(minter):
    return minter.mint()


@pytest.fixture
def name(user_id):
    return f"name{user_id}"


def claim_of(directory, name, holder):
    return Claim(directory=directory, name=name, holder=holder)


@pytest.mark.parametrize("directory", Directory)
async def test_a_free_name_is_reserved_for_who_asks_first(store, directory, name, user_id):
    first = await store.reserve(directory, name, user_id)
    second = await store.reserve(directory, name, user_id + 1)
    assert (first.is_ours, second.is_ours) == (True, False)
    assert first.holder == second.holder == await store.holder_of(directory, name)
    assert first.holder.user_id == user_id
    assert first.age_s <= second.age_s < 5


async def test_a_name_is_reserved_once_for_its_user_too(store, name, user_id):
    first = await store.reserve(Directory.USERNAME, name, user_id)
    again = await store.reserve(Directory.USERNAME, name, user_id)
    assert (first.is_ours, again.is_ours) == (True, False)


async def test_usernames_and_addresses_are_two_directories(store, name, user_id):
    await store.reserve(Directory.USERNAME, name, user_id)
    assert await store.holder_of(Directory.EMAIL, name) is None


async def test_of_many_at_once_one_wins(store, name, user_id):
    asked = [store.reserve(Directory.USERNAME, name, user_id + n) for n in range(12)]
    answers = [answer for answer in await asyncio.gather(*asked) if answer is not None]
    [winner] = [answer.holder for answer in answers if answer.is_ours]
    assert {answer.holder for answer in answers} == {winner}
    assert winner == await store.holder_of(Directory.USERNAME, name)


async def test_a_released_name_is_free(store, name, user_id):
    taken = await store.reserve(Directory.USERNAME, name, user_id)
    await store.release(claim_of(Directory.USERNAME, name, taken.holder))
    answer = await store.reserve(Directory.USERNAME, name, user_id + 1)
    assert answer.holder.user_id == user_id + 1


async def test_nobody_releases_anothers_name(store, name, user_id):
    taken = await store.reserve(Directory.USERNAME, name, user_id)
    other = Holder(user_id=user_id + 1, claim=taken.holder.claim)
    await store.release(claim_of(Directory.USERNAME, name, other))
    assert await store.holder_of(Directory.USERNAME, name) == taken.holder


async def test_an_earlier_claim_releases_no_later_one(store, name, user_id):
    earlier = (await store.reserve(Directory.USERNAME, name, user_id)).holder
    later = await store.take_over(Directory.USERNAME, name, old=earlier, new=user_id)
    await store.release(claim_of(Directory.USERNAME, name, earlier))
    assert await store.holder_of(Directory.USERNAME, name) == later


async def test_a_name_is_taken_over_from_who_has_it_and_by_one_only(store, name, user_id):
    old = (await store.reserve(Directory.EMAIL, name, user_id)).holder
    outcomes = [
        await store.take_over(Directory.EMAIL, name, old=old, new=user_id + n) for n in (1, 2)
    ]
    assert outcomes[0].user_id == user_id + 1
    assert outcomes[1] is None
    assert await store.holder_of(Directory.EMAIL, name) == outcomes[0]


async def test_a_name_that_was_taken_over_is_as_young_as_a_new_one(store, pass_time, name, user_id):
    old = (await store.reserve(Directory.USERNAME, name, user_id)).holder
    await pass_time({Directory.USERNAME: name}, 100)
    found = await store.reserve(Directory.USERNAME, name, user_id + 1)
    assert 100 <= found.age_s < 105
    await store.take_over(Directory.USERNAME, name, old=found.holder, new=user_id + 1)
    assert (await store.reserve(Directory.USERNAME, name, user_id)).age_s < 5
    assert found.holder.user_id == old.user_id
