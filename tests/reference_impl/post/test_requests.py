"""What the index and the store remember of a request with a key: one contract for both."""

import asyncio
from dataclasses import replace

import pytest

from model.rules.influencers import Delivery
from reference_impl.post import author_index
from reference_impl.post.author_index import PostgresAuthorIndex
from reference_impl.post.authors import Entry

ONE, TWO = b"\0" * 32, b"\xff" * 32


def entry_of(post):
    return Entry(post_id=post.post_id, delivery=post.delivery)


# The index


@pytest.fixture
def two_posts(new_post, new_id):
    author = new_id()
    return new_post(user_id=author), new_post(user_id=author, delivery=Delivery.MERGE)


async def entries(index, post):
    return await index.newest([post.user_id], before=None, limit=9)


async def test_a_request_keeps_the_first_post_that_is_entered_for_it(index, two_posts):
    first, second = two_posts
    assert await index.add(first, ONE) == entry_of(first)
    assert await index.add(second, ONE) == entry_of(first)
    assert await entries(index, first) == [first.post_id]


async def test_a_post_that_is_not_entered_makes_nobody_one_to_merge(index, two_posts):
    first, second = two_posts
    await index.add(first, ONE)
    await index.add(second, ONE)
    author = first.user_id
    assert author not in await index.merge_authors(after=author - 1, limit=1)


async def test_with_a_request_too_an_author_may_become_one_to_merge(index, two_posts):
    _, post = two_posts
    await index.add(post, ONE)
    assert await index.merge_authors(after=post.user_id - 1, limit=1) == [post.user_id]


async def test_another_request_is_for_another_post(index, two_posts):
    first, second = two_posts
    await index.add(first, ONE)
    assert await index.add(second, TWO) == entry_of(second)


async def test_without_a_request_every_post_is_another(index, two_posts):
    first, second = two_posts
    assert await index.add(first) == entry_of(first)
    assert await index.add(second) == entry_of(second)


async def test_another_authors_request_is_another(index, new_post):
    first, second = new_post(), new_post()
    await index.add(first, ONE)
    assert await index.add(second, ONE) == entry_of(second)


async def test_a_request_keeps_its_post_when_the_entry_is_removed(index, two_posts):
    first, second = two_posts
    await index.add(first, ONE)
    await index.remove(first.user_id, [first.post_id])
    assert await index.add(second, ONE) == entry_of(first)
    assert await entries(index, first) == []


async def test_a_request_whose_id_the_author_has_already_is_not_entered(index, two_posts):
    first, second = two_posts
    await index.add(first)
    assert await index.add(first, ONE) is None
    assert await index.add(second, ONE) == entry_of(second)


async def test_a_withdrawn_request_may_have_another_post(index, two_posts):
    first, second = two_posts
    await index.add(first, ONE)
    await index.withdraw(first, ONE)
    assert await entries(index, first) == []
    assert await index.add(second, ONE) == entry_of(second)


async def test_withdrawing_a_post_leaves_the_one_that_the_request_has(index, two_posts, new_post):
    first, second = two_posts
    await index.add(second, ONE)
    await index.withdraw(first, ONE)
    assert await index.add(new_post(user_id=first.user_id), ONE) == entry_of(second)


async def test_a_post_without_request_is_withdrawn_alone(index, two_posts):
    first, second = two_posts
    await index.add(first)
    await index.add(second, ONE)
    await index.withdraw(first, None)
    assert await entries(index, first) == [second.post_id]
    assert await index.add(first, ONE) == entry_of(second)


async def test_with_a_user_go_the_requests_in_parts(index, new_post, new_id, monkeypatch):
    monkeypatch.setattr(author_index, "FORGOTTEN_MAX", 2)
    author = new_id()
    requests = [bytes([number]) for number in range(5)]
    for request in requests:
        await index.add(new_post(user_id=author), request)
    other = new_post()
    await index.add(other, ONE)
    await index.forget(author)
    for request in requests:
        post = new_post(user_id=author)
        assert await index.add(post, request) == entry_of(post)
    assert await index.add(new_post(user_id=other.user_id), ONE) == entry_of(other)


async def test_requests_at_once_agree_on_one_post(post_database, new_post, new_id):
    index, author = PostgresAuthorIndex(post_database), new_id()
    posts = [new_post(user_id=author) for _ in range(20)]
    found = await asyncio.gather(*(index.add(post, ONE) for post in posts))
    [post_id] = await index.newest([author], before=None, limit=99)
    assert set(found) == {Entry(post_id=post_id, delivery=Delivery.PUSH)}


async def test_a_request_learns_of_a_post_that_is_entered_while_it_waits(post_database, two_posts):
    index, (first, second) = PostgresAuthorIndex(post_database), two_posts
    async with (
        post_database.connection_of_id(first.user_id) as connection,
        connection.transaction(),
    ):
        await connection.execute(
            "INSERT INTO post_requests VALUES (%s, %s, %s, 'push')",
            [first.user_id, ONE, first.post_id],
        )
        waiting = asyncio.create_task(index.add(second, ONE))
        await asyncio.sleep(0.1)
        assert not waiting.done()
    assert await waiting == entry_of(first)


# The store


async def test_what_was_stored_once_is_not_stored_again(store, new_post):
    post = new_post()
    assert await store.insert(post, once=True)
    assert not await store.insert(replace(post, caption="usurper"), once=True)
    assert await store.posts([post.post_id]) == [post]


async def test_what_was_stored_once_stays_deleted(store, new_post):
    post = new_post()
    await store.insert(post, once=True)
    await store.delete(post.user_id, [post.post_id])
    assert not await store.insert(post, once=True)
    assert await store.posts([post.post_id]) == []


async def test_an_id_that_is_taken_is_not_stored_once_and_may_be_when_it_is_free(store, new_post):
    post, other = new_post(), new_post()
    other = replace(other, post_id=post.post_id)
    await store.insert(other)
    assert not await store.insert(post, once=True)
    assert await store.posts([post.post_id]) == [other]
    await store.delete(other.user_id, [post.post_id])
    assert await store.insert(post, once=True)
