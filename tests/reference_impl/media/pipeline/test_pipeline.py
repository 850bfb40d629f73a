"""What the pipeline does about each event, and what it tells of it."""

import pytest

from reference_impl.chassis.errors import Unprocessable
from reference_impl.media.names import name_in, name_of, upload_of, url_of
from reference_impl.media.pipeline.news import News, event_of


@pytest.fixture
def pipeline(objects, pipeline_on):
    return pipeline_on(objects)


@pytest.fixture
def through(pipeline):
    """Let an event have its consequences, and theirs; return all that is told."""

    async def handle(*events):
        told = []
        for event in events:
            for news in await pipeline.handle(event):
                told += [news, *await handle(event_of(news, event))]
        return told

    return handle


async def test_an_image_of_a_post_is_developed_and_told_with_the_post(
    objects, uploaded, events, through
):
    name = await uploaded()
    [news] = await through(events.post_created(name, "42"))
    manifest = await objects.get_manifest(upload_of(name))
    assert news.kind == "media.developed"
    assert news.body == {
        "url": url_of(name),
        "post_id": "42",
        "width": 12,
        "height": 6,
        "renditions": [
            {key: made[key] for key in ("url", "width", "height", "type")}
            for made in manifest["renditions"]
        ],
        "original_url": url_of(name),
    }


async def test_what_comes_closest_stands_for_an_original_that_is_dropped(
    objects, uploaded, events, pipeline_on
):
    name = await uploaded()
    [news] = await pipeline_on(objects, drops_originals=True).handle(events.post_created(name))
    assert (news.body["url"], news.body["original_url"]) == (
        url_of(name),
        news.body["renditions"][1]["url"],  # the JPEG of 1,080 pixels
    )


async def test_an_event_that_comes_again_is_told_again_without_work(
    uploaded, events, pipeline, darkrooms
):
    event = events.post_created(await uploaded())
    assert await pipeline.handle(event) == await pipeline.handle(event) != []
    assert len(darkrooms.developed_of) == 1


async def test_images_of_users_are_developed_when_they_come_and_when_they_change(
    uploaded, events, through
):
    first, second = await uploaded(), await uploaded()
    [news] = await through(events.user_registered(first, "5"))
    assert (news.kind, news.body["user_id"]) == ("media.developed", "5")
    told = await through(events.user_updated(second, "5", dropped_image=url_of(first)))
    assert [news.kind for news in told] == ["media.developed", "media.doomed", "media.deleted"]
    assert told[0].body["url"] == url_of(second)


async def test_users_who_change_something_else_keep_their_image(
    objects, uploaded, events, through, darkrooms
):
    name = await uploaded()
    assert await through(events.user_updated(name)) == []
    assert await objects.get(name) is not None
    assert darkrooms.developed_of == []


async def test_who_had_no_image_before_loses_none(uploaded, events, through):
    [news] = await through(events.user_updated(await uploaded(), dropped_image=""))
    assert news.kind == "media.developed"


@pytest.mark.parametrize("leaving", ["post_deleted", "user_deleted"])
async def test_with_a_post_or_a_user_goes_everything_of_the_image(
    objects, uploaded, events, through, everything, leaving
):
    name, other = await uploaded(), await uploaded()
    [news] = await through(events.post_created(name))
    urls = sorted([url_of(name), *(made["url"] for made in news.body["renditions"])])
    told = await through(getattr(events, leaving)(name))
    assert told == [
        News(kind="media.doomed", body={"urls": urls}),
        News(kind="media.deleted", body={"urls": urls}),
    ]
    assert await everything(objects) == [upload_of(other)]


async def test_all_addresses_are_told_also_after_a_crash_in_the_middle(
    objects, uploaded, events, pipeline
):
    name = await uploaded()
    [developed] = await pipeline.handle(events.post_created(name))
    [doomed] = await pipeline.handle(events.post_deleted(name))
    event = event_of(doomed, events.post_deleted(name))
    await objects.delete_upload(upload_of(name))  # and here the process died
    [deleted] = await pipeline.handle(event)
    assert {url_of(name), developed.body["renditions"][0]["url"]} < set(deleted.body["urls"])


