import asyncio
import time
from urllib.parse import parse_qs, quote, urlsplit

import psycopg
import pytest
from prometheus_client import REGISTRY

from reference_impl.chassis import databases, deadlines, stages
from reference_impl.chassis.databases import ShardedDatabase, load_queries
from reference_impl.chassis.errors import Unavailable


@pytest.fixture
async def database(engines):
    urls = engines.user_databases
    async with ShardedDatabase(urls, connections=1, station="user_db") as database:
        await database.check()
        yield database


async def test_each_key_has_one_server(database):
    seen = []
    for user_id in (0, (1 << 22) - 1):
        async with database.connection_of_id(user_id) as connection:
            cursor = await connection.execute("SHOW unix_socket_directories")
            seen.append(await cursor.fetchone())
    assert seen[0] != seen[1]
    async with database.connection_of_name("ada") as connection:
        row = await (await connection.execute("SHOW unix_socket_directories")).fetchone()
    assert row == seen[database.table.server_of_name("ada")]


async def test_statements_commit_alone_and_together_only_in_a_transaction(database):
    async def broken_off(connection):
        async with connection.transaction():
            await connection.execute("INSERT INTO lines VALUES (2)")
            raise LookupError

    async with database.connection(0) as connection:
        await connection.execute("CREATE TEMPORARY TABLE lines (line int)")
        await connection.execute("INSERT INTO lines VALUES (1)")
        assert connection.info.transaction_status is psycopg.pq.TransactionStatus.IDLE
        with pytest.raises(LookupError):
            await broken_off(connection)
        rows = await (await connection.execute("SELECT line FROM lines")).fetchall()
    assert rows == [(1,)]


async def test_waiting_for_a_connection_is_part_of_the_visit(database):
    async with asyncio.TaskGroup() as group:
        account = stages.Account()
        held = asyncio.Event()

        async def hold():
            async with database.connection(0):
                held.set()
                await asyncio.sleep(0.05)

        group.create_task(hold())
        await held.wait()
        with stages.accounting(account):
            async with database.connection(0) as connection:
                await connection.execute("SELECT 1")
    assert account.stages["user_db"].visits == 1
    assert account.stages["user_db"].wall_ns > 40_000_000


async def test_who_cannot_get_a_connection_in_time_is_told_so(engines, monkeypatch):
    monkeypatch.setattr(databases, "ACQUIRE_S", 0.05)
    urls = engines.user_databases
    async with (
        ShardedDatabase(urls, connections=1, station="user_db") as database,
        database.connection(0),
    ):
        with pytest.raises(Unavailable, match="user_db-1"):
            async with database.connection(0):
                pass


async def test_a_statement_that_takes_too_long_is_broken_off(engines, monkeypatch):
    monkeypatch.setattr(databases, "STATEMENT_MS", 50)
    urls = engines.user_databases
    async with ShardedDatabase(urls, connections=1, station="user_db") as database:
        with pytest.raises(Unavailable, match="user_db-2"):
            async with database.connection(1) as connection:
                await connection.execute("SELECT pg_sleep(5)")
        await database.check()


async def test_a_server_that_is_down_is_unavailable(tmp_path, monkeypatch):
    monkeypatch.setattr(databases, "ACQUIRE_S", 0.05)
    url = f"postgresql:///feedtwin?host={tmp_path}"
    async with ShardedDatabase([url], connections=1, station="post_db") as database:
        with pytest.raises(Unavailable, match="post_db-1"):
            await database.check()


async def test_an_error_of_ours_is_not_the_weathers(database):
    with pytest.raises(psycopg.errors.UndefinedTable):
        async with database.connection(0) as connection:
            await connection.execute("SELECT * FROM nothing_by_this_name")


async def until(is_so):
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110 - a pool says nothing when it changes
            await asyncio.sleep(0.01)


def pooled(state):
    labels = {"station": "user_db", "server": "user_db-1", "state": state}
    return REGISTRY.get_sample_value("feedtwin_database_connections", labels)


async def number_of(database):
    async with database.connection(0) as connection:
        [number] = await (await connection.execute("SELECT pg_backend_pid()")).fetchone()
        return number


async def test_at_the_deadline_a_statement_is_broken_off_and_its_connection_is_kept(
    database, asked, monkeypatch
):
    monkeypatch.setattr(deadlines, "CANCEL_AGAIN_S", 5.0)  # however busy this machine is
    before = await number_of(database)
    asked(0.1)
    begun_s = time.monotonic()
    with pytest.raises(Unavailable, match="user_db-1 did not answer in time"):
        async with database.connection(0) as connection:
            await connection.execute("SELECT 'mine', pg_sleep(5)")
    assert time.monotonic() - begun_s < 1
    asked(5)
    assert await number_of(database) == before


