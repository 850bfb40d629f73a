"""Lists of influencers that one page has read serve others for a while, and miss nothing else."""

import asyncio

import pytest

from model.rules.influencers import Delivery
from model.rules.policy import FeedPolicy, Strategy
from reference_impl.timeline.scan import FeedSource

FRESH_S = 10.0
KEEPING = FeedPolicy(merged_lists_fresh_s=FRESH_S)


class Influence:
    """Ann and Eve follow Bob and Cat, whose posts are merged; `asked` is whose lists were."""

    def __init__(self, network):
        self.network = network
        self.asked = []
        self.before_answer = None  # what happens before the store tells the lists
        self._read = network.store.merged.read
        network.store.merged.read = self._count
        network.policies.policy = KEEPING
        for fan in (network.ANN, network.EVE):
            network.follows.follow(fan, network.BOB, network.CAT)

    async def begin(self):
        """Have everybody's first page read, for which timelines and lists are built."""
        for author in (self.network.BOB, self.network.CAT):
            await self.network.post(author, delivery=Delivery.MERGE)
        for fan in (self.network.ANN, self.network.EVE):
            await self.network.newest(fan)
        self.network.now_s += 2 * FRESH_S
        self.asked.clear()

    async def _count(self, author_ids, reading):
        self.asked += sorted(author_ids)
        if self.before_answer:
            await self.before_answer()
        return await self._read(author_ids, reading)


async def turns():
    """Let everybody come as far as they can without what they wait for."""
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.fixture
async def influence(network):
    influence = Influence(network)
    await influence.begin()
    return influence


async def test_what_one_page_has_read_serves_anothers_meanwhile(influence):
    network = influence.network
    for fan in (network.ANN, network.EVE, network.ANN):
        assert await network.newest(fan) == network.oracle(fan)
    assert influence.asked == [network.BOB, network.CAT]


async def test_what_comes_meanwhile_is_missed_until_the_lists_are_too_old(influence):
    network = influence.network
    known = await network.newest(network.ANN)
    post = await network.post(network.BOB, delivery=Delivery.MERGE)
    network.now_s += FRESH_S - 1e-6
    assert await network.newest(network.EVE) == known
    network.now_s += 1e-6
    assert await network.newest(network.EVE) == [post, *known]


async def test_a_page_of_anothers_lists_is_found_in_lists_that_were_there(influence):
    network = influence.network
    network.lose(f"merged:{{{network.BOB}}}")
    assert (await network.page(network.ANN)).source is FeedSource.BUILT
    assert (await network.page(network.EVE)).source is FeedSource.TIMELINE


@pytest.mark.parametrize(
    "policy",
    [FeedPolicy(), FeedPolicy(strategy=Strategy.PER_EDGE, merged_lists_fresh_s=FRESH_S)],
)
async def test_every_page_asks_where_nothing_is_kept(influence, policy):
    network = influence.network
    network.policies.policy = policy
    await network.newest(network.ANN)
    influence.asked.clear()
    for _ in range(2):
        post = await network.post(network.BOB, delivery=Delivery.MERGE)
        assert post in await network.newest(network.ANN)
    assert influence.asked == 2 * [network.BOB, network.CAT]


async def test_from_a_change_of_policy_on_pages_are_exact_again(influence):
    network = influence.network
    await network.newest(network.ANN)
    await network.post(network.BOB, delivery=Delivery.MERGE)
    network.policies.policy = FeedPolicy()
    assert await network.newest(network.ANN) == network.oracle(network.ANN)


async def test_lists_of_everybody_are_kept_by_nobody(influence, monkeypatch):
    network = influence.network
    monkeypatch.setattr("reference_impl.timeline.memory.KNOWN_MAX", 0)
    for _ in range(2):
        await network.post(network.BOB, delivery=Delivery.MERGE)
        assert await network.newest(network.ANN) == network.oracle(network.ANN)


async def test_each_process_reads_for_itself(influence):
    network = influence.network
    await network.newest(network.ANN)
    network.service = network.another_service()
    await network.newest(network.ANN)
    assert influence.asked == 2 * [network.BOB, network.CAT]