@pytest.mark.parametrize("leaving", ["post_deleted", "user_deleted", "user_updated"])
async def test_with_what_stands_for_a_dropped_original_goes_all_and_the_original_is_told_of(
    objects, uploaded, events, pipeline_on, everything, leaving
):
    pipeline = pipeline_on(objects, drops_originals=True)
    name = await uploaded()
    [news] = await pipeline.handle(events.user_registered(name))
    stand_in = name_in(news.body["original_url"])
    event = getattr(events, leaving)(stand_in)
    if leaving == "user_updated":
        event = events.event("user.updated", user_id="1", dropped_image=url_of(stand_in))
    [doomed] = await pipeline.handle(event)
    [deleted] = await pipeline.handle(event_of(doomed, event))
    urls = [url_of(name), *(made["url"] for made in news.body["renditions"])]
    assert deleted == News(kind="media.deleted", body={"urls": sorted(urls)})
    assert await everything(objects) == []


async def test_a_deletion_that_comes_before_is_no_failure(
    objects, uploaded, events, through, everything
):
    name = await uploaded()
    await through(events.post_deleted(name))
    assert await through(events.post_created(name)) == []
    assert await everything(objects) == []


async def test_an_image_that_cannot_be_developed_is_told_when_it_is_given_up(
    uploaded, events, pipeline, darkrooms
):
    darkrooms.error = Unprocessable("the image is damaged")
    name, former = await uploaded(), await uploaded()
    event = events.user_updated(name, "5", dropped_image=url_of(former))
    with pytest.raises(Unprocessable):
        await pipeline.handle(event)
    assert await pipeline.handle(event, gives_up=True) == [
        News(kind="media.failed", body={"url": url_of(name), "user_id": "5"}),
        News(kind="media.doomed", body={"urls": [url_of(former)]}),
    ]


async def test_of_a_video_nothing_is_told_until_it_is_deleted(uploaded, events, through):
    name = await uploaded(b"moving", "video/mp4")
    assert await through(events.post_created(name)) == []
    told = await through(events.post_deleted(name))
    assert told[-1] == News(kind="media.deleted", body={"urls": [url_of(name)]})


async def test_what_many_posts_show_is_neither_developed_nor_deleted(
    objects, picture, events, through, darkrooms
):
    content = picture()
    name = name_of(content, "image/png", "0" * 15 + "1")
    await objects.put(name, content)
    assert await through(events.post_created(name), events.post_deleted(name)) == []
    assert await objects.get(name) == content
    assert darkrooms.developed_of == []


async def test_texts_addresses_of_old_and_other_events_pass(events, through):
    of_old = f"/media/{'0' * 64}.png"
    assert not await through(
        events.post_created(""),
        events.event("post.created", post_id="1", media_url=of_old),
        events.event("post.created", post_id="1"),
        events.event("post.deleted", post_id="1", user_id="1", delivery="push"),
        events.event("user.deleted", user_id="1"),
        events.event("user.updated", user_id="1", dropped_image=of_old),
        events.event("media.deleted", urls=[of_old]),
        events.event("follow.followed", user_id="1", target_id="2"),
    )


def test_what_is_told_has_an_id_of_its_own_that_depends_on_what_was_heard_alone(events):
    heard = events.event("post.created")
    told = [
        event_of(News(kind=kind, body={}), heard)
        for kind in ("media.developed", "media.doomed", "media.developed")
    ]
    assert told[0].event_id == told[2].event_id
    assert len({told[0].event_id, told[1].event_id, heard.event_id}) == 3
    assert told[0].event_id.rpartition(":")[2] == heard.event_id.rpartition(":")[2]
