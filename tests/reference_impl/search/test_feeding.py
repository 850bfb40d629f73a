"""An index fed by streams: what is acknowledged is in it, whatever dies when."""

import asyncio
import secrets
from contextlib import asynccontextmanager

import pytest

from model.rules.search import rebuild_id
from reference_impl.chassis.consumers import beside
from reference_impl.chassis.events import ANNOUNCEMENTS, USER_EVENTS
from reference_impl.chassis.keyvalue import valkey
from reference_impl.search.app import feeds_of
from reference_impl.search.feeding import BATCH_MAX, Pace
from reference_impl.search.looking import look_at_index, look_at_streams
from reference_impl.search.memory import MemoryShelf
from reference_impl.search.metrics import COMPLETE, LAG_S, REBUILDING, USERS

GROUP = "search-1"
QUICK = Pace(commit_s=0.001, block_s=0.02)
PATIENCE_S = 20.0


@pytest.fixture
async def broker(own_valkey):
    with own_valkey() as server:
        async with valkey(server.url) as client:
            yield client


class Plant:
    """Streams of one's own, and a shard that reads them."""

    def __init__(self, broker, heard):
        self.broker, self.heard = broker, heard

    async def publish(self, *events, stream=USER_EVENTS):
        for event in events:
            await self.broker.xadd(stream, event.to_fields())

    @asynccontextmanager
    async def reading(self):
        generations = self.heard.generations
        async with beside(*feeds_of(self.broker, generations, 1, pace=QUICK)):
            yield

    async def all_read(self):
        """Wait until everything has been acknowledged."""
        async with asyncio.timeout(PATIENCE_S):
            while await self._left():  # noqa: ASYNC110 - the broker has no event for it
                await asyncio.sleep(0.005)

    async def _left(self):
        for stream in (USER_EVENTS, ANNOUNCEMENTS):
            groups = await self.broker.xinfo_groups(stream)
            if not groups or groups[0]["lag"] is None or groups[0]["pending"] or groups[0]["lag"]:
                return True
        return False


@pytest.fixture
async def plant(broker, make_heard):
    for stream in (USER_EVENTS, ANNOUNCEMENTS):
        await broker.xgroup_create(stream, GROUP, id="0", mkstream=True)
    return Plant(broker, make_heard(MemoryShelf()))


async def test_what_happens_is_found_soon(plant, say):
    async with plant.reading():
        await plant.publish(say.told(1, "Ada"), say.followed(1, 5, 1))
        await plant.all_read()
    assert plant.heard.finds() == ["Ada"]


async def test_more_than_a_batch_comes_in_several(plant, say):
    users = range(1, 2 * BATCH_MAX + 10)
    await plant.publish(*(say.told(user_id, "Ada") for user_id in users))
    async with plant.reading():
        await plant.all_read()
    assert plant.heard.generations.status().users == len(users)


async def test_a_rebuild_while_events_come(plant, say):
    async with plant.reading():
        for user_id in range(1, 60):
            await plant.publish(say.told(user_id, f"a{user_id}"))
            announced = say.announced("r1", user_id, f"a{user_id}")
            await plant.publish(announced, stream=ANNOUNCEMENTS)
            await plant.publish(say.told(user_id, f"b{user_id}", version=2))
        await plant.publish(say.gone(30))
        await plant.publish(say.all_announced("r1"), stream=ANNOUNCEMENTS)
        await plant.all_read()
    assert plant.heard.finds() == [f"b{user_id}" for user_id in range(1, 60) if user_id != 30]
    assert plant.heard.generations.is_complete


async def test_what_an_earlier_life_had_in_hand_is_taken_again(plant, say):
    await plant.publish(say.told(1, "Ada"), say.told(2, "Bert"))
    await plant.broker.xreadgroup(GROUP, GROUP, {USER_EVENTS: ">"}, count=1)
    async with plant.reading():
        await plant.all_read()
    assert plant.heard.finds() == ["Ada", "Bert"]


async def test_nothing_is_acknowledged_before_it_is_in_the_index(plant, say):
    class Stopped(Exception):
        pass

    def fail(news):
        raise Stopped

    await plant.publish(say.told(1, "Ada"))
    plant.heard.generations.take = fail
    with pytest.raises(ExceptionGroup) as failed:
        async with plant.reading():
            await asyncio.Event().wait()
    assert failed.group_contains(Stopped)
    [group] = await plant.broker.xinfo_groups(USER_EVENTS)
    assert group["pending"] == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"what": "else"},
        {"event_id": "1:1", "kind": "user.updated", "at": "1.0", "body": "{"},
        {"event_id": "1:1", "kind": "user.updated", "at": "1.0", "body": "[]"},
        {"event_id": "1:1", "kind": "user.updated", "at": "1.0", "body": '{"user_id": "x"}'},
    ],
)
async def test_what_cannot_be_read_is_set_aside_and_holds_up_nobody(plant, say, fields):
    await plant.broker.xadd(USER_EVENTS, fields)
    await plant.publish(say.told(1, "Ada"))
    async with plant.reading():
        await plant.all_read()
    assert plant.heard.finds() == ["Ada"]
    [(_, dead)] = await plant.broker.xrange(f"{USER_EVENTS}:dead")
    assert dead.items() >= {name.encode(): said.encode() for name, said in fields.items()}.items()
    assert dead[b"dead:group"] == GROUP.encode()


