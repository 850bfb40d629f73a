import pytest

from model.rules.ids import EPOCH_MS, id_of
from model.rules.influencers import Delivery
from reference_impl.chassis.errors import BadRequest
from reference_impl.post.authors import (
    AUTHORS_MAX,
    LISTED_MAX,
    LISTS_MAX,
    RATED_MAX,
    AuthorsService,
)
from reference_impl.post.memory import MemoryAuthorIndex

DAY_MS = 86_400_000
NOW_MS = EPOCH_MS + 100 * DAY_MS
ALL = list(Delivery)


@pytest.fixture
def index():
    return MemoryAuthorIndex()


def service_on(index, now_ms=NOW_MS):
    return AuthorsService(index, lambda: now_ms)


async def enter(index, new_post, *days_ago, user_id=7):
    for day in days_ago:
        post_id = id_of(NOW_MS - round(day * DAY_MS), 0, 0)
        await index.add(new_post(post_id=post_id, user_id=user_id))


async def test_the_rate_is_that_of_the_last_30_days(index, new_post):
    await enter(index, new_post, 0, 1, 29.9, 30.1, 80)
    assert await service_on(index).posts_per_day([7, 8]) == {7: 3 / 30, 8: 0.0}


async def test_before_ids_began_nobody_posted(index, new_post):
    await enter(index, new_post, 99)
    assert await service_on(index, EPOCH_MS + DAY_MS).posts_per_day([7]) == {7: 1 / 30}


async def test_posts_are_counted_to_a_limit(index, new_post):
    for sequence in range(RATED_MAX + 5):
        post_id = id_of(NOW_MS, sequence >> 10, sequence & 1023)
        await index.add(new_post(post_id=post_id, user_id=7))
    assert await service_on(index).posts_per_day([7]) == {7: RATED_MAX / 30}


@pytest.mark.parametrize("too_many", [0, 1])
async def test_whom_one_may_follow_may_be_asked_about_and_no_more(index, too_many):
    service, authors = service_on(index), list(range(AUTHORS_MAX + too_many))
    for question in (
        service.newest(authors, before=None, limit=1, deliveries=ALL),
        service.posts_per_day(authors),
    ):
        if too_many:
            with pytest.raises(BadRequest, match=f"at most {AUTHORS_MAX}, got {AUTHORS_MAX + 1}"):
                await question
        else:
            await question


@pytest.mark.parametrize(
    ("authors", "limit", "complaint"),
    [
        (LISTS_MAX, LISTED_MAX // LISTS_MAX, None),
        (LISTS_MAX + 1, 1, f"at most {LISTS_MAX}, got {LISTS_MAX + 1}"),
        (LISTS_MAX, LISTED_MAX // LISTS_MAX + 1, f"must be at most {LISTED_MAX}"),
    ],
)
async def test_lists_in_one_answer_have_a_limit(index, authors, limit, complaint):
    question = service_on(index).newest_of_each(range(authors), limit=limit, deliveries=ALL)
    if complaint is None:
        assert len(await question) == authors
    else:
        with pytest.raises(BadRequest, match=complaint):
            await question
