"""A search over all shards: merged, filtered, refilled, and honest about who did not answer."""

import pytest

from model.rules.search import shard_of_user
from reference_impl.chassis.errors import Defective, Unavailable
from reference_impl.search.memory import MemoryShelf
from reference_impl.search.service import ROUNDS_MAX, SearchService
from reference_impl.search.shards import OwnShard

VIEWER = 999
SHARDS = 3
USERS = [place << 18 for place in range(1, 30)]  # over all shards


class Away:
    """A shard that does not answer from some question on."""

    def __init__(self, shard, *, after=0, error=Unavailable):
        self._shard, self._left, self._error = shard, after, error

    async def search(self, words, *, after, limit):
        self._left -= 1
        if self._left < 0:
            raise self._error("gone")
        return await self._shard.search(words, after=after, limit=limit)


class World:
    """All shards, each of which hears every event."""

    def __init__(self, heards):
        self._heards = heards
        self.own = [OwnShard(heard.generations) for heard in heards]

    def hears(self, *events):
        for heard in self._heards:
            heard.hears(*events)


@pytest.fixture
def world(make_heard):
    """Shards without anybody in them."""
    assert {shard_of_user(user_id, SHARDS) for user_id in USERS} == {1, 2, 3}
    return World([make_heard(MemoryShelf(), shard=n, shards=SHARDS) for n in range(1, SHARDS + 1)])


@pytest.fixture
def complete(world, say):
    world.hears(say.all_announced("r1"))
    return world


async def page_of(service, *, after=0, limit=100, words=("ada",)):
    return await service.page(words, viewer_id=VIEWER, after=after, limit=limit)


def ids_of(page):
    return [int(user["user_id"]) for user in page.users]


async def test_all_shards_come_to_one_order(complete, say, make_blocks):
    followers = {user_id: number % 5 for number, user_id in enumerate(USERS)}
    complete.hears(*(say.told(user_id, "Ada") for user_id in USERS))
    complete.hears(*(say.followed(user_id, 4**n, 1) for user_id, n in followers.items()))
    page = await page_of(SearchService(complete.own, make_blocks()))
    assert ids_of(page) == sorted(USERS, key=lambda user_id: (-followers[user_id], user_id))
    assert (page.last, page.is_complete) == (None, True)


@pytest.mark.parametrize("limit", [1, 2, 7, 28, 29, 30])
async def test_pages_show_everybody_once_while_others_come(complete, say, make_blocks, limit):
    complete.hears(*(say.told(user_id, "Ada") for user_id in USERS))
    service, newcomers = SearchService(complete.own, make_blocks()), iter(USERS)
    page = await page_of(service, limit=limit)
    found = ids_of(page)
    while page.last is not None:
        if (newcomer := next(newcomers, None)) is not None:
            complete.hears(say.told(newcomer + 1, "Ada"))
        page = await page_of(service, after=page.last, limit=limit)
        found += ids_of(page)
    assert len(found) == len(set(found))
    assert set(USERS) <= set(found)


async def test_whom_the_reader_must_not_see_is_left_out_and_the_page_filled(
    complete, say, make_blocks
):
    complete.hears(*(say.told(user_id, "Ada") for user_id in USERS))
    hidden = USERS[::2]
    service = SearchService(complete.own, make_blocks(*((user_id, VIEWER) for user_id in hidden)))
    page = await page_of(service, limit=10)
    assert ids_of(page) == USERS[1:20:2]
    rest = await page_of(service, after=page.last)
    assert ids_of(rest) == USERS[21::2]


async def test_a_page_with_too_many_to_leave_out_stays_short_but_goes_on(
    complete, say, make_blocks
):
    complete.hears(*(say.told(user_id, "Ada") for user_id in USERS))
    hidden = USERS[: ROUNDS_MAX + 3]
    service = SearchService(complete.own, make_blocks(*((user_id, VIEWER) for user_id in hidden)))
    page = await page_of(service, limit=1)
    assert page.users == []
    assert ids_of(await page_of(service, after=page.last, limit=29)) == USERS[ROUNDS_MAX + 3 :]


async def test_without_a_shard_the_others_answer_and_say_so(complete, say, make_blocks):
    complete.hears(*(say.told(user_id, "Ada") for user_id in USERS))
    for error in (Unavailable, Defective):
        shards = [Away(complete.own[0], error=error), *complete.own[1:]]
        page = await page_of(SearchService(shards, make_blocks()))
        assert ids_of(page) == [each for each in USERS if shard_of_user(each, SHARDS) != 1]
        assert not page.is_complete


async def test_a_shard_that_goes_away_between_two_rounds_makes_the_page_incomplete(
    complete, say, make_blocks
):
    complete.hears(*(say.told(user_id, "Ada") for user_id in USERS))
    blocks = make_blocks((USERS[0], VIEWER))
    shards = [Away(complete.own[0], after=1), *complete.own[1:]]
    page = await page_of(SearchService(shards, blocks), limit=3)
    assert not page.is_complete


async def test_when_no_shard_answers_nothing_is_pretended(complete, make_blocks):
    shards = [Away(shard) for shard in complete.own]
    with pytest.raises(Unavailable, match="no shard"):
        await page_of(SearchService(shards, make_blocks()))


async def test_a_shard_that_does_not_know_everybody_makes_the_page_incomplete(
    world, say, make_blocks
):
    world.hears(say.told(USERS[0], "Ada"))
    page = await page_of(SearchService(world.own, make_blocks()))
    assert ids_of(page) == [USERS[0]]
    assert not page.is_complete


async def test_without_the_follow_service_nobody_is_shown(complete, say):
    class Blocks:
        async def hidden_among(self, user_ids, *, viewer_id):
            raise Unavailable("follow is away")

    complete.hears(say.told(USERS[0], "Ada"))
    with pytest.raises(Unavailable, match="follow"):
        await page_of(SearchService(complete.own, Blocks()))