@pytest.mark.parametrize(("stream", "is_complete"), [(USER_EVENTS, False), (ANNOUNCEMENTS, True)])
async def test_without_its_group_a_shard_knows_that_it_missed_something(
    plant, say, stream, is_complete
):
    plant.heard.hears(say.all_announced("r1"), say.announced("r2", 1, "Ada"))
    await plant.broker.xgroup_destroy(stream, GROUP)
    await plant.publish(say.told(2, "Bert"), stream=stream)
    async with plant.reading():
        await plant.all_read()
    assert plant.heard.generations.is_complete == is_complete
    assert plant.heard.generations.status().filling is None
    assert plant.heard.finds() == ["Bert"], "what the stream still has is taken in"


@pytest.mark.parametrize("is_cut", [True, False])
async def test_announcements_that_were_dropped_before_it_came_are_known_to_be_missed(
    broker, make_heard, say, is_cut
):
    plant = Plant(broker, make_heard(MemoryShelf()))
    told = [say.announced(rebuild_id(5, "r"), 1, "Ada"), say.all_announced(rebuild_id(5, "r"))]
    await plant.publish(*told, stream=ANNOUNCEMENTS)
    await plant.publish(say.told(2, "Bert"))
    if is_cut:
        await broker.xtrim(ANNOUNCEMENTS, maxlen=1, approximate=False)
    async with plant.reading():
        await plant.all_read()
    assert plant.heard.generations.is_complete != is_cut


@pytest.mark.parametrize("are_told_before", [True, False])
async def test_an_index_that_was_wiped_takes_no_rebuild_for_whole_that_began_before(
    plant, broker, make_heard, say, are_told_before
):
    old, new = rebuild_id(5, "r"), rebuild_id(2_000_000_000, "r")
    if are_told_before:
        told = [say.announced(old, user_id, "Ada") for user_id in range(1, 51)]
        await plant.publish(*told, stream=ANNOUNCEMENTS)
        await plant.publish(say.told(70, "Zoe"))
    async with plant.reading():
        await plant.all_read()
    wiped = Plant(broker, make_heard(MemoryShelf()))
    rest = [say.announced(old, user_id, "Bert") for user_id in range(51, 101)]
    await wiped.publish(*rest, say.all_announced(old), stream=ANNOUNCEMENTS)
    async with wiped.reading():
        await wiped.all_read()
        assert wiped.heard.generations.is_complete is not are_told_before
        await wiped.publish(say.all_announced(new), stream=ANNOUNCEMENTS)
        await wiped.all_read()
    assert wiped.heard.generations.is_complete


async def test_a_first_rebuild_goes_on_when_its_process_starts_again(
    plant, broker, make_heard, say
):
    shelf, old = MemoryShelf(), rebuild_id(5, "r")
    await plant.publish(say.announced(old, 1, "Ada"), stream=ANNOUNCEMENTS)
    for events in ([say.announced(old, 2, "Bert")], [say.all_announced(old)]):
        started = Plant(broker, make_heard(shelf))
        async with started.reading():
            await started.all_read()
            await started.publish(*events, stream=ANNOUNCEMENTS)
            await started.all_read()
    assert started.heard.finds() == ["Ada", "Bert"]
    assert started.heard.generations.is_complete


async def test_a_broker_that_lost_everything_is_read_again(plant, say):
    plant.heard.hears(say.all_announced("r1"))
    async with plant.reading():
        await plant.all_read()
        await plant.broker.flushall()
        await plant.publish(say.told(1, "Ada"))
        async with asyncio.timeout(PATIENCE_S):
            while not plant.heard.finds():  # noqa: ASYNC110 - nor has the index
                await asyncio.sleep(0.005)
    assert not plant.heard.generations.is_complete


async def test_the_metrics_say_how_far_the_shard_is_and_how_far_behind(plant, say):
    def now():
        return [gauge._value.get() for gauge in (USERS, COMPLETE, REBUILDING)]

    heard = plant.heard
    look_at_index(heard.generations)
    assert now() == [0, 0, 0]
    heard.hears(say.announced("r1", 1, "Ada"))
    look_at_index(heard.generations)
    assert now() == [0, 0, 1]
    heard.hears(say.all_announced("r1"))
    look_at_index(heard.generations)
    assert now() == [1, 1, 0]

    await plant.broker.xadd(USER_EVENTS, say.told(1, "Ada").to_fields(), id="1-1")
    await look_at_streams(plant.broker, 1)
    assert LAG_S.labels(USER_EVENTS)._value.get() > 1e9, "as old as its id"
    async with plant.reading():
        await plant.all_read()
    await look_at_streams(plant.broker, 1)
    assert LAG_S.labels(USER_EVENTS)._value.get() == 0


async def test_two_shards_each_read_everything(broker, make_heard, say):
    shards = [make_heard(MemoryShelf(), shard=n, shards=2) for n in (1, 2)]
    users = [place << 18 for place in range(1, 20)]
    plant = Plant(broker, shards[0])
    await plant.publish(*(say.told(user_id, secrets.token_hex(3)) for user_id in users))
    runs = [
        run
        for number, heard in enumerate(shards, start=1)
        for run in feeds_of(broker, heard.generations, number, pace=QUICK)
    ]

    def found():
        return sum(heard.generations.status().users for heard in shards)

    async with beside(*runs), asyncio.timeout(PATIENCE_S):
        while found() < len(users):  # noqa: ASYNC110 - the index has no event for it
            await asyncio.sleep(0.005)
    assert all(heard.generations.status().users for heard in shards)
