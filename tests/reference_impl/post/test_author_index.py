"""Who posted what: one contract, in memory and on PostgreSQL."""

import random

import psycopg
import pytest

from model.rules.ids import ID_MAX
from model.rules.influencers import Delivery
from reference_impl.chassis.databases import load_queries
from reference_impl.post.author_index import PostgresAuthorIndex, few_of
from reference_impl.post.authors import AUTHORS_MAX

PUSH, MERGE, EDGE = Delivery.PUSH, Delivery.MERGE, Delivery.EDGE


@pytest.fixture
def entered(index, new_post, new_id):
    """Enter posts by a new author, one by one; return the author, and the posts newest first."""

    async def enter(*deliveries):
        author, post_ids = new_id(), sorted(new_id() for _ in deliveries)
        for post_id, delivery in zip(post_ids, deliveries, strict=True):
            await index.add(new_post(post_id=post_id, user_id=author, delivery=delivery))
        return author, post_ids[::-1]

    return enter


async def test_the_newest_of_all_authors_come_newest_first(index, entered):
    one, ones = await entered(PUSH, PUSH, PUSH)
    two, twos = await entered(PUSH, PUSH)
    both = sorted(ones + twos, reverse=True)
    assert await index.newest([one, two], before=None, limit=10) == both
    assert await index.newest([one, two], before=None, limit=4) == both[:4]
    assert await index.newest([two], before=None, limit=10) == twos


async def test_the_page_below_a_post_begins_with_the_next(index, entered):
    author, posts = await entered(*[PUSH] * 5)
    assert await index.newest([author], before=posts[1], limit=2) == posts[2:4]
    assert await index.newest([author], before=posts[1] - 1, limit=9) == posts[2:]
    assert await index.newest([author], before=posts[-1], limit=2) == []
    assert await index.newest([author], before=ID_MAX, limit=9) == posts


async def test_authors_without_posts_add_nothing(index, entered, new_id):
    author, posts = await entered(PUSH)
    assert await index.newest([new_id(), author, new_id()], before=None, limit=2) == posts
    assert await index.newest([], before=None, limit=2) == []


async def test_an_author_named_twice_is_one(index, entered):
    author, posts = await entered(PUSH, PUSH)
    assert await index.newest([author, author], before=None, limit=9) == posts


async def test_only_some_deliveries_may_be_asked_for(index, entered):
    author, [edge, merged, pushed] = await entered(PUSH, MERGE, EDGE)
    gathered = {"before": None, "limit": 9, "deliveries": [MERGE, EDGE]}
    assert await index.newest([author], **gathered) == [edge, merged]
    found = await index.newest_of_each([author], limit=9, deliveries=[PUSH])
    assert found == {author: [pushed]}
    assert await index.newest([author], before=None, limit=9, deliveries=[]) == []


@pytest.mark.parametrize("seed", range(12))
async def test_no_post_is_missed_however_unevenly_authors_post(index, new_post, new_id, seed):
    chance = random.Random(seed)
    authors = [new_id() for _ in range(chance.choice([1, 3, 20]))]
    skew = [chance.random() ** 4 for _ in authors]
    posts = [
        new_post(
            user_id=chance.choices(authors, skew)[0], delivery=chance.choice([PUSH, PUSH, MERGE])
        )
        for _ in range(150)
    ]
    for post in posts:
        await index.add(post)
    before = chance.choice([None, posts[100].post_id])
    deliveries = chance.choice([[PUSH, MERGE], [MERGE]])
    limit = chance.choice([1, 7, 40, 200])
    expected = [
        post.post_id
        for post in posts
        if (before is None or post.post_id < before) and post.delivery in deliveries
    ]
    found = await index.newest(authors, before=before, limit=limit, deliveries=deliveries)
    assert found == sorted(expected, reverse=True)[:limit]


async def test_each_author_has_a_list_of_its_own(index, entered, new_id):
    one, ones = await entered(PUSH, PUSH, PUSH)
    two, twos = await entered(PUSH)
    silent = new_id()
    found = await index.newest_of_each([one, two, silent], limit=2, deliveries=list(Delivery))
    assert found == {one: ones[:2], two: twos, silent: []}


async def test_a_post_is_entered_once(index, new_post):
    post = new_post()
    assert await index.add(post)
    assert not await index.add(post)
    assert await index.newest([post.user_id], before=None, limit=9) == [post.post_id]


async def test_two_authors_may_enter_the_same_id(index, new_post, new_id):
    # As happens when an id was taken, and whoever tried it died before removing the entry.
    post = new_post()
    other = new_id()
    assert await index.add(post)
    assert await index.add(new_post(post_id=post.post_id, user_id=other))


