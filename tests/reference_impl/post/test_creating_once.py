"""A request with a key makes one post, whatever becomes of it and however often it is sent."""

import asyncio

import pytest

from model.rules.ids import IdMinter
from model.rules.influencers import Delivery
from model.rules.policy import FeedPolicy
from reference_impl.chassis.errors import NotFound, Unavailable
from reference_impl.chassis.policies import FixedPolicy
from reference_impl.post.author_index import PostgresAuthorIndex
from reference_impl.post.posts import Draft, Kept
from reference_impl.post.service import Neighbours, PostService
from reference_impl.post.store import PostgresPostStore

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
DRAFT = Draft(text="words")


class Neighbourhood:
    """So many followers, nobody hidden, and timelines that remember what they were shown."""

    def __init__(self):
        self.followers = 3
        self.shown = []
        self.error = None

    async def put(self, medium):
        return Kept(url="/media/0.png", width=4, height=3)

    async def follower_count(self, user_id):
        return self.followers

    async def is_hidden(self, user_id, *, viewer_id):
        return False

    async def public_profile(self, user_id):
        return {"user_id": str(user_id)}

    async def look_for_own(self, user_id):
        pass

    async def show_own(self, post):
        if self.error:
            raise self.error
        self.shown.append(post)


class Ids(IdMinter):
    """Mints new ids, but those first that it is told to."""

    def __init__(self, mint):
        self._mint = mint
        self.first = []

    def mint(self):
        return self.first.pop(0) if self.first else self._mint()


class Unsteady:
    """A store that dies as often as it is told to, before or after it has inserted.

    Before inserting it waits for `go_on`; `reached` says that it got there.
    """

    def __init__(self, store):
        self._store = store
        self.before = self.after = 0
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()
        self.go_on.set()

    async def insert(self, post, *, once=False):
        self.reached.set()
        await self.go_on.wait()
        if self.before:
            self.before -= 1
            raise Unavailable("post_db-1 did not answer in time")
        is_stored = await self._store.insert(post, once=once)
        if self.after:
            self.after -= 1
            raise Unavailable("post_db-1 did not answer in time")
        return is_stored

    async def posts(self, post_ids):
        return await self._store.posts(post_ids)

    async def depart(self, user_id):
        await self._store.depart(user_id)

    async def delete(self, user_id, post_ids):
        return await self._store.delete(user_id, post_ids)

    async def erase(self, user_id, post_ids):
        return await self._store.erase(user_id, post_ids)


class World:
    """A post service on these stores; `author` has not posted yet."""

    def __init__(self, store, index, new_id):
        self.index, self.store, self.author = index, Unsteady(store), new_id()
        self.anybody, self.ids = Neighbourhood(), Ids(new_id)
        anybody = self.anybody
        self.service = PostService(
            store=self.store,
            index=index,
            neighbours=Neighbours(media=anybody, follows=anybody, users=anybody, timelines=anybody),
            minter=self.ids,
            policies=FixedPolicy(FeedPolicy(influencer_followers_min=100)),
        )

    async def create(self, draft=DRAFT, *, key=KEY):
        return await self.service.create(self.author, draft, key=key)

    async def posts(self):
        page = await self.service.posts_of(self.author, viewer_id=1, before=None, limit=99)
        return page.posts

    async def indexed(self):
        return await self.index.newest([self.author], before=None, limit=99)


def worlds_of_one_author(number, store, index, new_id):
    """So many processes of the service."""
    worlds = [World(store, index, new_id) for _ in range(number)]
    for world in worlds:
        world.author = worlds[0].author
    return worlds


@pytest.fixture
def world(store, index, new_id):
    return World(store, index, new_id)


async def test_a_request_sent_again_gets_its_post_again(world):
    post = await world.create()
    assert await world.create() == post
    assert await world.posts() == [post]


