from dataclasses import replace
from itertools import count

import pytest

from model.rules.ids import EPOCH_MS, IdMinter
from model.rules.influencers import Delivery
from model.rules.policy import FeedPolicy, Strategy
from reference_impl.chassis.errors import BadRequest, NotFound, Unavailable
from reference_impl.chassis.policies import FixedPolicy
from reference_impl.post.memory import MemoryAuthorIndex, MemoryPostStore
from reference_impl.post.posts import Draft, Kept, Medium, PostType
from reference_impl.post.service import POSTS_MAX, ROUNDS_MAX, Neighbours, PostService

PUSH, MERGE, EDGE = Delivery.PUSH, Delivery.MERGE, Delivery.EDGE
IMAGE = Draft(
    medium=Medium(data=b"\x89PNG\r\n\x1a\n", content_type="image/png"),
    caption="hello",
    alt_text="a hand",
)
VIDEO = Draft(medium=Medium(data=b"\0\0\0\x10ftypmp42", content_type="video/mp4"))
TEXT = Draft(text="words")


class Media:
    """Takes everything; remembers it."""

    def __init__(self):
        self.stored = []

    async def put(self, medium):
        self.stored.append(medium)
        return Kept(url=f"/media/{len(self.stored)}", width=4, height=3)


class Follows:
    """Gives everybody the same fame, and hides whom it is told to."""

    def __init__(self):
        self.follower_counts = 3
        self.hidden = set()
        self.looking = []
        self.error = None

    async def follower_count(self, user_id):
        return self.follower_counts

    async def is_hidden(self, user_id, *, viewer_id):
        return (viewer_id, user_id) in self.hidden

    async def look_for_own(self, user_id):
        if self.error:
            raise self.error
        self.looking.append(user_id)


class Users:
    """Knows everybody below 100."""

    async def public_profile(self, user_id):
        return {"user_id": str(user_id)} if user_id < 100 else None


class Timelines:
    """Shows posts, unless it is away."""

    def __init__(self):
        self.shown = []
        self.error = None

    async def show_own(self, post):
        if self.error:
            raise self.error
        self.shown.append(post)


class World:
    """A post service, and everything about it, in one process."""

    def __init__(self, *, store=None, index=None, minter=None):
        self.store = store or MemoryPostStore()
        self.index = index or MemoryAuthorIndex()
        self.media, self.follows, self.timelines = Media(), Follows(), Timelines()
        self.policies = FixedPolicy(FeedPolicy(influencer_followers_min=100))
        self.service = PostService(
            store=self.store,
            index=self.index,
            neighbours=Neighbours(
                media=self.media, follows=self.follows, users=Users(), timelines=self.timelines
            ),
            minter=minter or Steady(),
            policies=self.policies,
        )

    async def index_of(self, user_id):
        return await self.index.newest([user_id], before=None, limit=999)

    def kinds_told(self):
        return [kind for kind, _ in self.store.events]


class Steady(IdMinter):
    """A minter that counts."""

    def __init__(self):
        self._ids = count(1)

    def mint(self):
        return next(self._ids)


class Stuck(Steady):
    """A minter that says the first id over and over, then others."""

    def __init__(self, repeats):
        self._ids = count(2 - repeats)

    def mint(self):
        return max(1, super().mint())


class FullStore(MemoryPostStore):
    async def insert(self, post, *, once=False):
        return False


class Away(MemoryPostStore):
    """A store that dies when a post is to be written."""

    async def insert(self, post, *, once=False):
        raise Unavailable("post_db-1 did not answer in time")


class Forgetful(MemoryAuthorIndex):
    """An index whose server is away when an entry is to be removed."""

    async def remove(self, user_id, post_ids):
        raise Unavailable("post_db-2 did not answer in time")


@pytest.mark.parametrize(
    ("draft", "post_type", "media"),
    [(IMAGE, PostType.IMAGE, 1), (VIDEO, PostType.VIDEO, 1), (TEXT, PostType.TEXT, 0)],
)
async def test_a_post_is_stored_with_its_medium_and_read_back(draft, post_type, media):
    world = World(minter=IdMinter(lambda: EPOCH_MS + 5, 0))
    post = await world.service.create(7, draft)
    assert world.media.stored == [draft.medium][:media]
    assert (post.user_id, post.post_type) == (7, post_type)
    assert post.media_url == ("/media/1" if media else "")
    assert (post.caption, post.alt_text, post.text) == (draft.caption, draft.alt_text, draft.text)
    assert post.created_ms == EPOCH_MS + 5
    assert await world.service.posts([post.post_id, 1]) == [post]


