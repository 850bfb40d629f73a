"""What an edge hears of the media service, and that nothing of it is served or kept any more."""

import asyncio
from functools import partial

import pytest
from redis.asyncio import Redis

from reference_impl.cdn.purging import Purging
from reference_impl.chassis.consumers import Subscription
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.events import MEDIA_EVENTS, Event

MINUTE = {"Cache-Control": "max-age=60"}
STYLE = "/static/style.css"


@pytest.fixture
def purging(edge):
    subscription = Subscription(stream=MEDIA_EVENTS, group="edge-1", name="edge-1")
    return Purging(Redis(), subscription, edge.service)


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [("media.deleted", "miss"), ("media.developed", "hit"), ("media.failed", "hit")],
)
async def test_only_what_is_deleted_is_purged(purging, edge, origin, kind, outcome):
    path = origin.put_media(b"a picture")
    await edge.get(path)
    body = {"urls": [path], "url": path}
    await purging.purge(Event(event_id="test:1", kind=kind, at_s=1.0, body=body))
    assert (await edge.get(path))[1] == outcome


async def test_where_all_media_are_cleared_only_files_of_the_pages_stay(
    purging, edge, origin, tmp_path, files_in
):
    pictures = [origin.put_media(content) for content in (b"one", b"another")]
    style = origin.put("/static/style.css", b"body {}", {"Cache-Control": "max-age=60"})
    for path in (*pictures, style):
        await edge.get(path)
    await purging.purge(Event(event_id="test:1", kind="media.cleared", at_s=1.0, body={}))
    assert len(files_in(tmp_path)) == 1
    assert (await edge.get(style))[1] == "hit"
    assert [(await edge.get(path))[1] for path in pictures] == ["miss", "miss"]


async def test_what_is_purged_is_asked_for_again(edge, origin, tmp_path, files_in):
    kept, gone = origin.put_media(b"kept"), origin.put_media(b"gone")
    await edge.get(kept)
    await edge.get(gone)
    origin.remove(gone)
    await edge.service.purge([gone, "/media/of-nobody"])
    assert (await edge.get(gone))[:2] == (404, "miss")
    assert (await edge.get(kept))[:2] == (200, "hit")
    assert len(files_in(tmp_path)) == 1


PURGES = {
    "of the path": lambda service, path: service.purge([path]),
    "of all media": lambda service, _: service.purge_media(),
}


@pytest.fixture(params=PURGES)
def purge(request, edge):
    """Purge a path, alone or with all others."""
    return partial(PURGES[request.param], edge.service)


async def test_what_is_being_fetched_while_it_is_purged_is_not_kept(
    edge, origin, tmp_path, files_in, purge
):
    path = origin.put_media(b"a picture")
    origin.hold()
    asking = asyncio.create_task(edge.get(path))
    await origin.reached.wait()
    origin.remove(path)
    purging = asyncio.create_task(purge(path))
    await asyncio.sleep(0)
    origin.flow.set()
    await purging
    assert not files_in(tmp_path)
    assert await asking == (200, "pass", b"a picture")
    assert (await edge.get(path))[0] == 404


async def test_who_asks_after_a_purge_does_not_get_what_was_being_fetched_before(
    edge, origin, purge
):
    path = origin.put_media(b"a picture")
    origin.hold()
    before = asyncio.create_task(edge.get(path))
    await origin.reached.wait()
    origin.remove(path)
    purging = asyncio.create_task(purge(path))
    await asyncio.sleep(0)
    after = asyncio.create_task(edge.get(path))
    await asyncio.sleep(0)
    origin.flow.set()
    assert await before == (200, "pass", b"a picture")
    assert (await after)[0] == 404
    await purging


async def test_what_is_being_written_while_it_is_purged_is_not_kept(
    edge, origin, tmp_path, files_in, monkeypatch
):
    path = origin.put_media(b"a picture")
    folder, loop = edge.store._folder, asyncio.get_running_loop()
    write, purging = folder.write, []

    def write_and_purge(*args):
        written = write(*args)
        purging.append(asyncio.run_coroutine_threadsafe(edge.service.purge([path]), loop))
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result()  # it has begun
        return written

    monkeypatch.setattr(folder, "write", write_and_purge)
    assert await edge.get(path) == (200, "pass", b"a picture")
    await asyncio.wrap_future(purging[0])
    assert not files_in(tmp_path)


async def test_a_purge_ends_when_nothing_is_left_and_not_before(edge, origin):
    path = origin.put_media(b"a picture")
    origin.hold()
    asking = asyncio.create_task(edge.get(path))
    await origin.reached.wait()
    purging = asyncio.create_task(edge.service.purge([path]))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not purging.done()
    origin.flow.set()
    await purging
    await asking


async def test_a_copy_that_is_purged_while_the_origin_says_it_is_good_is_gone(edge, origin, clock):
    origin.put(STYLE, b"blue", MINUTE)
    await edge.get(STYLE)
    clock.pass_s(60)
    origin.hold()
    asking = asyncio.create_task(edge.get(STYLE))
    await origin.reached.wait()
    purging = asyncio.create_task(edge.service.purge([STYLE]))
    await asyncio.sleep(0)
    origin.flow.set()
    await asking
    await purging
    origin.go_away()
    with pytest.raises(Unavailable):
        await edge.get(STYLE)


async def test_that_something_was_not_there_is_forgotten_when_it_is_purged(edge, origin):
    await edge.get(STYLE)
    origin.put(STYLE, b"blue", MINUTE)
    await edge.service.purge([STYLE])
    assert await edge.get(STYLE) == (200, "miss", b"blue")
