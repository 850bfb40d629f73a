"""The policy is read beside the requests, which never wait for the broker."""

import asyncio
import logging

import pytest
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import ResponseError

from model.rules.policy import FRESH_S, FeedPolicy, Strategy
from reference_impl.chassis.keyvalue import valkey
from reference_impl.chassis.policies import KEY, PERIOD_S, policy_followed, publish

DEFAULT = FeedPolicy(influencer_followers_min=200)
PUSH, PULL = FeedPolicy(strategy=Strategy.PUSH), FeedPolicy(strategy=Strategy.PULL)
SEEN_WITHIN_S = 10.0
WRONG = "the policy cannot be read, the last is kept"


class Broker:
    """One record, or what happens to whoever reads it; how often it was asked for."""

    def __init__(self, policy=None):
        self.text = policy and policy.to_json()
        self.error = None
        self.hangs = False
        self.times = 0

    async def get(self, key):
        assert key == KEY
        self.times += 1
        if self.error:
            raise self.error
        if self.hangs:
            await asyncio.Event().wait()
        return self.text


def followed(broker, *, period_s=0.001):
    """The policies of a process; unless said otherwise it reads them very often."""
    return policy_followed(broker, DEFAULT, period_s=period_s)


async def until(is_so):
    async with asyncio.timeout(SEEN_WITHIN_S):
        while not is_so():  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.001)


async def asked_again(broker):
    """Wait until an answer to a question that is yet to be asked has been dealt with."""
    times = broker.times
    await until(lambda: broker.times >= times + 2)


async def test_the_policy_is_known_before_anybody_asks():
    async with followed(Broker(PUSH), period_s=3_600.0) as policies:
        assert policies.current() == PUSH


async def test_a_change_is_followed_while_nobody_asks():
    broker = Broker(PUSH)
    async with followed(broker) as policies:
        broker.text = PULL.to_json()
        await asked_again(broker)
        assert policies.current() == PULL


def test_two_readings_fit_into_the_time_in_which_a_change_is_promised():
    assert 2 * PERIOD_S <= FRESH_S


async def test_while_there_is_none_it_is_the_one_at_the_start():
    broker = Broker(PUSH)
    async with followed(broker) as policies:
        broker.text = None
        await asked_again(broker)
        assert policies.current() == DEFAULT


async def test_asking_for_the_policy_asks_nothing_of_the_broker():
    broker = Broker(PUSH)
    async with followed(broker, period_s=3_600.0) as policies:
        for _ in range(9):
            policies.current()
    assert broker.times == 1


@pytest.mark.parametrize(
    "error", [ConnectionLost("gone"), ResponseError("MASTERDOWN Link with MASTER is down")]
)
async def test_a_broker_that_does_not_say_leaves_the_last_policy_and_is_read_again(error):
    broker = Broker(PUSH)
    async with followed(broker) as policies:
        broker.error, broker.text = error, PULL.to_json()
        await asked_again(broker)
        assert policies.current() == PUSH
        broker.error = None
        await until(lambda: policies.current() == PULL)


@pytest.mark.parametrize("text", ["{", b"\xff", "3", "null", '{"strategy": "shove"}'])
async def test_a_policy_that_means_nothing_leaves_the_last_one(text):
    broker = Broker(PUSH)
    async with followed(broker) as policies:
        broker.text = text
        await asked_again(broker)
        assert policies.current() == PUSH


async def test_what_is_wrong_at_every_reading_is_said_once(caplog):
    broker = Broker()
    broker.error = ConnectionLost("gone")
    with caplog.at_level(logging.WARNING, "feedtwin"):
        async with followed(broker) as policies:
            for _ in range(3):
                await asked_again(broker)
            assert policies.current() == DEFAULT
    assert [record.getMessage() for record in caplog.records] == [
        f"{WRONG} (1 times): broker did not answer in time"
    ]


async def test_nobody_reads_when_the_process_has_ended():
    broker, before = Broker(PUSH), asyncio.all_tasks()
    async with followed(broker):
        await asked_again(broker)
    assert asyncio.all_tasks() == before


async def test_whoever_is_cancelled_does_not_wait_for_a_broker_that_hangs():
    broker = Broker(PUSH)
    before = asyncio.all_tasks()

    async def serve():
        async with followed(broker):
            await asyncio.Event().wait()

    serving = asyncio.create_task(serve())
    await asked_again(broker)
    broker.hangs = True
    times = broker.times
    await until(lambda: broker.times > times)
    serving.cancel()
    async with asyncio.timeout(SEEN_WITHIN_S):
        await asyncio.gather(serving, return_exceptions=True)
    assert serving.cancelled()
    assert asyncio.all_tasks() == before


async def test_a_server_that_hangs_at_first_is_given_up_and_read_when_it_answers(own_valkey, gate):
    with own_valkey() as server:
        async with gate(server.url) as gated, valkey(gated.url, answer_s=0.05) as broker:
            await publish(broker, PUSH)
            gated.hold(b"GET", before=True)
            async with followed(broker) as policies:
                assert policies.current() == DEFAULT
                gated.open()
                await until(lambda: policies.current() == PUSH)


async def test_a_server_that_was_killed_is_read_when_it_is_back(own_valkey):
    with own_valkey() as server:
        async with valkey(server.url) as broker:
            await publish(broker, PUSH)
            async with followed(broker) as policies:
                server.kill()
                await asyncio.sleep(0.02)
                assert policies.current() == PUSH
                server.start()  # without what it held
                await until(lambda: policies.current() == DEFAULT)
                await publish(broker, PULL)
                await until(lambda: policies.current() == PULL)
