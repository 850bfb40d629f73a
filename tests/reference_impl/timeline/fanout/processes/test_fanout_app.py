"""A worker as a process of its own: what it tells operators, and how it ends."""

import asyncio
from types import SimpleNamespace

import aiohttp
import pytest

from reference_impl.chassis.attempts import Postponed
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.events import USER_EVENTS, Event
from reference_impl.timeline.deliveries import Deliveries
from reference_impl.timeline.fanout.app import Forgetting, bring_functions
from reference_impl.timeline.memory import memory_timelines

PATIENCE_S = 20.0


@pytest.fixture
async def ask(plant, follow_service, tmp_path):
    """A worker: its process, and a function that asks it for a path."""
    url, path = await follow_service({}), str(tmp_path / "w")
    process = await plant.start(follow_urls=(url,), addresses="", listen=f"unix:{path}")
    async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(path)) as session:

        async def answer(route):
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    try:
                        async with session.get(f"http://localhost{route}") as said:
                            return said.status, await said.text()
                    except aiohttp.ClientConnectorError:
                        await asyncio.sleep(0.02)

        yield SimpleNamespace(process=process, path=answer)


async def test_a_worker_says_that_it_lives_and_is_ready(ask):
    assert (await ask.path("/livez"))[0] == 200
    assert (await ask.path("/readyz"))[0] == 200


async def test_a_worker_says_what_it_has_done_and_what_waits(ask, plant, make_event, new_id):
    post, author = new_id(), new_id()
    await plant.publish(make_event("post.created", post, author))
    await plant.drained(posts=1)
    lines = {
        'feedtwin_fanout_lag_seconds_count{followers="1k"} 1.0',
        "feedtwin_fanout_chunks_total 1.0",
        "feedtwin_fanout_skipped_total 1.0",
        'feedtwin_queue_entries{group="timeline",stream="events:post"} 0.0',
        'feedtwin_queue_oldest_seconds{group="timeline",stream="fanout:purge"} 0.0',
        'feedtwin_queue_entries{group="timeline",stream="fanout:late:1"} 0.0',
        'feedtwin_dead_letters{stream="events:erasure"} 0.0',
    }
    async with asyncio.timeout(PATIENCE_S):  # it looks at the queues every two seconds
        while not lines <= set((await ask.path("/metrics"))[1].splitlines()):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_worker_that_is_told_to_stop_ends_in_order(ask):
    await ask.path("/livez")
    ask.process.terminate()
    async with asyncio.timeout(PATIENCE_S):
        assert await ask.process.wait() == 0


async def test_a_worker_forgets_the_timeline_of_a_deleted_user(ask, plant, new_id):
    gone, stays = new_id(), new_id()
    await plant.build([gone, stays])
    for number, kind in enumerate(("user.updated", "user.deleted")):
        user = gone if kind == "user.deleted" else stays
        event = Event(
            event_id=f"user_db-1:{user}:{number}", kind=kind, at_s=0.0, body={"user_id": str(user)}
        )
        await plant.publish(event, stream=USER_EVENTS)
    async with asyncio.timeout(PATIENCE_S):
        while await plant.is_built(gone):  # noqa: ASYNC110 - the store has no event for it
            await asyncio.sleep(0.01)
    assert await plant.is_built(stays)


async def test_a_timeline_whose_server_is_away_is_forgotten_later_and_others_before(monkeypatch):
    store: Deliveries = memory_timelines(cap=5)

    async def away(_):
        raise Unavailable("timeline_store did not answer in time")

    monkeypatch.setattr(store, "drop", away)
    event = Event(event_id="1", kind="user.deleted", at_s=0.0, body={"user_id": "7"})
    with pytest.raises(Postponed, match="did not answer in time"):
        await Forgetting(store).handle(event)


async def test_other_events_of_users_pass():
    store: Deliveries = memory_timelines(cap=5)
    event = Event(event_id="1", kind="user.registered", at_s=0.0, body={})
    await Forgetting(store).handle(event)


async def test_a_worker_starts_though_a_timeline_server_is_away(
    plant, follow_service, make_event, new_id, tmp_path
):
    nowhere = (plant.settings.timeline_stores[0], f"unix://{tmp_path}/nobody")
    url = await follow_service({})
    await plant.start(follow_urls=(url,), addresses="", timeline_stores=nowhere)
    author = next(user for user in iter(new_id, None) if plant.server_of(user) == 0)
    await plant.publish(make_event("post.created", new_id(), author))
    await plant.drained(posts=1)


async def test_functions_are_brought_to_every_server():
    brought = []

    class Store:
        async def load_functions(self):
            brought.append(1)

    await bring_functions(Store())  # type: ignore[arg-type]
    assert brought == [1]
