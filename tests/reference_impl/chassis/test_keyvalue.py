import asyncio

import pytest

from reference_impl.chassis import stages
from reference_impl.chassis.errors import Unavailable
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
