import asyncio
import time

import pytest
from redis.exceptions import OutOfMemoryError, ReadOnlyError

from reference_impl.chassis import keyvalue, stages
from reference_impl.chassis.errors import Full, Unavailable
from reference_impl.chassis.keyvalue import ShardedValkey, valkey, visiting


async def test_a_server_that_is_down_is_unavailable_at_once(tmp_path):
    account = stages.Account()
    async with valkey(f"unix://{tmp_path}/nobody.sock") as server:
        complaint = pytest.raises(Unavailable, match="session_store")
        with stages.accounting(account), complaint, visiting("session_store"):
            await server.get("key")
    assert account.stages["session_store"].visits == 1
    assert account.stages["session_store"].wall_ns < 1_000_000_000, "it was retried"


async def test_a_server_that_stalls_is_unavailable_after_the_timeout(tmp_path):
    async def stall(reader, writer):
        await reader.read()
        writer.close()

    path = tmp_path / "stalled.sock"
    async with (
        await asyncio.start_unix_server(stall, path),
        valkey(f"unix://{path}", answer_s=0.05) as server,
    ):
        complaint = pytest.raises(Unavailable, match="session_store did not answer")
        with complaint, visiting("session_store"):
            await server.get("key")


async def test_what_may_have_happened_is_not_sent_again(tmp_path):
    """A server that takes every INCR and dies before it answers."""
    incremented = []

    async def answer(reader, writer):
        while command := await reader.read(4096):
            if b"INCR" in command:
                incremented.append(command)
                break
            is_greeting = b"HELLO" in command
            writer.write(b"%1\r\n$5\r\nproto\r\n:3\r\n" if is_greeting else b"")
            writer.write(b"+OK\r\n" * (command.count(b"\r\n$6\r\nCLIENT\r\n")))
        writer.close()

    path = tmp_path / "dying.sock"
    async with (
        await asyncio.start_unix_server(answer, path),
        valkey(f"unix://{path}", answer_s=0.5) as server,
    ):
        with pytest.raises(Unavailable), visiting("broker"):
            await server.incr("key")
    assert len(incremented) == 1


@pytest.mark.parametrize("error", [OutOfMemoryError("OOM"), ReadOnlyError("READONLY")])
async def test_a_server_that_takes_nothing_in_is_as_good_as_away(error):
    with pytest.raises(Unavailable, match="moon takes nothing in"), visiting("moon"):
        raise error


async def test_only_a_server_without_room_is_called_full():
    with pytest.raises(Full), visiting("moon"):
        raise OutOfMemoryError("OOM")
    with pytest.raises(Unavailable) as refused, visiting("moon"):
        raise ReadOnlyError("READONLY")
    assert type(refused.value) is Unavailable


async def test_an_error_of_ours_is_not_the_weathers():
    with pytest.raises(LookupError), visiting("session_store"):
        raise LookupError


async def test_each_user_has_one_server(engines):
    urls = engines.timeline_stores
    async with ShardedValkey(urls, station="timeline_store") as stores:
        await stores.check()
        users = range(0, 1 << 22, 1 << 18)
        for user_id in users:
            await stores.of_id(user_id).set(f"test_keyvalue:{user_id}", 1, px=5_000)
        counts = [len(await server.keys("test_keyvalue:*")) for server in stores.servers]
        assert counts == [8, 8]


async def test_at_the_deadline_a_call_is_broken_off(engines, asked):
    asked(0.05)
    begun_s = time.monotonic()
    async with valkey(engines.broker, answer_s=10) as server:
        complaint = pytest.raises(Unavailable, match="broker did not answer in time")
        with complaint, visiting("broker"):
            await server.blpop("test_keyvalue:nothing", timeout=5)
    assert time.monotonic() - begun_s < 1


async def test_past_the_deadline_no_call_is_made(engines, asked):
    asked(-0.001)
    async with valkey(engines.broker) as server:
        with pytest.raises(Unavailable, match="no time left to ask broker"), visiting("broker"):
            await server.set("test_keyvalue:late", 1)
        assert await server.exists("test_keyvalue:late") == 0


async def test_nobody_gets_the_answer_of_a_call_that_was_broken_off(engines, asked, monkeypatch):
    monkeypatch.setattr(keyvalue, "CONNECTIONS_MAX", 1)
    async with valkey(engines.broker) as server:
        for number in range(5):
            asked(0.02)
            with pytest.raises(Unavailable), visiting("broker"):
                await server.blpop(f"test_keyvalue:{number}", timeout=1)
            asked(5)
            with visiting("broker"):
                assert await server.echo(f"mine {number}") == f"mine {number}".encode()


async def echo(server):
    return await server.echo("x")


async def test_whoever_gives_up_loses_no_connection(engines, monkeypatch):
    monkeypatch.setattr(keyvalue, "CONNECTIONS_MAX", 1)
    async with valkey(engines.broker) as server:
        for _ in range(10):
            tasks = [asyncio.create_task(echo(server)) for _ in range(4)]
            await asyncio.sleep(0)
            for task in tasks[:2]:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert await server.echo("still here") == b"still here"


async def test_a_server_that_was_started_anew_costs_nobody_an_error(engines, wire):
    way = await wire(engines.broker.removeprefix("unix://"), "broker.sock")
    async with valkey(f"unix://{way.path}") as server:
        await asyncio.gather(*(echo(server) for _ in range(4)))
        await way.cut()
        await way.connect()
        with visiting("broker"):
            assert await asyncio.gather(*(echo(server) for _ in range(8))) == [b"x"] * 8
