"""Bytes of rows, entries and events, on the real engines with the services' own tables."""

import json
import random
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis.asyncio

import reference_impl
from model.answers.sizing import measured
from model.rules.ids import EPOCH_MS, IdMinter
from reference_impl.chassis.events import Event
from reference_impl.media.pipeline.manifests import JPEG, Made
from reference_impl.timeline.lists import Contents
from reference_impl.timeline.store import Functions, ValkeyLists, state_key
from reference_impl.user.passwords import owasp_hasher
from reference_impl.user.profiles import Registration, document_of

pytestmark = pytest.mark.verify

SERVICES = Path(reference_impl.__file__).parent
ROWS = 20_000
NEAR = 0.15  # engines of another version, and a page more or less


def ids(count):
    minter = IdMinter(iter(range(EPOCH_MS + 10**9, EPOCH_MS + 2 * 10**9)).__next__, first_place=7)
    return [minter.mint() for _ in range(count)]


def media_url(suffix="jpg"):
    return f"/media/{secrets.token_hex(32)}-{secrets.token_hex(8)}.{suffix}"


def image():
    widths = (1080, 640, 320)
    made = [
        Made(url=media_url(suffix), width=wide, height=wide, type=kind, bytes=1)
        for wide in widths
        for suffix, kind in (("jpg", JPEG), ("webp", "image/webp"))
    ]
    size = {"width": 3000, "height": 3000}
    return json.dumps({"status": "ready", **size, "renditions": [each.told() for each in made]})


@pytest.fixture
def tables(engines):
    """A schema of its own, with the services' tables; what it takes to write and weigh rows."""
    with psycopg.connect(engines.post_databases[0], autocommit=True) as connection:
        connection.execute("CREATE SCHEMA weighed")
        connection.execute("SET search_path TO weighed")
        for service in ("post", "user", "follow"):
            connection.execute((SERVICES / service / "schema.sql").read_bytes())
        yield connection
        connection.execute("DROP SCHEMA weighed CASCADE")


def row_bytes(connection, rows):
    """Write rows into their tables ("table (columns)"), and weigh these with all indexes."""
    for columns, some in rows.items():
        with connection.cursor() as cursor, cursor.copy(f"COPY {columns} FROM STDIN") as copy:
            for row in some:
                copy.write_row(row)
    total = 0
    for columns in rows:
        query = "SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree(%s)"
        table = columns.split()[0]
        partitions = connection.execute(query, [table]).fetchone()[0]
        plain = connection.execute("SELECT pg_total_relation_size(%s::regclass)", [table])
        total += partitions or plain.fetchone()[0]
    return float(total) / ROWS


def post_bytes(tables, **said):
    """Weigh posts that say this besides what every post says, and whose they are."""
    now, posts = datetime.now(UTC), ids(ROWS)
    columns = ", ".join(("post_id, user_id, created_at, delivery, follower_count", *said))
    written = row_bytes(
        tables,
        {
            f"posts ({columns})": (
                (post, post + 1, now, "push", 60, *(value() for value in said.values()))
                for post in posts
            ),
            "author_posts (user_id, post_id, delivery)": (
                (post + 1, post, "push") for post in posts
            ),
        },
    )
    tables.execute("TRUNCATE posts, author_posts")
    return written


def test_a_post_takes_as_many_bytes_as_we_say_and_its_image_so_many_more(tables):
    plain = post_bytes(tables, post_type=lambda: "text")
    pictured = post_bytes(
        tables,
        media_url=media_url,
        caption=lambda: "c" * 40,
        alt_text=lambda: "a" * 80,
        image=image,
    )
    assert plain == pytest.approx(measured.POST_ROW_BYTES, rel=NEAR)
    assert pictured - plain == pytest.approx(measured.IMAGE_ROW_BYTES, rel=NEAR)


def document(number, user_id):
    name = f"first{number:06}.lastname{number:06}"
    said = Registration(
        first_name="Alejandro",
        last_name="Andersson",
        email=f"{name}@example.org",
        username=name,
        password=name,
        location="Buenos Aires",
        fields={"likes": "hiking with too much luggage"},
    )
    return json.dumps(document_of(said, user_id=user_id, profile_image=media_url(), created_ms=1))


def test_a_user_takes_as_many_bytes_as_we_say(tables):
    users, hashed = ids(ROWS), owasp_hasher().hash("a password")
    names = [f"first{number:06}.lastname{number:06}" for number in range(ROWS)]
    written = row_bytes(
        tables,
        {
            "users (user_id, document, password_hash)": (
                (user, document(number, user), hashed) for number, user in enumerate(users)
            ),
            "usernames (username, user_id)": zip(names, users, strict=True),
            "emails (email, user_id)": (
                (f"{name}@example.org", user) for name, user in zip(names, users, strict=True)
            ),
            "follower_counts (target_id, count)": ((user, 60) for user in users),
        },
    )
    assert written == pytest.approx(measured.USER_ROW_BYTES, rel=NEAR)


def test_a_follow_takes_as_many_bytes_as_we_say_in_each_direction(tables):
    users = ids(ROWS)
    pairs = [(users[at // 20], users[(at * 7919) % ROWS]) for at in range(ROWS)]
    random.Random(1).shuffle(pairs)  # people follow one another in no order
    truth = row_bytes(
        tables,
        {"follows (follower_id, target_id, following)": ((a, b, True) for a, b in pairs)},
    )
    mirror = row_bytes(
        tables,
        {"followers (target_id, follower_id, following)": ((a, b, True) for a, b in pairs)},
    )
    assert truth == pytest.approx(measured.FOLLOW_ROW_BYTES, rel=NEAR)
    assert mirror == pytest.approx(measured.FOLLOWER_ROW_BYTES, rel=NEAR)


async def weight(server, key):
    """Return the bytes of a key, every element of it weighed."""
    taken = await server.memory_usage(key, samples=0)
    assert taken is not None, f"{key} is not there"
    return taken


async def test_a_full_timeline_takes_as_many_bytes_as_we_say_and_each_post_in_it(engines):
    key = f"weighed:{secrets.token_hex(8)}"
    server = redis.asyncio.Redis.from_url(engines.timeline_stores[0])
    lists = ValkeyLists(Functions(server), cap=800)
    await lists.load_functions()
    await lists.begin([key], "token")
    contents = Contents(ids=list(reversed(ids(800))), floor=0, seq=12)
    assert await lists.finish({key: contents}, "token", idle_s=1000.0) == [True]
    posts, state = [await weight(server, each) for each in (key, state_key(key))]
    await lists.drop(key)
    await server.aclose()
    assert posts / 800 == pytest.approx(measured.TIMELINE_ENTRY_BYTES, rel=NEAR)
    assert state == pytest.approx(measured.TIMELINE_BYTES, rel=NEAR)


async def test_an_event_takes_as_many_bytes_as_we_say_in_the_broker(engines):
    stream, server = "weighed:events", redis.asyncio.Redis.from_url(engines.broker)
    for number, post in enumerate(ids(1000)):
        said = {
            "post_id": str(post),
            "user_id": str(post),
            "created_ms": 1_767_225_600_000,
            "delivery": "push",
            "follower_count": 60,
            "media_url": media_url(),
        }
        event = Event(event_id=f"abc:{number}", kind="post.created", at_s=1.7e9, body=said)
        fields: dict[Any, Any] = dict(event.to_fields())
        await server.xadd(stream, fields)
    written = await weight(server, stream) / 1000
    await server.delete(stream)
    await server.aclose()
    assert written == pytest.approx(measured.EVENT_BYTES, rel=NEAR)
