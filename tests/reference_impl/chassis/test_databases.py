import asyncio

import psycopg
import pytest

from reference_impl.chassis import databases, stages
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