async def test_a_post_is_indexed_and_told_of():
    world = World()
    post = await world.service.create(7, TEXT)
    assert await world.index_of(7) == [post.post_id]
    assert [(kind, body["post_id"]) for kind, body in world.store.events] == [
        ("post.created", str(post.post_id))
    ]


async def test_a_post_is_in_the_index_before_it_can_be_seen():
    world = World(store=Away())
    with pytest.raises(Unavailable):
        await world.service.create(7, TEXT)
    assert await world.index_of(7) == [1]


@pytest.mark.parametrize(("followers", "delivery"), [(99, PUSH), (100, MERGE), (101, MERGE)])
async def test_fame_decides_the_delivery(followers, delivery):
    world = World()
    world.follows.follower_counts = followers
    post = await world.service.create(7, TEXT)
    assert (post.delivery, post.follower_count) == (delivery, followers)


@pytest.mark.parametrize(("strategy", "delivery"), [("pull", MERGE), ("per_edge", EDGE)])
async def test_the_policy_of_the_moment_decides_the_delivery(strategy, delivery):
    world = World()
    assert (await world.service.create(7, TEXT)).delivery is PUSH
    world.policies.policy = FeedPolicy(strategy=Strategy(strategy))
    assert (await world.service.create(7, TEXT)).delivery is delivery


async def test_an_influencer_stays_one_until_below_the_share_of_the_threshold():
    world = World()
    deliveries = []
    for followers in (90, 100, 90, 80, 79, 90):
        world.follows.follower_counts = followers
        deliveries.append((await world.service.create(7, TEXT)).delivery)
    assert deliveries == [PUSH, MERGE, MERGE, MERGE, PUSH, PUSH]


async def test_another_authors_fame_does_not_count():
    world = World()
    world.follows.follower_counts = 100
    await world.service.create(8, TEXT)
    world.follows.follower_counts = 90
    assert (await world.service.create(7, TEXT)).delivery is PUSH


async def test_the_author_is_shown_the_post_once_it_is_stored():
    world = World()
    post = await world.service.create(7, TEXT)
    assert world.timelines.shown == [post]


@pytest.mark.parametrize(
    "error", [Unavailable("timeline did not answer in time"), NotFound("no such route")]
)
async def test_an_author_who_cannot_be_shown_the_post_looks_for_it(error, caplog):
    world = World()
    world.timelines.error = error
    post = await world.service.create(7, TEXT)
    assert await world.service.posts([post.post_id]) == [post]
    assert world.follows.looking == [7]
    assert str(error) in caplog.text


async def test_an_author_who_was_shown_the_post_need_not_look_for_it():
    world = World()
    await world.service.create(7, TEXT)
    assert world.follows.looking == []


async def test_a_post_is_a_post_even_if_its_author_cannot_even_look_for_it(caplog):
    world = World()
    world.timelines.error = Unavailable("timeline did not answer in time")
    world.follows.error = Unavailable("follow did not answer in time")
    post = await world.service.create(7, TEXT)
    assert await world.service.posts([post.post_id]) == [post]
    assert "left to the event: follow did not answer in time" in caplog.text


async def test_a_post_that_is_not_stored_is_not_shown():
    world = World(store=Away())
    with pytest.raises(Unavailable):
        await world.service.create(7, TEXT)
    assert world.timelines.shown == []


async def test_an_id_that_is_taken_is_minted_again():
    world = World(minter=Stuck(repeats=3))
    first = await world.service.create(7, replace(TEXT, text="first"))
    second = await world.service.create(7, replace(TEXT, text="second"))
    assert [first.post_id, second.post_id] == [1, 2]
    assert await world.service.posts([1, 2]) == [first, second]
    assert await world.index_of(7) == [2, 1]


async def test_an_id_that_another_author_took_leaves_no_entry():
    world = World(minter=Stuck(repeats=2))
    first = await world.service.create(7, TEXT)
    second = await world.service.create(8, TEXT)
    assert await world.index_of(7) == [first.post_id]
    assert await world.index_of(8) == [second.post_id]


async def test_minting_again_has_an_end():
    world = World(store=FullStore())
    with pytest.raises(Unavailable, match="no free post id"):
        await world.service.create(7, TEXT)
    assert await world.index_of(7) == []


@pytest.mark.parametrize("asked", [0, POSTS_MAX + 1])
async def test_one_question_names_1_to_100_posts(asked):
    with pytest.raises(BadRequest, match=f"got {asked}"):
        await World().service.posts(list(range(asked)))


