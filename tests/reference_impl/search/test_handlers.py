"""Search over HTTP: two shards on unix sockets, each asking the other."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from yarl import URL

from model.rules.search import (
    QUERY_CHARS_MAX,
    Match,
    place_of,
    query_words,
    rank_of,
    shard_of_user,
)
from reference_impl.chassis.callers import USER_ID
from reference_impl.chassis.clients import ServiceClient
from reference_impl.chassis.settings import Settings
from reference_impl.search.app import create_app
from reference_impl.search.handlers import WORDS_CHARS_MAX
from reference_impl.search.memory import MemoryShelf
from reference_impl.search.service import SearchService
from reference_impl.search.shards import OtherShard, OwnShard

VIEWER = {USER_ID: "999"}
SECRET = "s" * 32
ONE, TWO = 5, 3 << 20  # users of the first and of the second shard


class Fleet:
    """The shards' own memory, a client of each, and what stops one."""

    def __init__(self, heards, clients, stops):
        self.heards, self.clients, self._stops = heards, clients, stops

    def hears(self, *events):
        for heard in self.heards:
            heard.hears(*events)

    async def stop(self, number):
        await self._stops[number].aclose()

    async def search(self, at=0, headers=VIEWER, **params):
        answer = await self.clients[at].get("/search", params=params, headers=headers)
        return answer.status, await answer.json()

    async def names(self, **params):
        status, body = await self.search(**params)
        assert status == 200, body
        return [user["first_name"] for user in body["users"]]


@pytest.fixture
async def fleet(make_heard, make_blocks, serving_on, sockets):
    assert [shard_of_user(user_id, 2) for user_id in (ONE, TWO)] == [1, 2]
    paths = [sockets / "1", sockets / "2"]
    blocks = make_blocks((ONE, 1000))
    async with AsyncExitStack() as opened:
        heards, clients, stops = [], [], []
        for number in (0, 1):
            heard = make_heard(MemoryShelf(), shard=number + 1, shards=2)
            own = OwnShard(heard.generations)
            client = ServiceClient([f"unix:{paths[1 - number]}"], name="search")
            other = OtherShard(await opened.enter_async_context(client))
            service = SearchService([own, other], blocks)
            app = create_app(
                service, Settings(secret=SECRET), own=own, generations=heard.generations
            )
            stop = await opened.enter_async_context(AsyncExitStack())
            clients.append(await stop.enter_async_context(serving_on(paths[number], app)))
            heards.append(heard)
            stops.append(stop)
        yield Fleet(heards, clients, stops)


@pytest.fixture
def people(fleet, say):
    fleet.hears(say.all_announced("r1"))
    fleet.hears(say.told(ONE, "Ada Lovelace"), say.told(TWO, "Adam Ant"))
    return fleet


async def test_either_process_finds_users_of_both_shards(people):
    for at in (0, 1):
        assert await people.names(at=at, q="ad") == ["Ada", "Adam"]


async def test_an_answer_has_public_profiles_and_says_that_it_is_whole(people, say):
    people.hears(say.followed(ONE, followers=5, version=1))
    status, body = await people.search(q="lovelace")
    shown = {**say.profile(ONE, "Ada Lovelace"), "follower_count": 5}
    del shown["created_ms"]
    assert (status, body) == (200, {"users": [shown], "next": None, "complete": True})


async def test_pages_follow_their_cursors_and_links(people):
    answer = await people.clients[0].get("/search?q=Ad%21&limit=1", headers=VIEWER)
    body = await answer.json()
    assert [user["first_name"] for user in body["users"]] == ["Ada"]
    link = answer.links["next"]["url"].relative()
    assert link.query == {"q": "Ad!", "limit": "1", "cursor": body["next"]}
    following = await people.clients[1].get(URL(str(link)), headers=VIEWER)
    assert [user["first_name"] for user in (await following.json())["users"]] == ["Adam"]


async def test_a_cursor_is_good_for_one_query_of_one_reader(people):
    _, body = await people.search(q="ad", limit="1")
    cursor = body["next"]
    assert (await people.search(q="AD.", limit="1", cursor=cursor))[0] == 200, "the same words"
    assert (await people.search(q="adam", cursor=cursor))[0] == 400
    assert (await people.search(q="ad", cursor=cursor, headers={USER_ID: "1"}))[0] == 400
    assert (await people.search(q="ad", cursor="xyz"))[0] == 400


async def test_who_blocks_the_reader_is_not_found(people):
    assert await people.names(q="ad", headers={USER_ID: "1000"}) == ["Adam"]


async def test_without_a_shard_the_answer_says_that_it_is_not_whole(people):
    await people.stop(1)
    status, body = await people.search(q="ad")
    assert status == 200
    assert [user["first_name"] for user in body["users"]] == ["Ada"]
    assert body["complete"] is False


