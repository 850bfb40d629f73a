"""The pipeline as it is wired: a real process with darkrooms, a folder of objects, a broker."""

import asyncio
import io
import os
import sys
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from PIL import Image

from reference_impl.chassis.events import ERASURE_EVENTS, MEDIA_EVENTS, POST_EVENTS, Event
from reference_impl.media.names import name_in, name_of, new_upload, upload_of, url_of
from reference_impl.media.store import StoredObjects, opened

PATIENCE_S = 60.0


@pytest.fixture
async def objects(tmp_path):
    objects = StoredObjects(opened((tmp_path / "objects").as_uri()))
    await objects.claim()
    return objects


@pytest.fixture
async def start(engines, broker, broker_url, tmp_path, sockets):
    """Start a process of the pipeline, always of the same name."""
    settings = replace(
        engines.settings,
        instance="pipeline-1",
        broker=broker_url,
        objects=(tmp_path / "objects").as_uri(),
        listen=f"unix:{sockets}/pipeline",
        darkrooms=2,
    )
    command = (sys.executable, "-m", "reference_impl.media.pipeline")
    started = []

    async def begin():
        environ = {**os.environ, **settings.to_environment()}
        started.append(await asyncio.create_subprocess_exec(*command, env=environ))
        return started[-1]

    yield begin
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture
async def pipeline(start, sockets):
    """A process of the pipeline; yields a client of it."""
    process = await start()
    connector = aiohttp.UnixConnector(f"{sockets}/pipeline")
    async with aiohttp.ClientSession("http://localhost", connector=connector) as client:
        yield client
    process.terminate()
    assert await process.wait() == 0


async def publish(broker, stream, event):
    fields: dict[Any, Any] = dict(event.to_fields())
    await broker.xadd(stream, fields)


async def told(broker, *, after="0"):
    """Wait for the next thing that is told; return where it stands, and the event."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = await broker.xread({MEDIA_EVENTS: after}, count=1, block=500)
            if found:
                [[(entry_id, fields)]] = found[MEDIA_EVENTS.encode()]
                return entry_id, Event.from_fields(fields)


async def test_from_a_post_to_its_renditions_and_to_its_end(
    pipeline, broker, objects, picture, events, everything
):
    content = picture((1500, 750))
    name = name_of(content, "image/png", new_upload())
    await objects.put(name, content)
    await publish(broker, POST_EVENTS, events.post_created(name))
    place, developed = await told(broker)
    assert (developed.kind, developed.body["post_id"]) == ("media.developed", "7")
    assert (developed.body["width"], developed.body["height"]) == (1500, 750)
    made = developed.body["renditions"]
    assert [(one["width"], one["height"]) for one in made[::2]] == [
        (1080, 540), (640, 320), (320, 160),
    ]  # fmt: skip
    for one in made:
        file = io.BytesIO(await objects.get(name_in(one["url"])))
        with Image.open(file) as image:
            assert (*image.size, image.get_format_mimetype()) == (
                one["width"], one["height"], one["type"],
            )  # fmt: skip

    await publish(broker, ERASURE_EVENTS, events.post_deleted(name))
    place, doomed = await told(broker, after=place)
    _, deleted = await told(broker, after=place)
    assert [doomed.kind, deleted.kind] == ["media.doomed", "media.deleted"]
    assert set(deleted.body["urls"]) == {url_of(name), *(one["url"] for one in made)}
    assert await everything(objects) == []

    text = await (await pipeline.get("/metrics")).text()
    assert 'feedtwin_images_total{outcome="ready"} 1.0' in text
    assert f"feedtwin_image_bytes_in_total {float(len(content))}" in text
    assert "feedtwin_image_cpu_seconds_count 1.0" in text
    assert (await pipeline.get("/readyz")).status == 200


async def test_a_damaged_image_fails_and_the_next_is_developed(
    pipeline, broker, objects, picture, events
):
    content = picture()
    damaged = content[: len(content) // 2]
    for each in (damaged, content):
        name = name_of(each, "image/png", new_upload())
        await objects.put(name, each)
        await publish(broker, POST_EVENTS, events.post_created(name))
    place, first = await told(broker)
    _, second = await told(broker, after=place)
    assert {first.kind, second.kind} == {"media.failed", "media.developed"}
    for event in (first, second):
        manifest = await objects.get_manifest(upload_of(name_in(event.body["url"])))
        assert (
            manifest["status"] == {"media.failed": "failed", "media.developed": "ready"}[event.kind]
        )


async def test_a_process_that_is_killed_loses_no_image_and_tells_of_none_twice(
    start, broker, objects, picture, events
):
    names = []
    for number in range(6):
        content = picture((1100, 500))
        names.append(name_of(content, "image/png", new_upload()))
        await objects.put(names[-1], content)
        await publish(broker, POST_EVENTS, events.post_created(names[-1], str(number)))
    process = await start()
    await told(broker)
    process.kill()
    await process.wait()
    await start()
    place, found = "0", []
    for _ in names:
        place, event = await told(broker, after=place)
        found.append(event)
    assert {(event.kind, event.body["url"]) for event in found} == {
        ("media.developed", url_of(name)) for name in names
    }
    for event in found:
        for made in event.body["renditions"]:
            assert await objects.size_bytes(name_in(made["url"]))