async def test_a_deleted_post_is_gone_from_everywhere():
    world = World()
    post = await world.service.create(7, TEXT)
    await world.service.delete(7, post.post_id)
    assert await world.service.posts([post.post_id]) == []
    assert await world.index_of(7) == []
    assert world.kinds_told() == ["post.created", "post.deleted"]


@pytest.mark.parametrize("who", [7, 8])
async def test_a_post_is_deleted_once_and_by_its_author(who):
    world = World()
    post = await world.service.create(7, TEXT)
    if who == 7:
        await world.service.delete(7, post.post_id)
    with pytest.raises(NotFound, match=f"user {who} has no post {post.post_id}"):
        await world.service.delete(who, post.post_id)
    assert await world.index_of(7) == ([] if who == 7 else [post.post_id])


async def test_a_post_is_deleted_even_if_its_entry_must_wait(caplog):
    world = World(index=Forgetful())
    post = await world.service.create(7, TEXT)
    await world.service.delete(7, post.post_id)
    assert await world.service.posts([post.post_id]) == []
    assert "post_db-2" in caplog.text


async def test_a_post_is_seen_with_its_author():
    world = World()
    post = await world.service.create(7, TEXT)
    assert await world.service.post_seen_by(8, post.post_id) == (post, {"user_id": "7"})


async def test_a_post_is_not_seen_by_one_whom_a_block_hides_it_from():
    world = World()
    post = await world.service.create(7, TEXT)
    world.follows.hidden.add((8, 7))
    with pytest.raises(NotFound, match=f"no post {post.post_id}"):
        await world.service.post_seen_by(8, post.post_id)
    await world.service.post_seen_by(9, post.post_id)


async def test_nobody_is_hidden_from_oneself():
    world = World()
    post = await world.service.create(7, TEXT)
    world.follows.hidden.add((7, 7))
    assert (await world.service.post_seen_by(7, post.post_id))[0] == post


@pytest.mark.parametrize("post_id", [1, 12])
async def test_a_post_without_author_is_gone_as_one_that_never_was(post_id):
    world = World()
    await world.service.create(100, TEXT)
    with pytest.raises(NotFound, match=f"no post {post_id}"):
        await world.service.post_seen_by(7, post_id)


async def scrolled(world, user_id, *, limit, viewer_id=8):
    """All pages of a user's posts, as ids."""
    pages, before = [], None
    while True:
        page = await world.service.posts_of(
            user_id, viewer_id=viewer_id, before=before, limit=limit
        )
        pages.append([post.post_id for post in page.posts])
        if page.last_scanned is None:
            return pages
        before = page.last_scanned


async def test_a_users_posts_come_in_pages_newest_first():
    world = World()
    for author in (7, 8, 7, 7, 8, 7, 7):
        await world.service.create(author, TEXT)
    assert await scrolled(world, 7, limit=2) == [[7, 6], [4, 3], [1]]
    assert await scrolled(world, 8, limit=2) == [[5, 2]]
    assert await scrolled(world, 9, limit=2) == [[]]


async def test_a_page_is_refilled_where_posts_are_missing():
    world = World()
    for _ in range(9):
        await world.service.create(7, TEXT)
    await world.store.delete(7, [8, 7, 4])  # of which the index does not know yet
    assert await scrolled(world, 7, limit=2) == [[9, 6], [5, 3], [2, 1]]


async def test_a_page_of_gaps_only_ends_and_tells_where_to_go_on():
    world = World()
    for _ in range(2 * ROUNDS_MAX + 3):
        await world.service.create(7, TEXT)
    await world.store.delete(7, list(range(4, 2 * ROUNDS_MAX + 4)))
    page = await world.service.posts_of(7, viewer_id=8, before=None, limit=2)
    assert (page.posts, page.last_scanned) == ([], 4)
    assert await scrolled(world, 7, limit=2) == [[], [3, 2], [1]]


async def test_a_page_shows_no_post_of_another_who_took_the_id():
    world = World()
    post = await world.service.create(8, TEXT)
    await world.index.add(replace(post, user_id=7))
    assert await scrolled(world, 7, limit=2) == [[]]


async def test_posts_of_one_who_is_hidden_or_nobody_are_not_found():
    world = World()
    world.follows.hidden.add((8, 7))
    for user_id in (7, 100):
        with pytest.raises(NotFound, match=f"no user {user_id}"):
            await world.service.posts_of(user_id, viewer_id=8, before=None, limit=2)