async def test_a_transaction_broken_off_at_the_deadline_leaves_nothing(database, asked):
    async with database.connection(0) as connection:
        await connection.execute("CREATE TEMPORARY TABLE lines (line int)")

    async def begin_and_wait():
        async with database.connection(0) as connection, connection.transaction():
            await connection.execute("INSERT INTO lines VALUES (1)")
            await asyncio.sleep(5)

    asked(0.1)
    with pytest.raises(Unavailable):
        await begin_and_wait()
    asked(5)
    async with database.connection(0) as connection:
        assert await (await connection.execute("SELECT * FROM lines")).fetchall() == []


async def test_past_the_deadline_no_connection_is_taken(database, asked):
    asked(-0.001)
    with pytest.raises(Unavailable, match="no time left to ask user_db-1"):
        async with database.connection(0):
            pass


async def test_waiting_for_a_connection_ends_at_the_deadline(database, asked):
    async with database.connection(0):
        asked(0.05)
        begun_s = time.monotonic()
        with pytest.raises(Unavailable, match="user_db-1"):
            async with database.connection(0):
                pass
    assert time.monotonic() - begun_s < 0.8, "the pool's own limit is 1 s"


async def test_whoever_gives_up_loses_no_connection(database):
    async def ask():
        async with database.connection(0) as connection:
            await connection.execute("SELECT pg_sleep(0.01)")

    for _ in range(10):
        tasks = [asyncio.create_task(ask()) for _ in range(3)]
        await asyncio.sleep(0.004)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert await number_of(database) > 0


@pytest.fixture
async def far(engines, wire):
    """A database of which the way to it can be disturbed."""
    [folder] = parse_qs(urlsplit(engines.user_databases[0]).query)["host"]
    way = await wire(f"{folder}/.s.PGSQL.5432", ".s.PGSQL.5432")
    url = engines.user_databases[0].replace(quote(folder, safe=""), quote(str(way.path.parent)))
    async with ShardedDatabase([url], connections=4, station="user_db") as database:
        await database.check()
        await until(lambda: pooled("idle") == 4)
        yield database, way


async def test_a_server_that_hangs_is_waited_for_hardly_beyond_the_deadline(far, asked):
    database, way = far
    way.freeze()
    asked(0.1)
    begun_s = time.monotonic()
    with pytest.raises(Unavailable):
        await database.check()
    assert time.monotonic() - begun_s < 0.1 + 2 * 0.2 + 0.4, "once told again, it ends"
    way.thaw()
    asked(5)
    for _ in range(8):
        await database.check()


async def test_a_server_that_was_started_anew_costs_nobody_an_error(far):
    database, way = far
    await way.cut()
    await way.connect()
    await asyncio.gather(*(database.check() for _ in range(12)))
    assert way.made == 8


async def test_sessions_that_the_server_ends_are_replaced(engines, database):
    number = await number_of(database)
    async with await psycopg.AsyncConnection.connect(engines.user_databases[0]) as other:
        await other.execute("SELECT pg_terminate_backend(%s, 2000)", (number,))
    assert await number_of(database) != number


async def test_a_server_that_was_away_is_found_again_soon(far):
    database, way = far
    await way.cut()
    for _ in range(3):
        with pytest.raises(Unavailable):
            await database.check()
    await way.connect()
    begun_s = time.monotonic()
    while True:
        try:
            await database.check()
            break
        except Unavailable:
            assert time.monotonic() - begun_s < 5
    assert time.monotonic() - begun_s < 2.5


async def test_the_pool_is_in_the_metrics_while_it_is_open(engines):
    urls = engines.user_databases
    async with ShardedDatabase(urls, connections=2, station="user_db") as database:
        await database.check()
        await until(lambda: pooled("idle") == 2)
        async with database.connection(0):
            assert (pooled("open"), pooled("idle")) == (2, 1)
    assert pooled("open") is None


def package_with(tmp_path, monkeypatch, queries):
    package = tmp_path / "a_package_with_queries"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "queries.sql").write_text(queries)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, package.name, raising=False)
    return package.name


def test_queries_are_read_by_name(tmp_path, monkeypatch):
    one = "-- name: one\n-- The first.\n-- It is short.\nSELECT 1\n\n"
    two = "-- name: two\n-- More.\nSELECT\n2;\n"
    package = package_with(tmp_path, monkeypatch, f"-- Of nothing.\n\n{one}{two}")
    assert load_queries(package) == {"one": "SELECT 1", "two": "SELECT\n2;"}


def test_a_query_without_a_description_is_refused(tmp_path, monkeypatch):
    package = package_with(tmp_path, monkeypatch, "-- name: one\nSELECT 1\n")
    with pytest.raises(ValueError, match="lacks its description"):
        load_queries(package)