async def test_an_index_that_is_not_complete_is_ready_all_the_same(fleet, say):
    fleet.hears(say.told(ONE, "Ada"))
    _, body = await fleet.search(q="ada")
    assert len(body["users"]) == 1
    assert body["complete"] is False
    assert (await fleet.clients[0].get("/readyz")).status == 200


async def test_nobody_searches_without_signing_in(people):
    assert (await people.search(q="ada", headers={}))[0] == 401


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({}, "q"),
        ({"q": ""}, "q"),
        ({"q": "!?*"}, "q"),
        ({"q": "a" * 101}, "q"),
        ({"q": "x" * 8_000}, "q"),
        ({"q": "a b c d e f g h i"}, "q"),
        ({"q": "ada\r\nSet-Cookie: x"}, "q"),
        ({"q": "ada\x00"}, "q"),
        ({"q": "ada", "limit": "0"}, "limit"),
        ({"q": "ada", "limit": "101"}, "limit"),
        ({"q": "ada", "limit": "x"}, "limit"),
        ({"q": "ada", "cursor": "\x00"}, "cursor"),
    ],
)
async def test_what_cannot_be_searched_for_is_refused_by_name(people, params, names):
    status, body = await people.search(**params)
    assert status == 400
    assert names in body["detail"]


async def test_what_does_not_even_fit_a_request_line_is_refused(people):
    answer = await people.clients[0].get("/search", params={"q": "x" * 10_000}, headers=VIEWER)
    assert answer.status == 400


@pytest.mark.parametrize(
    "text",
    [
        "a*", ".*", "ada:*", "a & b | !c", "ada~", '"ada', "(((", "[a-", "\\", "%", "a\tb\nc",
        "words:ada", "ada AND", "🙂 ada", "ﷺ" * 100, "ß" * 100, "e\u0301" * 50, "北京", "a" * 100,
        "\u202eada", "ada\ufffd", "aaaaaaaaa " * 8, "İ" * 100,
    ],
)  # fmt: skip
async def test_odd_texts_are_plain_text(people, text):
    status, body = await people.search(q=text)
    assert status == 200 or (status == 400 and "q must" in body["detail"])


@pytest.mark.parametrize(
    "text",
    [
        " ".join("æ" * 31 + letter for letter in "abc"),
        " ".join("ß" * 10 + letter for letter in "abcdefgh"),
    ],
)
async def test_what_is_longer_once_it_is_folded_is_asked_of_every_shard(people, text):
    assert len(" ".join(query_words(text))) > QUERY_CHARS_MAX >= len(text)
    status, body = await people.search(q=text)
    assert (status, body) == (200, {"users": [], "next": None, "complete": True})


async def test_words_that_no_query_has_are_refused_by_a_shard(people):
    params = {"q": "a" * (WORDS_CHARS_MAX + 1), "limit": "9"}
    answer = await people.clients[0].get("/internal/search", params=params)
    assert answer.status == 400


@pytest.mark.parametrize("raw", ["q=%FF%FE", "q=%ED%A0%80", "q=%C3", "q=ada&q=%00", "q=%", "q=;"])
async def test_what_is_no_text_at_all_is_no_defect(people, raw):
    url = URL(f"http://localhost/search?{raw}", encoded=True)
    answer = await people.clients[0].get(url, headers=VIEWER)
    assert answer.status in (200, 400)


async def test_a_shard_tells_the_others_places(people):
    answer = await people.clients[0].get("/internal/search", params={"q": "lovel", "limit": "9"})
    [hit] = (await answer.json())["hits"]
    assert hit["place"] == str(place_of(Match.PREFIX, rank_of(0, ONE)))


@pytest.mark.parametrize(
    "params",
    [
        {"limit": "9"},
        {"q": "a"},
        {"q": "a", "limit": "102"},
        {"q": "a", "limit": "9", "after": "x"},
        {"q": "a", "limit": "9", "after": "-1"},
        {"q": "a", "limit": "9", "after": str(3 << 69)},
    ],
)
async def test_a_shard_refuses_what_no_other_asks(people, params):
    answer = await people.clients[0].get("/internal/search", params=params)
    assert answer.status == 400


async def test_a_shard_says_how_far_its_index_is(fleet, say):
    async def status():
        return await (await fleet.clients[0].get("/internal/index")).json()

    assert await status() == {"complete": False, "rebuild": None, "users": 0, "filling": None}
    fleet.hears(say.announced("r1", ONE, "Ada"))
    filling = {"rebuild": "r1", "users": 1}
    assert await status() == {"complete": False, "rebuild": None, "users": 0, "filling": filling}
    fleet.hears(say.all_announced("r1"))
    assert await status() == {"complete": True, "rebuild": "r1", "users": 1, "filling": None}


async def test_searches_go_on_while_events_are_taken(people, say):
    def hear():
        for version in range(2, 200):
            people.hears(say.told(ONE, "Ada Lovelace", version=version))

    hearing = asyncio.create_task(asyncio.to_thread(hear))
    while not hearing.done():
        assert await people.names(q="ada") == ["Ada", "Adam"]
    await hearing
