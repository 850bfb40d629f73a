"""The stations that requests visit, and how often, are those of the model on the same way."""

from dataclasses import replace

import pytest

LIMITED = pytest.mark.parametrize("rate_limits", [True, False])


@pytest.fixture
def model_of(modelled, modelled_without_limits):
    return lambda rate_limits: modelled if rate_limits else modelled_without_limits


async def reader(house, **options):
    """Somebody whose timeline is there, with a post of their own in it."""
    person = await house.person(**options)
    await person.post()
    await person.page()
    return person


@LIMITED
async def test_registering_and_signing_in(house, model_of, rate_limits):
    person = await house.newcomer(rate_limits=rate_limits)
    assert await person.register() == model_of(rate_limits).visits("register")
    assert await person.login() == model_of(rate_limits).visits("login")


@LIMITED
async def test_posting_an_image(house, model_of, rate_limits):
    ada = await reader(house, rate_limits=rate_limits)
    _, visits = await ada.post()
    assert visits == model_of(rate_limits).visits("post")


@LIMITED
async def test_following_and_unfollowing(house, model_of, rate_limits):
    ada, bob = [await house.person(rate_limits=rate_limits) for _ in range(2)]
    assert await ada.follow(bob) == model_of(rate_limits).visits("follow")
    assert await ada.unfollow(bob) == model_of(rate_limits).visits("unfollow")


@LIMITED
async def test_reading_a_page_of_a_timeline_that_is_there(house, model_of, rate_limits):
    ada = await reader(house, rate_limits=rate_limits)
    posts, visits = await ada.page()
    model = model_of(rate_limits)
    assert visits == model.visits("newsfeed", page_servers=house.servers_of(posts))


async def test_the_first_page_after_a_follow_covers_it(house, modelled):
    ada, bob = [await reader(house) for _ in range(2)]
    await ada.follow(bob)
    posts, visits = await ada.page()
    assert visits == modelled.visits(
        "newsfeed", page_servers=house.servers_of(posts), cover_share=1.0, follow_share=1.0
    )


async def test_the_first_page_after_an_unfollow_covers_it(house, modelled):
    ada, bob = [await reader(house) for _ in range(2)]
    await ada.follow(bob)
    scanned, _ = await ada.page()  # what Bob posted is found again, and then left out
    await ada.unfollow(bob)
    _, visits = await ada.page()
    assert visits == modelled.visits(
        "newsfeed", page_servers=house.servers_of(scanned), cover_share=1.0, follow_share=0.0
    )


async def star_with_fans(house):
    """Somebody whose post is kept to be merged, and three who follow them."""
    star, *fans = [await reader(house) for _ in range(4)]
    for fan in fans:
        await fan.follow(star)
    post, _ = await star.post()
    store = await house.timelines()
    await store.keep_for_merging(post, author_id=star.user_id)
    await store.have_merged(star.user_id)
    return star, fans


async def test_reading_a_page_with_lists_to_merge(house, modelled):
    star, fans = await star_with_fans(house)
    for _ in range(2):  # the first page after a follow covers it, and finds no list to merge
        await fans[0].page()
    posts, visits = await fans[0].page()
    servers = house.servers_of(posts)
    assert visits == modelled.visits("newsfeed", page_servers=servers, merged_servers=1)
    posts, _ = await star.page()
    posts, visits = await star.page()  # whose own list is merged, too
    servers = house.servers_of(posts)
    assert visits == modelled.visits("newsfeed", page_servers=servers, merged_servers=1)


async def test_what_one_page_has_read_of_an_influencer_is_there_for_another(
    house, modelled, policy
):
    _, fans = await star_with_fans(house)
    for fan in fans:  # the first page after a follow covers it, and the first of all builds lists
        await fan.page()
    await house.follow_policy(replace(policy.of_feeds, merged_lists_fresh_s=3_600.0))
    for fan, asked in zip(fans, [1, 0, 0], strict=True):
        posts, visits = await fan.page()
        servers = house.servers_of(posts)
        assert visits == modelled.visits("newsfeed", page_servers=servers, merged_servers=asked)


@LIMITED
@pytest.mark.parametrize("posts", [0, 3])
async def test_looking_at_somebody(house, model_of, rate_limits, posts):
    ada, bob = [await house.person(rate_limits=rate_limits) for _ in range(2)]
    made = {(await bob.post())[0] for _ in range(posts)}
    seen, visits = await ada.look_at(bob)
    assert set(seen) == made
    servers = house.servers_of(seen)
    assert visits == model_of(rate_limits).visits("profile", profile_servers=servers)


@LIMITED
async def test_searching(house, model_of, rate_limits):
    ada, bob = [await house.person(rate_limits=rate_limits) for _ in range(2)]
    house.tell_search_of(bob)
    found, visits = await ada.search("ad")
    assert bob.user_id in found
    assert visits == model_of(rate_limits).visits("search", index_shards=len(house.indexes))


async def test_an_image_that_the_edge_fetches_first_and_then_has(house, modelled):
    ada = await reader(house)
    page, _ = await ada.ask("GET", f"/user/{ada.user_id}/newsfeed")
    path = page["posts"][0]["image_url"]
    assert await house.image(path) == modelled.visits("image", image_miss_share=1.0)
    assert await house.image(path) == modelled.visits("image", image_miss_share=0.0)


async def test_nobody_who_asks_visits_the_broker(house):
    ada = await reader(house)
    _, by_page = await ada.page()
    _, by_post = await ada.post()
    for visits in (by_page, by_post):
        assert "timeline" in visits
        assert "broker" not in visits


async def test_a_key_makes_two_visits_more_of_the_session_store(house, modelled):
    ada = await reader(house)
    _, visits = await ada.post(**{"Idempotency-Key": "only-once"})
    expected = modelled.visits("post")
    assert visits == {**expected, "session_store": expected["session_store"] + 2}
