"""That pages are read from an index, from where they begin."""

import pytest

from reference_impl.chassis.databases import load_queries
from reference_impl.follow.reverse import page_of_followers

QUERIES = load_queries("reference_impl.follow")


async def plan_of(connection, query, parameters):
    rows = await connection.execute(f"EXPLAIN (COSTS OFF) {QUERIES[query]}", parameters)
    return "\n".join(line for (line,) in await rows.fetchall())


PAGE = page_of_followers(77, after=5 << 10, limit=1000, shards=range(3, 1000))
CELEBRITY_S_FOLLOWERS = """
    INSERT INTO followers (target_id, follower_id, following)
    SELECT 70 + 7 * least(i % 4, 1), i * 1031, i % 3 > 0 FROM generate_series(1, 40000) AS i
"""
CELEBRITY_S_PAIRS = """
    INSERT INTO follows (follower_id, target_id, following)
    SELECT i * 1031, 70 + 7 * least(i % 4, 1), true FROM generate_series(1, 40000) AS i
"""
LOST_FOLLOWERS = """
    INSERT INTO followers (target_id, follower_id, following, version)
    SELECT 77, i * 1031, i % 400 = 0, 2 FROM generate_series(1, 40000) AS i
"""
FOLLOWERS_OF_MANY = """
    INSERT INTO follows (follower_id, target_id, following, seq)
    SELECT 1 + i % 10, i, true, i FROM generate_series(1, 40000) AS i
"""
SHARD = "((((follower_id >> 10) & '4095'::bigint))::smallint)"


async def plan_with(database, rows, query, parameters):
    """Return the plan of a query on a server that holds these rows too."""
    async with (
        database.connection(0) as connection,
        connection.transaction(force_rollback=True),
    ):
        await connection.execute(rows)
        await connection.execute("INSERT INTO follow_changes VALUES (7, 40000, 39900)")
        await connection.execute("REINDEX TABLE followers")  # what other tests left makes it dear
        await connection.execute("ANALYZE follows, followers, follow_changes")
        return await plan_of(connection, query, parameters)


@pytest.mark.parametrize(
    ("rows", "query", "parameters", "index", "bounds"),
    [
        (
            CELEBRITY_S_FOLLOWERS,
            "followers",
            PAGE,
            "followers_by_place",
            ("ROW(shard, follower_id) > ", "shard <= "),
        ),
        (
            CELEBRITY_S_PAIRS,
            "followers_on_one_server",
            PAGE,
            "follows_by_target",
            (f"ROW({SHARD}, follower_id) > ", f"{SHARD} <= "),
        ),
        (
            FOLLOWERS_OF_MANY,
            "followees_page",
            {"follower_id": 7, "after": 9, "limit": 20},
            "follows_pkey",
            ("target_id > ",),
        ),
    ],
)
async def test_a_page_is_read_from_where_it_begins_in_an_index_of_its_order(
    one_way_database, rows, query, parameters, index, bounds
):
    plan = await plan_with(one_way_database, rows, query, parameters)
    assert f"using {index} on" in plan
    assert "Sort" not in plan
    [conditions] = [line for line in plan.splitlines() if "Index Cond" in line]
    assert all(bound in conditions for bound in bounds)


def nodes_of(plan):
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes_of(part)


async def test_who_does_not_follow_any_more_is_not_even_looked_at(one_way_database):
    async with (
        one_way_database.connection(0) as connection,
        connection.transaction(force_rollback=True),
    ):
        await connection.execute(LOST_FOLLOWERS)
        await connection.execute("REINDEX TABLE followers")
        await connection.execute("ANALYZE followers")
        page = page_of_followers(77, after=0, limit=1000, shards=range(4096))
        query = f"EXPLAIN (ANALYZE, FORMAT JSON) {QUERIES['followers']}"
        [[[explained]]] = await (await connection.execute(query, page)).fetchall()
    nodes = list(nodes_of(explained["Plan"]))
    assert nodes[0]["Actual Rows"] == 100
    assert {node["Index Name"] for node in nodes if "Index Name" in node} == {"followers_by_place"}
    assert sum(node.get("Rows Removed by Filter", 0) for node in nodes) == 0


@pytest.mark.parametrize(
    ("query", "parameters"),
    [("followees_since", {"since": 39_000, "limit": 5000}), ("backlog", {"limit": 500})],
)
async def test_later_changes_are_found_by_their_count(one_way_database, query, parameters):
    parameters = {"follower_id": 7, **parameters}
    plan = await plan_with(one_way_database, FOLLOWERS_OF_MANY, query, parameters)
    conditions = [line for line in plan.splitlines() if "Index Cond" in line]
    assert "follows_by_seq" in plan
    assert any("seq > " in condition for condition in conditions)