async def test_whoever_sends_it_again_is_shown_the_post_if_they_were_not(world):
    world.anybody.error = Unavailable("timeline did not answer in time")
    post = await world.create()
    world.anybody.error = None
    assert await world.create() == post
    assert world.anybody.shown == [post]


async def test_a_process_that_died_before_it_showed_the_post_shows_it_when_asked_again(world):
    world.store.after = 1
    with pytest.raises(Unavailable):
        await world.create()
    assert world.anybody.shown == []
    post = await world.create()
    assert world.anybody.shown == [post] == await world.posts()


@pytest.mark.parametrize("keys", [("a", "b"), (None, None), (KEY, None)])
async def test_other_requests_make_other_posts(world, keys):
    made = {await world.create(key=key) for key in keys}
    assert set(await world.posts()) == made
    assert len(made) == 2


async def test_a_request_that_says_something_else_gets_what_was_stored(world):
    post = await world.create()
    assert await world.create(Draft(text="other words")) == post


async def test_a_service_that_dies_between_index_and_store_makes_the_post_when_asked_again(world):
    world.store.before = 2
    for _ in range(2):
        with pytest.raises(Unavailable):
            await world.create()
    [post_id] = await world.indexed()
    post = await world.create()
    assert post.post_id == post_id
    assert await world.posts() == [post] == world.anybody.shown


async def test_a_post_that_is_finished_later_is_delivered_as_was_decided_first(world):
    world.store.before = 1
    with pytest.raises(Unavailable):
        await world.create()
    world.anybody.followers = 100
    post = await world.create()
    assert post.delivery is Delivery.PUSH
    assert await world.index.newest_delivery(world.author) is Delivery.PUSH


async def test_a_service_that_dies_after_it_stored_the_post_answers_it_when_asked_again(world):
    world.store.after = 1
    with pytest.raises(Unavailable):
        await world.create()
    [post] = await world.posts()
    assert await world.create() == post
    assert await world.posts() == [post]


@pytest.mark.parametrize("is_indexed", [False, True], ids=["unindexed", "still indexed"])
async def test_a_post_that_was_deleted_is_not_made_again(world, is_indexed):
    post = await world.create()
    if is_indexed:  # until the event of the deletion is handled
        await world.store.delete(world.author, [post.post_id])
    else:
        await world.service.delete(world.author, post.post_id)
    with pytest.raises(NotFound, match="what was posted with this Idempotency-Key is deleted"):
        await world.create()
    assert await world.posts() == []
    assert await world.indexed() == ([post.post_id] if is_indexed else [])


async def test_an_attempt_that_was_held_up_does_not_bring_back_what_was_deleted(
    store, index, new_id
):
    held, other = worlds_of_one_author(2, store, index, new_id)
    held.store.go_on.clear()
    attempt = asyncio.create_task(held.create())
    await held.store.reached.wait()
    post = await other.create()
    await other.service.delete(other.author, post.post_id)
    held.store.go_on.set()
    with pytest.raises(NotFound):
        await attempt
    assert await held.posts() == []


async def test_a_request_whose_id_is_anothers_gets_a_new_one_and_keeps_it(world, new_post):
    taken = new_post()
    await world.store.insert(taken)
    world.ids.first = [taken.post_id]
    post = await world.create()
    assert post.post_id != taken.post_id
    assert await world.create() == post
    assert await world.indexed() == [post.post_id]


async def test_a_request_whose_id_is_the_authors_own_gets_a_new_one(world):
    earlier = await world.create(key=None)
    world.ids.first = [earlier.post_id]
    post = await world.create()
    assert set(await world.posts()) == {post, earlier}
    assert post != earlier


async def test_requests_at_once_make_one_post(post_database, new_id):
    store, index = PostgresPostStore(post_database), PostgresAuthorIndex(post_database)
    worlds = worlds_of_one_author(12, store, index, new_id)
    made = await asyncio.gather(*(world.create() for world in worlds))
    assert await worlds[0].posts() == [made[0]]
    assert {post.post_id for post in made} == {made[0].post_id}
