"""Where readers gather the posts that it does not pay to push, visits are those of the model."""

import pytest

from model.rules.policy import Strategy

PER_EDGE = {"strategy": Strategy.PER_EDGE}
NOTHING_PAYS = {**PER_EDGE, "push_cost_over_pull_cost": 1e6}


async def reader_of(author, house):
    """Somebody who follows the author, and whose timeline was built since."""
    person = await house.person()
    await person.follow(author)
    await person.page()
    return person


async def author_of_a_post(house):
    person = await house.person()
    await person.post()
    return person


@pytest.mark.parametrize(("changed", "gathered"), [(PER_EDGE, 0), (NOTHING_PAYS, 1)])
async def test_a_page_gathers_whom_it_does_not_pay_to_push(house, modelled, gathered):
    bob = await author_of_a_post(house)
    ada = await reader_of(bob, house)
    await ada.page()  # the first one builds the list of whom it gathers
    posts, visits = await ada.page()
    servers = house.servers_of(posts)
    assert visits == modelled.visits(
        "newsfeed", page_servers=servers, merged_servers=gathered, new_edges_share=0.0
    )


@pytest.mark.parametrize("changed", [{**PER_EDGE, "edges_fresh": 1e-6}])
async def test_a_choice_of_edges_that_is_too_old_is_made_anew(house, modelled):
    bob = await author_of_a_post(house)
    ada = await reader_of(bob, house)
    posts, visits = await ada.page()
    authors = house.servers_of([ada.user_id, bob.user_id])
    followees = house.servers_of([bob.user_id])
    servers = house.servers_of(posts)
    assert visits == modelled.visits(
        "newsfeed",
        page_servers=servers,
        author_servers=authors,
        followee_servers=followees,
        new_edges_share=1.0,
    )


@pytest.mark.parametrize("changed", [PER_EDGE])
async def test_a_timeline_is_built_with_its_readers_choice_of_edges(house, modelled):
    bob = await author_of_a_post(house)
    ada = await reader_of(bob, house)
    await (await house.timelines()).timelines.drop(ada.user_id)
    posts, visits = await ada.page()
    authors = house.servers_of([ada.user_id, bob.user_id])
    followees = house.servers_of([bob.user_id])
    assert visits == modelled.visits(
        "newsfeed",
        page_servers=house.servers_of(posts),
        author_servers=authors,
        followee_servers=followees,
        cold_share=1.0,
        new_edges_share=0.0,
    )
