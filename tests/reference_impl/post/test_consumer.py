"""What outlives its post or its author is removed, however often that is begun."""

import pytest

from model.rules.influencers import Delivery
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.events import Event
from reference_impl.post import consumer
from reference_impl.post.consumer import Erasure


def event_of(kind, **body):
    return Event(event_id="post_db-1:1", kind=kind, at_s=0.0, body=body)


@pytest.fixture
def published(store, index, new_post, new_id):
    """Store and index so many posts of a new user; return the user and the ids."""

    async def publish(number, delivery=Delivery.PUSH):
        author = new_id()
        ids = [new_id() for _ in range(number)]
        for post_id in ids:
            post = new_post(post_id=post_id, user_id=author, delivery=delivery)
            await index.add(post)
            await store.insert(post)
        return author, ids

    return publish


async def test_the_entry_of_a_deleted_post_is_removed(store, index, published):
    author, [gone, kept] = await published(2)
    event = event_of("post.deleted", post_id=str(gone), user_id=str(author), delivery="push")
    for _ in range(2):
        await Erasure(store, index).handle(event)
    assert await index.newest([author], before=None, limit=9) == [kept]


async def test_with_a_user_all_posts_go(store, index, published, monkeypatch):
    monkeypatch.setattr(consumer, "BATCH_MAX", 3)
    author, ids = await published(8, Delivery.MERGE)
    other, others = await published(1)
    await Erasure(store, index).handle(event_of("user.deleted", user_id=str(author)))
    assert await store.posts([*ids, *others]) == await store.posts(others) != []
    assert await index.newest([author, other], before=None, limit=9) == others
    assert author not in await index.merge_authors(after=author - 1, limit=1)


async def test_an_entry_without_a_post_goes_too(store, index, new_post):
    post = new_post()
    await index.add(post)
    await Erasure(store, index).handle(event_of("user.deleted", user_id=str(post.user_id)))
    assert await index.newest([post.user_id], before=None, limit=9) == []


async def test_events_of_other_kinds_pass(store, index, published):
    author, ids = await published(1)
    for kind in ("post.created", "user.updated"):
        body = {"post_id": str(ids[0]), "user_id": str(author)}
        await Erasure(store, index).handle(event_of(kind, **body))
    assert await index.newest([author], before=None, limit=9) == ids


class DyingOnce:
    """A store that dies in the middle of the first deletion; `deleted` is what it deleted."""

    def __init__(self, store):
        self._store = store
        self._dies = True
        self.deleted = []

    async def depart(self, user_id):
        await self._store.depart(user_id)

    async def erase(self, user_id, post_ids):
        dies, self._dies = self._dies, False
        some = post_ids[: len(post_ids) // 2] if dies else post_ids
        self.deleted += await self._store.erase(user_id, some)
        if dies:
            raise Unavailable("post_db-2 did not answer in time")


async def test_what_was_half_done_is_finished_the_next_time(store, index, published):
    author, ids = await published(8)
    dying = DyingOnce(store)
    event = event_of("user.deleted", user_id=str(author))
    with pytest.raises(Unavailable):
        await Erasure(dying, index).handle(event)
    await Erasure(dying, index).handle(event)
    assert await store.posts(ids) == []
    assert sorted(dying.deleted) == sorted(ids)  # each once, and so each told of once
