"""Which authors are to be merged: one set for all, found out again when it is lost."""

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from reference_impl.chassis.errors import Full, Unavailable
from reference_impl.timeline.author_store import SEARCH_S
from reference_impl.timeline.lists import OUTDATED_S
from reference_impl.timeline.memory import MemoryAuthors
from reference_impl.timeline.memory_lists import MemoryServer
from reference_impl.timeline.merge_authors import KEY, MERGED_FOR_S, PAGE, Known, MergeAuthors
from reference_impl.timeline.store import Functions, ValkeyAuthors

FEW = 3  # authors that are too many to know, in these tests


@dataclass
class Held:
    """A set, and what a test may do behind it."""

    authors: Any
    memory: MemoryServer | None = None
    valkey: Any = None

    async def lose(self):
        if self.memory:
            self.memory.lose_authors()
        else:
            await self.valkey.delete(KEY)

    async def let_pass(self, seconds):
        """Let every post kept so far be so much older."""
        if self.memory:
            for author in self.memory.authors:
                self.memory.authors[author] -= seconds
        else:
            for member in await self.valkey.zrange(KEY, 0, -1):
                await self.valkey.zincrby(KEY, -seconds, member)


@pytest.fixture
async def valkey_held(servers):
    """On a server that has no set, before and after."""
    server = servers.servers[0]
    held = Held(ValkeyAuthors(Functions(server)), valkey=server)
    await held.lose()
    yield held
    await held.lose()


@pytest.fixture(params=["memory", "valkey"])
def held(request):
    if request.param == "valkey":
        return request.getfixturevalue("valkey_held")
    server = MemoryServer()
    return Held(MemoryAuthors(server), memory=server)


class Posts:
    """The authors who ever had a post to merge, as the post service tells of them."""

    def __init__(self, *authors):
        self.authors = list(authors)
        self.pages = 0

    async def merge_authors(self, *, after, limit):
        page = sorted(author for author in self.authors if author > after)[:limit]
        self.pages += 1
        await self.meanwhile()
        return page

    async def meanwhile(self):
        """What happens between the reading of a page and its arrival."""
        await asyncio.sleep(0)


class Away(Posts):
    """A post service of which a database is away."""

    async def meanwhile(self):
        raise Unavailable("post_db did not answer in time")


def known_to(held, posts, *, fresh_s=0.0):
    return MergeAuthors(held.authors, posts, fresh_s=fresh_s)


def whole(*authors):
    return Known(authors=frozenset(authors), is_whole=True)


# The set


async def test_a_set_that_nobody_found_out_is_not_whole(held):
    assert await held.authors.known() == Known(authors=frozenset(), is_whole=False)
    await held.authors.add(7)
    assert await held.authors.known() == Known(authors=frozenset({7}), is_whole=False)


async def test_a_set_that_was_found_out_is_whole_and_grows(held):
    await held.authors.begin("t")
    await held.authors.add(8)
    assert await held.authors.finish("t", [7])
    await held.authors.add(9)
    assert await held.authors.known() == whole(7, 8, 9)


async def test_a_set_that_was_lost_while_it_was_found_out_is_not_whole(held):
    await held.authors.begin("t")
    await held.authors.add(8)
    await held.lose()
    assert not await held.authors.finish("t", [7])
    assert not (await held.authors.known()).is_whole


async def test_two_may_find_out_at_a_time_and_each_once(held):
    await held.authors.begin("t")
    await held.authors.begin("u")
    assert await held.authors.finish("u", [7])
    assert await held.authors.finish("t", [7, 8])
    assert not await held.authors.finish("t", [9])
    assert await held.authors.known() == whole(7, 8)


async def test_a_search_under_way_is_no_author(held):
    await held.authors.begin("t")
    assert await held.authors.known() == Known(authors=frozenset(), is_whole=False)


