"""Pages of people: whole, and without those whom the viewer must not see."""

from itertools import chain

import pytest

from reference_impl.chassis.errors import NotFound
from reference_impl.follow import people
from reference_impl.follow.service import FollowService


@pytest.fixture
def service(store, users):
    return FollowService(store, users)


@pytest.fixture(params=["followers", "followees"])
def listed(request, service, new_id):
    """Return a function that makes a subject with such a list of people."""

    async def make(count):
        subject, others = new_id(), [new_id() for _ in range(count)]
        for other in others:
            pair = (other, subject) if request.param == "followers" else (subject, other)
            await service.set_following(*pair, following=True)
        return subject, others, getattr(service.people, request.param)

    return make


async def pages_of(page, limit, **who):
    """Return the ids of every page, as if scrolled to the end."""
    pages, after = [], 0
    while True:
        found = await page(after=after, limit=limit, **who)
        pages.append([int(profile["user_id"]) for profile in found.users])
        if found.last is None:
            return pages
        after = found.last


def in_order(pages):
    return list(chain.from_iterable(pages))


async def shown(listed_by, subject, viewer, limit=3):
    async def page(**options):
        return await listed_by(subject, viewer_id=viewer, **options)

    return await pages_of(page, limit)


async def test_pages_hold_everybody_once_and_end(listed, new_id):
    subject, others, listed_by = await listed(7)
    pages = await shown(listed_by, subject, new_id())
    assert [len(page) for page in pages] == [3, 3, 1]
    assert sorted(in_order(pages)) == sorted(others)


async def test_a_full_page_that_is_the_last_says_so(listed, new_id):
    subject, _, listed_by = await listed(3)
    assert [len(page) for page in await shown(listed_by, subject, new_id())] == [3]


async def test_an_empty_list_is_one_empty_page(listed, users, new_id):
    subject, _, listed_by = await listed(0)
    assert await shown(listed_by, subject, new_id()) == [[]]
    assert users.asked == []


async def test_whose_account_is_gone_is_left_out_and_the_page_refilled(listed, users, new_id):
    subject, _, listed_by = await listed(8)
    order = in_order(await shown(listed_by, subject, new_id(), limit=8))
    users.gone = set(order[1:4])
    pages = await shown(listed_by, subject, new_id())
    assert pages == [[order[0], order[4], order[5]], order[6:]]


async def test_who_is_behind_a_block_of_the_viewer_is_left_out(listed, service, new_id):
    subject, others, listed_by = await listed(4)
    viewer = new_id()
    await service.set_blocked(viewer, others[0], blocked=True)
    await service.set_blocked(others[1], viewer, blocked=True)
    assert sorted(in_order(await shown(listed_by, subject, viewer))) == sorted(others[2:])


async def test_a_page_stays_short_when_too_many_are_gone(listed, users, new_id, monkeypatch):
    monkeypatch.setattr(people, "ROUNDS_MAX", 2)
    subject, _, listed_by = await listed(9)
    order = in_order(await shown(listed_by, subject, new_id(), limit=9))
    users.gone = set(order[:6])
    assert await shown(listed_by, subject, new_id(), limit=2) == [[], order[6:8], order[8:]]


async def test_everybody_may_see_the_list_of_anybody(listed, new_id):
    subject, others, listed_by = await listed(1)
    assert await shown(listed_by, subject, subject) == [others]
    assert await shown(listed_by, subject, others[0]) == [others]


@pytest.mark.parametrize("who", ["viewer", "subject"])
async def test_the_list_of_somebody_behind_a_block_is_not_there(listed, service, new_id, who):
    subject, _, listed_by = await listed(1)
    viewer = new_id()
    pair = (viewer, subject) if who == "viewer" else (subject, viewer)
    await service.set_blocked(*pair, blocked=True)
    with pytest.raises(NotFound) as hidden:
        await shown(listed_by, subject, viewer)
    assert str(hidden.value) == f"no user {subject}"


async def test_who_does_not_exist_has_no_list(listed, users, new_id):
    subject, _, listed_by = await listed(1)
    users.gone.add(subject)
    with pytest.raises(NotFound) as unknown:
        await shown(listed_by, subject, new_id())
    assert str(unknown.value) == f"no user {subject}"


async def test_the_list_of_the_blocked_is_ascending_and_whole(service, users, new_id):
    user, others = new_id(), [new_id() for _ in range(5)]
    for other in others:
        await service.set_blocked(user, other, blocked=True)
    gone, *left = sorted(others)
    users.gone.add(gone)

    async def page(**options):
        return await service.people.blocked(user, **options)

    assert await pages_of(page, 2) == [left[:2], left[2:]]