async def test_what_is_removed_is_not_found(index, entered):
    author, posts = await entered(PUSH, PUSH, PUSH)
    for _ in range(2):
        await index.remove(author, [posts[0], posts[2]])
    assert await index.newest([author], before=None, limit=9) == [posts[1]]


async def test_an_entry_is_removed_for_its_author_only(index, entered, new_id):
    author, posts = await entered(PUSH)
    await index.remove(new_id(), posts)
    assert await index.newest([author], before=None, limit=9) == posts


async def test_the_newest_post_says_how_it_is_delivered(index, entered, new_id):
    author, posts = await entered(PUSH, EDGE, MERGE)
    assert await index.newest_delivery(author) is MERGE
    await index.remove(author, posts[:1])
    assert await index.newest_delivery(author) is EDGE
    assert await index.newest_delivery(new_id()) is None


async def test_posts_are_counted_from_an_id_on_and_to_a_limit(index, entered, new_id):
    author, posts = await entered(*[PUSH] * 5)
    silent = new_id()
    since = {"since": posts[3], "count_max": 9}
    assert await index.counts([author, silent], **since) == {author: 4, silent: 0}
    assert await index.counts([author], since=0, count_max=2) == {author: 2}


async def merge_authors_of(index):
    found, after = [], 0
    while page := await index.merge_authors(after=after, limit=3):
        assert page == sorted(page)
        found += page
        after = page[-1]
    return found


async def test_who_ever_had_a_post_to_merge_is_among_those_to_merge(index, entered):
    pushed, _ = await entered(PUSH, EDGE)
    merged, posts = await entered(MERGE, PUSH)
    await index.remove(merged, posts)
    found = await merge_authors_of(index)
    assert merged in found
    assert pushed not in found


async def test_authors_to_merge_come_in_pages_without_gap_or_double(index, entered):
    authors = [(await entered(MERGE, MERGE))[0] for _ in range(10)]
    found = await merge_authors_of(index)
    assert [author for author in found if author in authors] == sorted(authors)


async def test_one_who_is_forgotten_is_not_merged(index, entered):
    author, _ = await entered(MERGE)
    await index.forget(author)
    await index.forget(author)
    assert author not in await merge_authors_of(index)


@pytest.mark.parametrize(("authors", "few"), [(0, 800), (1, 800), (100, 80), (640_000, 1)])
def test_the_more_authors_the_fewer_posts_of_each_are_read_at_first(authors, few):
    assert few_of(800, authors) == few


SIZES = {"authors": 6_000, "posts": 20}


@pytest.fixture
def crowded(engines):
    """A database with 6,000 authors of 20 posts each, as the planner knows; gone afterwards."""
    with psycopg.connect(engines.post_databases[0]) as connection:
        connection.execute(
            "INSERT INTO author_posts SELECT author, n * 7_919 + author, 'push'"
            " FROM generate_series(1, %(authors)s) AS author,"
            " generate_series(1, %(posts)s) AS n",
            SIZES,
        )
        connection.execute("ANALYZE author_posts")
        yield connection
        connection.rollback()


ASKED = {"deliveries": ["push", "merge", "edge"], "before": ID_MAX, "limit": 800, "few": 12}


@pytest.mark.parametrize("plan", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("query", ["newest", "newest_of_each", "counts"])
def test_posts_of_5_000_authors_are_found_by_the_index(crowded, query, plan):
    text = load_queries("reference_impl.post")[query].encode()
    crowded.execute(f"SET LOCAL plan_cache_mode = {plan}".encode())
    asked = {**ASKED, "author_ids": list(range(1, AUTHORS_MAX + 1)), "since": 9, "count_max": 3_000}
    rows = crowded.execute(b"EXPLAIN " + text, asked, prepare=True).fetchall()
    steps = "\n".join(row[0] for row in rows)
    assert "author_posts_pkey" in steps
    assert "Seq Scan" not in steps


async def test_of_5_000_authors_the_newest_are_found(post_database, new_post, new_id):
    index = PostgresAuthorIndex(post_database)
    posts = [new_post() for _ in range(30)]
    for post in posts:
        await index.add(post)
    others = [new_id() for _ in range(AUTHORS_MAX - 30)]
    asked = [*others, *(post.user_id for post in posts)]
    found = await index.newest(asked, before=None, limit=20)
    assert found == sorted((post.post_id for post in posts), reverse=True)[:20]
