"""What becomes of a user's image is kept with the user, and goes with the image."""

import pytest

from reference_impl.chassis.events import Event
from reference_impl.user.consumer import Development

RENDITIONS = [
    {"url": "/media/1.webp", "width": 3, "height": 2, "type": "image/webp"},
    {"url": "/media/1.jpg", "width": 3, "height": 2, "type": "image/jpeg"},
]


def developed(user_id, url, *, original_url=None):
    said = {"width": 4, "height": 3, "renditions": RENDITIONS, "original_url": original_url or url}
    body = {"url": url, "user_id": str(user_id), **said}
    return Event(event_id="media.developed:1", kind="media.developed", at_s=0.0, body=body)


async def profile_of(person):
    return await (await person.look_at(person)).json()


@pytest.fixture
def hear(store):
    return Development(store).handle


async def test_a_profile_has_no_renditions_before_they_are_made(person):
    assert "profile_image_renditions" not in await profile_of(person)


async def test_an_image_that_is_developed_is_shown_with_its_renditions(person, hear):
    before = await profile_of(person)
    for _ in range(2):
        await hear(developed(person.user_id, before["profile_image"]))
        assert await profile_of(person) == {**before, "profile_image_renditions": RENDITIONS}


async def test_what_stands_for_a_dropped_original_takes_its_place(person, hear):
    event = developed(person.user_id, "/media/1.png", original_url="/media/1.jpg")
    for _ in range(2):
        await hear(event)
        profile = await profile_of(person)
        assert profile["profile_image"] == "/media/1.jpg"
        assert profile["profile_image_renditions"] == RENDITIONS


async def test_renditions_of_an_image_that_was_changed_meanwhile_are_not_kept(person, hear):
    former = (await profile_of(person))["profile_image"]
    assert (await person.change(image=b"\x89PNG\r\n\x1a\n")).status == 200
    await hear(developed(person.user_id, former))
    assert "profile_image_renditions" not in await profile_of(person)


async def test_another_image_has_none_of_the_renditions_of_the_former(person, hear):
    await hear(developed(person.user_id, (await profile_of(person))["profile_image"]))
    assert (await person.change(image=b"\x89PNG\r\n\x1a\n")).status == 200
    assert "profile_image_renditions" not in await profile_of(person)


async def test_renditions_outlive_changes_of_other_things(person, hear):
    await hear(developed(person.user_id, (await profile_of(person))["profile_image"]))
    assert (await person.change(location="Paris")).status == 200
    profile = await profile_of(person)
    assert (profile["location"], profile["profile_image_renditions"]) == ("Paris", RENDITIONS)


async def test_a_change_that_was_made_from_what_was_there_before_loses_no_renditions(
    person, store, hear, clock
):
    user_id = int(person.user_id)
    before = await store.record_of(user_id)
    await hear(developed(user_id, before.document["profile_image"]))
    changed = {**before.document, "location": "Paris"}
    assert not await store.change(before, changed, before_s=clock() + 30)  # it is made again
    assert (await store.document_of(user_id))["profile_image_renditions"] == RENDITIONS


async def test_who_is_gone_has_no_image(person, store, hear):
    assert (await person.delete()).status == 204
    await hear(developed(person.user_id, "/media/1.png"))
    assert await store.document_of(int(person.user_id)) is None


async def test_who_has_renditions_can_sign_in_and_change_the_password(person, hear):
    await hear(developed(person.user_id, (await profile_of(person))["profile_image"]))
    assert await person.can_log_in()
    assert (await person.change_password()).status == 200
    assert await person.can_log_in("a battery staple")
    assert not await person.can_log_in()


async def test_what_is_told_of_posts_passes(person, hear):
    before = await profile_of(person)
    event = developed(person.user_id, before["profile_image"])
    body = {name: value for name, value in event.body.items() if name != "user_id"}
    await hear(Event(event_id="1", kind=event.kind, at_s=0.0, body={**body, "post_id": "1"}))
    await hear(Event(event_id="2", kind="media.failed", at_s=0.0, body={"user_id": "1"}))
    assert await profile_of(person) == before