async def test_what_is_deleted_meanwhile_is_not_shown_and_its_place_is_filled(influence):
    network = influence.network
    for _ in range(4):
        await network.post(network.BOB, delivery=Delivery.MERGE)
    first, *_ = await network.newest(network.ANN, limit=2)
    network.posts.deleted.add(first)
    assert await network.newest(network.ANN, limit=2) == network.oracle(network.ANN)[:2]


async def test_ones_own_new_post_is_shown_at_once(influence):
    network = influence.network
    await network.newest(network.BOB)
    post = await network.post(network.BOB, delivery=Delivery.MERGE)
    assert (await network.newest(network.BOB))[0] == post


async def test_a_longer_page_and_one_further_down_ask_for_what_they_need(influence):
    network = influence.network
    for _ in range(9):
        await network.post(network.BOB, delivery=Delivery.MERGE)
    await network.newest(network.ANN, limit=2)
    assert await network.newest(network.ANN, limit=8) == network.oracle(network.ANN)[:8]
    assert await network.whole_feed(network.ANN, limit=2) == network.oracle(network.ANN)


async def test_of_more_lists_than_are_kept_the_least_recently_used_goes(influence, monkeypatch):
    monkeypatch.setattr("reference_impl.timeline.kept.KEPT_MAX", 2)
    network = influence.network
    await network.newest(network.ANN)
    network.follows.follow(network.DAN, network.BOB)
    await network.newest(network.DAN)
    network.follows.follow(network.DAN, network.EVE)
    await network.post(network.EVE, delivery=Delivery.MERGE)
    await network.newest(network.DAN)  # Eve's list is kept now, and Cat's is not
    influence.asked.clear()
    assert await network.newest(network.DAN) == network.oracle(network.DAN)
    assert influence.asked == []
    assert await network.newest(network.ANN) == network.oracle(network.ANN)
    assert influence.asked == [network.CAT]


# Together


async def test_fifty_who_miss_at_once_ask_once(influence):
    network = influence.network
    pages = await asyncio.gather(*(network.newest(network.ANN) for _ in range(50)))
    assert pages == [network.oracle(network.ANN)] * 50
    assert influence.asked == [network.BOB, network.CAT]


async def test_who_waits_for_lists_asked_for_too_long_ago_asks_again(influence):
    network, held = influence.network, asyncio.Event()
    influence.before_answer = held.wait
    early = asyncio.create_task(network.newest(network.ANN))
    await turns()
    assert influence.asked == [network.BOB, network.CAT]
    influence.before_answer = None
    network.now_s += FRESH_S
    late = asyncio.create_task(network.newest(network.EVE))
    await turns()
    assert not late.done()
    held.set()
    await early
    assert await late == network.oracle(network.EVE)
    assert influence.asked == 2 * [network.BOB, network.CAT]


async def test_a_failure_is_shared_by_who_waits_for_it_and_not_kept(influence):
    network = influence.network

    async def fail():
        for server in network.servers:
            server.is_away = True

    influence.before_answer = fail
    pages = await asyncio.gather(*(network.page(network.ANN) for _ in range(5)))
    assert {page.source for page in pages} == {FeedSource.PULL}
    assert influence.asked == [network.BOB, network.CAT]
    influence.before_answer = None
    for server in network.servers:
        server.is_away = False
    assert (await network.page(network.ANN)).source is FeedSource.TIMELINE
    assert influence.asked == 2 * [network.BOB, network.CAT]


async def test_a_list_that_another_process_is_building_is_not_kept(influence, monkeypatch):
    network = influence.network
    monkeypatch.setattr("reference_impl.timeline.merging.POLL_S", 0.0)
    network.lose(f"merged:{{{network.BOB}}}")
    await network.store.merged.begin([network.BOB], "dead")
    assert (await network.page(network.ANN)).source is FeedSource.PULL
    await network.store.merged.abandon([network.BOB], "dead")
    assert (await network.page(network.ANN)).source is FeedSource.BUILT
