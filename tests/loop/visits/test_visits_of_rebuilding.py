"""What the page of a timeline that is not there visits is what the model's does."""


async def reader_of(author, house):
    """Somebody who follows the author, and whose timeline is there."""
    person = await house.person()
    await person.page()
    await person.follow(author)
    await person.page()
    return person


async def test_a_page_of_a_lost_timeline_builds_it(house, modelled):
    bob = await house.person()
    await bob.post()
    ada = await reader_of(bob, house)
    await (await house.timelines()).timelines.drop(ada.user_id)
    posts, visits = await ada.page()
    assert visits == modelled.visits(
        "newsfeed",
        page_servers=house.servers_of(posts),
        author_servers=house.servers_of([ada.user_id, bob.user_id]),
        cold_share=1.0,
    )
    _, visits = await ada.page()
    assert visits == modelled.visits("newsfeed", page_servers=house.servers_of(posts))
