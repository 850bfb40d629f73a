"""What the page of a timeline that is not there visits is what the model's does."""

from reference_impl.chassis.errors import Unavailable
from reference_impl.timeline.store import ValkeyLists


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


async def test_a_page_whose_timeline_cannot_be_read_asks_for_the_posts_of_all_authors(
    house, modelled, monkeypatch
):
    bob = await house.person()
    post, _ = await bob.post()
    ada = await reader_of(bob, house)
    read = ValkeyLists.read_timeline

    async def lost(*asked):
        await read(*asked)
        raise Unavailable("timeline_store did not answer in time")

    monkeypatch.setattr(ValkeyLists, "read_timeline", lost)
    posts, visits = await ada.page()
    assert posts == [post]
    assert visits == modelled.visits(
        "newsfeed",
        is_away=True,
        page_servers=house.servers_of(posts),
        author_servers=house.servers_of([ada.user_id, bob.user_id]),
    )