async def test_of_too_many_authors_nobody_is_told(held, monkeypatch):
    for module in ("memory", "author_store"):
        monkeypatch.setattr(f"reference_impl.timeline.{module}.KNOWN_MAX", FEW)
    for author in range(1, FEW + 1):
        await held.authors.add(author)
    assert (await held.authors.known()).authors == {1, 2, 3}
    await held.authors.add(FEW + 1)
    assert await held.authors.known() == Known(authors=None, is_whole=True)


async def test_members_are_as_written_down(valkey_held):
    await valkey_held.authors.begin("t")
    assert await valkey_held.valkey.zrange("merged_lately", 0, -1) == [b"search:t"]
    await valkey_held.authors.finish("t", [7])
    [seven, whole] = await valkey_held.valkey.zrange("merged_lately", 0, -1, withscores=True)
    assert seven == [b"7", pytest.approx(time.time(), abs=5)]
    assert whole == [b"0", float("inf")]


async def test_an_author_leaves_when_no_timeline_needs_the_last_merged_post(held):
    await held.authors.begin("t")
    await held.authors.finish("t", [7, 8])
    await held.let_pass(MERGED_FOR_S - 60)
    await held.authors.add(9)
    assert await held.authors.known() == whole(7, 8, 9)
    await held.authors.add(8)
    await held.let_pass(120)
    assert await held.authors.known() == whole(8, 9)


async def test_a_set_that_everybody_has_left_is_whole(held):
    await held.authors.begin("t")
    await held.authors.finish("t", [7])
    await held.let_pass(MERGED_FOR_S + 1)
    assert await held.authors.known() == whole()


def test_timelines_are_built_anew_long_before_they_need_who_has_left():
    assert MERGED_FOR_S - OUTDATED_S >= 3_600


async def test_a_full_server_that_cannot_add_an_author_loses_the_set(held, full):
    await held.authors.begin("t")
    await held.authors.finish("t", [7])
    async with full(held):
        await held.authors.add(8)
        assert await held.authors.known() == Known(authors=frozenset(), is_whole=False)


async def test_a_full_server_keeps_the_authors_that_it_has(held, full):
    await held.authors.begin("t")
    await held.authors.finish("t", [7, 8])
    await held.let_pass(MERGED_FOR_S - 60)
    async with full(held):
        await held.authors.add(7)
        assert await held.authors.known() == whole(7, 8)
    await held.let_pass(120)
    assert await held.authors.known() == whole(7)


async def test_a_full_server_takes_in_no_search(held, full):
    await held.authors.begin("t")
    async with full(held):
        with pytest.raises(Full):
            await held.authors.begin("u")
        with pytest.raises(Full):
            await held.authors.finish("t", [7])


async def test_a_full_server_that_lost_the_functions_loses_the_set(valkey_held, full):
    await valkey_held.authors.begin("t")
    await valkey_held.authors.finish("t", [7])
    await valkey_held.valkey.function_flush()
    async with full(valkey_held):
        await valkey_held.authors.add(7)
        assert not await valkey_held.valkey.exists(KEY)


# As one process knows it


async def test_a_lost_set_is_found_out_page_by_page(held):
    posts = Posts(*range(1, 2 * PAGE + 1))
    assert await known_to(held, posts).read() == frozenset(posts.authors)
    assert posts.pages == 3  # the last one empty
    assert await held.authors.known() == whole(*posts.authors)


async def test_a_set_that_is_whole_costs_the_post_service_nothing(held):
    await held.authors.begin("t")
    await held.authors.finish("t", [7])
    posts = Posts(7, 8)
    assert await known_to(held, posts).read() == {7}
    assert posts.pages == 0


async def test_nobody_at_all_is_an_answer_too(held):
    posts = Posts()
    known = known_to(held, posts)
    assert await known.read() == await known.read() == frozenset()
    assert posts.pages == 1


async def test_an_author_added_after_the_loss_does_not_hide_the_others(held):
    await held.authors.add(9)
    assert await known_to(held, Posts(7, 9)).read() == {7, 9}


async def test_an_author_added_while_the_set_is_found_out_is_in_it(held):
    class Adding(Posts):
        async def meanwhile(self):
            await held.authors.add(9)

    assert await known_to(held, Adding(7)).read() == {7, 9}


