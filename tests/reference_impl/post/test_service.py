from itertools import count

import pytest

from model.rules.ids import EPOCH_MS, IdMinter
from model.rules.influencers import Delivery
from reference_impl.chassis.errors import BadRequest, Unavailable
from reference_impl.post.memory import MemoryPostStore
from reference_impl.post.service import POSTS_MAX, Image, PostService

IMAGE = Image(data=b"\x89PNG\r\n\x1a\n", content_type="image/png")


class Media:
    """Takes every image; remembers them."""

    def __init__(self):
        self.stored = []

    async def put(self, image):
        self.stored.append(image)
        return "/media/0.png"


class Follows:
    """Gives everybody the same fame."""

    def __init__(self, follower_count):
        self._follower_count = follower_count

    async def follower_count(self, user_id):
        return self._follower_count


class Stuck:
    """A minter that says the same id over and over, then another."""

    def __init__(self, repeats):
        self._ids = count(1 - repeats)

    def mint(self):
        return max(0, next(self._ids))


class FullStore(MemoryPostStore):
    async def insert(self, post):
        return False


def service_on(store, *, media=None, followers=3, minter=None):
    return PostService(
        store=store,
        media=media or Media(),
        follows=Follows(followers),
        minter=minter or IdMinter(lambda: EPOCH_MS + 5, 0),
        influencer_followers_min=100,
    )


async def test_a_post_is_stored_with_its_image_and_read_back():
    store, media = MemoryPostStore(), Media()
    post = await service_on(store, media=media).create(7, IMAGE, "hello")
    assert media.stored == [IMAGE]
    assert (post.user_id, post.image_url, post.caption) == (7, "/media/0.png", "hello")
    assert post.created_ms == EPOCH_MS + 5
    assert store.published == [post]
    assert await service_on(store).posts([post.post_id, 1]) == [post]


@pytest.mark.parametrize(
    ("followers", "delivery"), [(99, Delivery.PUSH), (100, Delivery.MERGE), (101, Delivery.MERGE)]
)
async def test_fame_decides_the_delivery(followers, delivery):
    post = await service_on(MemoryPostStore(), followers=followers).create(7, IMAGE, "")
    assert (post.delivery, post.follower_count) == (delivery, followers)


async def test_an_id_that_is_taken_is_minted_again():
    store = MemoryPostStore()
    service = service_on(store, minter=Stuck(repeats=3))
    first = await service.create(7, IMAGE, "first")
    second = await service.create(7, IMAGE, "second")
    assert [first.post_id, second.post_id] == [0, 1]
    assert [post.caption for post in store.published] == ["first", "second"]


async def test_minting_again_has_an_end():
    with pytest.raises(Unavailable, match="no free post id"):
        await service_on(FullStore()).create(7, IMAGE, "")


@pytest.mark.parametrize("asked", [0, POSTS_MAX + 1])
async def test_one_question_names_1_to_100_posts(asked):
    with pytest.raises(BadRequest, match=f"got {asked}"):
        await service_on(MemoryPostStore()).posts(list(range(asked)))
