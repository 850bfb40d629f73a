"""With timelines by post, or follows by follower only, visits are those that the model says."""

import pytest

by_post = pytest.mark.parametrize("changed", [{"timelines_by": "post"}])
by_follower = pytest.mark.parametrize("changed", [{"follows_kept": "follower"}])


async def reader(house):
    """Somebody whose timeline is there, with a post of their own in it."""
    person = await house.person()
    await person.post()
    await person.page()
    return person


@by_post
async def test_a_page_asks_every_timeline_server_where_timelines_lie_by_post(house, modelled):
    ada = await reader(house)
    posts, visits = await ada.page()
    servers = house.servers_of(posts)
    assert visits == modelled.visits("newsfeed", page_servers=servers)
    assert modelled.reach.layout.timeline_servers > 1, "with one server nothing differs"


@by_post
async def test_a_follow_is_covered_and_a_timeline_built_on_every_timeline_server(house, modelled):
    ada, bob = [await reader(house) for _ in range(2)]
    await ada.follow(bob)
    posts, visits = await ada.page()
    servers = house.servers_of(posts)
    assert visits == modelled.visits(
        "newsfeed", page_servers=servers, cover_share=1.0, follow_share=1.0
    )
    await (await house.timelines()).timelines.drop(ada.user_id)
    _, visits = await ada.page()
    authors = house.servers_of([ada.user_id, bob.user_id])
    assert visits == modelled.visits(
        "newsfeed", page_servers=servers, author_servers=authors, cold_share=1.0
    )


@by_post
async def test_a_post_is_shown_to_its_author_on_one_server(house, modelled):
    ada = await reader(house)
    _, visits = await ada.post()
    assert visits == modelled.visits("post")


@by_follower
async def test_a_follow_is_written_once_where_it_is_kept_by_follower(house, modelled):
    ada, bob = [await reader(house) for _ in range(2)]
    assert await ada.follow(bob) == modelled.visits("follow")
    posts, visits = await ada.page()
    servers = house.servers_of(posts)
    assert visits == modelled.visits(
        "newsfeed", page_servers=servers, cover_share=1.0, follow_share=1.0
    )
    assert await ada.unfollow(bob) == modelled.visits("unfollow")


@by_follower
async def test_a_page_builds_a_timeline_without_asking_what_is_behind(house, modelled):
    ada, bob = [await reader(house) for _ in range(2)]
    await ada.follow(bob)
    await ada.page()
    await (await house.timelines()).timelines.drop(ada.user_id)
    posts, visits = await ada.page()
    assert visits == modelled.visits(
        "newsfeed",
        page_servers=house.servers_of(posts),
        author_servers=house.servers_of([ada.user_id, bob.user_id]),
        cold_share=1.0,
    )


@by_follower
async def test_a_post_asks_every_user_server_for_the_followers_of_its_author(house, modelled):
    ada = await reader(house)
    _, visits = await ada.post()
    assert visits == modelled.visits("post")
    assert modelled.reach.layout.user_servers > 1, "with one server nothing differs"
