from reference_impl.chassis import events


async def test_many_events_are_written_in_their_order_each_whole(database):
    news = [(f"test.{number % 2}", {"n": number}) for number in range(300)]
    async with (
        database.connection(0) as connection,
        connection.transaction(force_rollback=True),
    ):
        await events.append_all(connection, stream="events:outbox-test", news=news)
        await events.append_all(connection, stream="events:outbox-test", news=[])
        rows = await connection.execute(
            "SELECT kind, body FROM outbox WHERE stream = 'events:outbox-test' ORDER BY event_id"
        )
        assert await rows.fetchall() == news


async def test_whoever_listens_is_told_of_many_once_they_are_committed(database):
    async with database.connection(0) as listener, database.connection(0) as connection:
        await listener.execute("LISTEN outbox")
        async with connection.transaction():
            await events.append_all(
                connection, stream="events:outbox-test", news=[("test", {"n": 1})] * 3
            )
        heard = [note.channel async for note in listener.notifies(timeout=10.0, stop_after=1)]
        await listener.execute("UNLISTEN outbox")
        await connection.execute("DELETE FROM outbox WHERE stream = 'events:outbox-test'")
    assert heard[0] == "outbox"