async def test_everyone_is_taken_for_one_when_the_set_is_lost_while_it_is_found_out(held):
    class Losing(Posts):
        async def meanwhile(self):
            self.authors.append(9)  # told of by no page,
            await held.authors.add(9)
            await held.lose()  # and lost with the set

    known = known_to(held, Losing(7))
    assert await known.read() is None
    assert not (await held.authors.known()).is_whole


async def test_while_nobody_can_remember_the_authors_each_finds_them_out(held, full):
    posts = Posts(7, 8)
    known = known_to(held, posts)
    async with full(held):
        assert await known.read() == await known.read() == {7, 8}
    assert posts.pages == 2
    assert await known.read() == await known.read() == {7, 8}
    assert posts.pages == 3


async def test_authors_found_out_when_there_is_no_room_any_more_are_known(held, full):
    class Filling(Posts):
        async def meanwhile(self):
            if self.pages == 1:
                await until_end.enter_async_context(full(held))

    async with AsyncExitStack() as until_end:
        assert await known_to(held, Filling(7, 8)).read() == {7, 8}


async def test_too_many_authors_that_nobody_can_remember_are_everyone(held, monkeypatch, full):
    monkeypatch.setattr("reference_impl.timeline.merge_authors.KNOWN_MAX", FEW)
    async with full(held):
        assert await known_to(held, Posts(*range(1, FEW + 1))).read() == {1, 2, 3}
        assert await known_to(held, Posts(*range(1, FEW + 2))).read() is None


async def test_of_too_many_authors_only_as_many_are_asked_for_as_show_it(held, monkeypatch):
    for module in ("memory", "author_store", "merge_authors"):
        monkeypatch.setattr(f"reference_impl.timeline.{module}.KNOWN_MAX", FEW)
    posts = Posts(*range(1, 3 * PAGE))
    assert await known_to(held, posts).read() is None
    assert posts.pages == 1


class CountingSet:
    """A set that is whole, and counts how often it is read."""

    def __init__(self):
        self.reads = 0

    async def known(self):
        self.reads += 1
        await asyncio.sleep(0)
        return whole(7)


def counted(fresh_s):
    authors = CountingSet()
    return authors, MergeAuthors(authors, Posts(), fresh_s=fresh_s)  # type: ignore[arg-type]


async def test_the_authors_are_read_once_however_many_ask():
    authors, known = counted(60.0)
    assert await asyncio.gather(*(known.read() for _ in range(9))) == [frozenset({7})] * 9
    assert authors.reads == 1


async def test_all_who_wait_for_one_reading_share_its_failure():
    class AwaySet(CountingSet):
        async def known(self):
            await super().known()
            raise Unavailable("timeline_store did not answer in time")

    authors = AwaySet()
    known = MergeAuthors(authors, Posts(), fresh_s=60.0)  # type: ignore[arg-type]
    answers = await asyncio.gather(*(known.read() for _ in range(9)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Unavailable] * 9
    assert authors.reads == 1
    with pytest.raises(Unavailable):
        await known.read()
    assert authors.reads == 2


async def test_the_authors_are_read_again_when_they_are_not_fresh():
    authors, known = counted(0.0)
    await known.read()
    await known.read()
    assert authors.reads == 2


async def test_while_they_cannot_be_found_out_everyone_is_taken_for_one(held):
    posts = Away()
    known = known_to(held, posts, fresh_s=60.0)
    assert [await known.read() for _ in range(3)] == [None] * 3
    assert posts.pages == 1


async def test_a_search_that_was_broken_off_leaves_its_mark_for_a_short_while(valkey_held):
    for number in range(5):
        await valkey_held.authors.begin(f"t{number}")
    assert await valkey_held.valkey.zcard(KEY) == 5
    await valkey_held.let_pass(SEARCH_S + 1)
    assert await valkey_held.authors.known() == Known(is_whole=False, authors=frozenset())
    assert await valkey_held.valkey.zcard(KEY) == 0
