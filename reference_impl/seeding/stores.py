"""Writing a seeded world into databases and sessions, in bulk: COPY and pipelines, by server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import TypeVar

import psycopg
import redis

from model.rules.ids import created_ms_of
from model.rules.influencers import Delivery
from model.rules.sharding import ShardTable, even_table
from reference_impl.chassis import sessions
from reference_impl.chassis.session_store import BEGIN, begin_arguments
from reference_impl.chassis.settings import Settings
from reference_impl.media.service import MediaService
from reference_impl.media.store import StoredObjects, opened
from reference_impl.seeding.people import PASSWORD, username_of
from reference_impl.seeding.world import World
from reference_impl.user.passwords import owasp_hasher
from reference_impl.user.profiles import Registration, document_of

Row = Sequence[object]
PIPELINE_COMMANDS = 1_000  # sent to a Valkey server before its answers are read

TABLES_OF_USERS = {
    "users": "user_id, document, password_hash",
    "usernames": "username, user_id",
    "emails": "email, user_id",
    "follows": "follower_id, target_id, following",
    "followers": "target_id, follower_id, following",
    "follower_counts": "target_id, count",
}
CLEARED_WITH_USERS = ("follow_changes", "blocks", "blockers", "departed", "departures")
TABLES_OF_POSTS = {
    "posts": "post_id, user_id, media_url, created_at, post_type, caption, delivery,"
    " follower_count",
    "author_posts": "user_id, post_id, delivery",
    "merge_authors": "user_id",
}
CLEARED_WITH_POSTS = ("post_requests", "fulfilled_requests")


def is_empty(settings: Settings) -> bool:
    """Say whether no database has a user yet."""
    for url in settings.user_databases:
        with psycopg.connect(url) as connection:
            if connection.execute("SELECT 1 FROM users LIMIT 1").fetchone():
                return False
    return True


def clear(settings: Settings) -> None:
    """Remove everything that anybody stored: tables, timelines, sessions, events."""
    tables_of = {
        settings.user_databases: (*TABLES_OF_USERS, *CLEARED_WITH_USERS),
        settings.post_databases: (*TABLES_OF_POSTS, *CLEARED_WITH_POSTS),
    }
    for urls, tables in tables_of.items():
        for url in urls:
            with psycopg.connect(url) as connection:
                names = ", ".join((*tables, "outbox"))
                connection.execute(f"TRUNCATE {names}".encode())
    for url in (*settings.timeline_stores, settings.session_store):
        with redis.Redis.from_url(url) as server:
            server.flushall()
    with redis.Redis.from_url(settings.broker) as broker:
        for pattern in ("events:*", "fanout:*"):
            for stream in broker.scan_iter(pattern, _type="stream"):
                # Emptied, not deleted: the consumers' groups stay.
                broker.xtrim(stream, maxlen=0, approximate=False)


def write_users(settings: Settings, world: World, image_urls: Sequence[str]) -> int:
    """Write users, their names and their follows; return the rows written."""
    table = even_table(len(settings.user_databases))
    password_hash = owasp_hasher().hash(PASSWORD)
    rows: dict[str, Iterable[Row]] = {
        "users": _user_rows(world, image_urls, password_hash),
        "usernames": ((username_of(i), int(uid)) for i, uid in enumerate(world.user_ids)),
        "emails": ((_email_of(i), int(uid)) for i, uid in enumerate(world.user_ids)),
        "follows": _edges(world, follower_first=True),
        "followers": _edges(world, follower_first=False),
        "follower_counts": (
            (int(uid), int(count))
            for uid, count in zip(world.user_ids, world.population.follower_counts, strict=True)
        ),
    }
    return sum(
        _copy(settings.user_databases, f"{name} ({TABLES_OF_USERS[name]})", by_server)
        for name, by_server in ((name, _by_owner(table, rows[name])) for name in rows)
    )


def write_posts(settings: Settings, world: World, image_urls: Sequence[str]) -> int:
    """Write posts, and whose they are; return the rows written."""
    table = even_table(len(settings.post_databases))
    rows: dict[str, Iterable[Row]] = {
        "posts": _post_rows(world, image_urls),
        "author_posts": _author_rows(world),
        "merge_authors": ((int(world.user_ids[author]),) for author in world.merged_posts),
    }
    return sum(
        _copy(settings.post_databases, f"{name} ({TABLES_OF_POSTS[name]})", by_server)
        for name, by_server in ((name, _by_owner(table, rows[name])) for name in rows)
    )


def write_sessions(settings: Settings, user_ids: Iterable[int]) -> list[str]:
    """Begin a session for every user; return their tokens, in the same order."""
    tokens = []
    with redis.Redis.from_url(settings.session_store) as server:
        begin = server.register_script(BEGIN)
        for chunk in _chunks(user_ids, PIPELINE_COMMANDS):
            fresh = [sessions.new_token() for _ in chunk]
            with server.pipeline(transaction=False) as pipeline:
                for token, user_id in zip(fresh, chunk, strict=True):
                    begin(*begin_arguments(token, int(user_id)), client=pipeline)
                pipeline.execute()
            tokens += fresh
    return tokens


def write_images(settings: Settings, images: Sequence[bytes]) -> list[str]:
    """Store the images as the media service does; return their addresses."""
    media = MediaService(StoredObjects(opened(settings.objects)))

    async def put_all() -> list[str]:
        return [await media.put(image, "image/jpeg") for image in images]

    return [f"/media/{name}" for name in asyncio.run(put_all())]


def _copy(urls: Sequence[str], columns: str, by_server: Sequence[Sequence[Row]]) -> int:
    """COPY each server its rows into the table and columns named; return how many in all."""
    for url, rows in zip(urls, by_server, strict=True):
        with psycopg.connect(url) as connection, connection.cursor() as cursor:
            with cursor.copy(f"COPY {columns} FROM STDIN".encode()) as copy:
                for row in rows:
                    copy.write_row(row)
            # What the planner knows of an empty table is wrong now.
            connection.execute(f"ANALYZE {columns.split(maxsplit=1)[0]}".encode())
    return sum(len(rows) for rows in by_server)


def _by_owner(table: ShardTable, rows: Iterable[Row]) -> list[list[Row]]:
    """Return the rows of each server; the first column, an id or a name, decides."""
    by_server: list[list[Row]] = [[] for _ in range(max(table.owners) + 1)]
    for row in rows:
        key = row[0]
        server = table.server_of_name(key) if isinstance(key, str) else table.server_of_id(key)  # type: ignore[arg-type]  # ids are whole numbers
        by_server[server].append(row)
    return by_server


def _user_rows(world: World, image_urls: Sequence[str], password_hash: str) -> Iterator[Row]:
    for user, user_id in enumerate(world.user_ids.tolist()):
        registration = Registration(
            first_name="Person",
            last_name=f"Number {user}",
            email=_email_of(user),
            username=username_of(user),
            password=PASSWORD,
            age=None,
            location=None,
            phone=None,
        )
        document = document_of(
            registration,
            user_id=user_id,
            profile_image=image_urls[user % len(image_urls)],
            created_ms=created_ms_of(user_id),
        )
        yield user_id, json.dumps(document), password_hash


def _email_of(user: int) -> str:
    return f"{username_of(user)}@example.org"


def _edges(world: World, *, follower_first: bool) -> Iterator[Row]:
    followers = world.user_ids[world.population.followers].tolist()
    targets = world.user_ids[world.population.targets].tolist()
    pairs = (followers, targets) if follower_first else (targets, followers)
    return ((one, other, True) for one, other in zip(*pairs, strict=True))


def _post_rows(world: World, image_urls: Sequence[str]) -> Iterator[Row]:
    for number, (post_id, author) in enumerate(zip(world.post_ids, world.authors, strict=True)):
        created_at = datetime.fromtimestamp(created_ms_of(int(post_id)) / 1e3, tz=UTC)
        delivery = Delivery.MERGE if world.is_merged[author] else Delivery.PUSH
        followers = int(world.population.follower_counts[author])
        yield (
            int(post_id), int(world.user_ids[author]), image_urls[number % len(image_urls)],
            created_at, "image", f"Picture {number}", delivery.value, followers,
        )  # fmt: skip


def _author_rows(world: World) -> Iterator[Row]:
    for post_id, author in zip(world.post_ids, world.authors, strict=True):
        delivery = Delivery.MERGE if world.is_merged[author] else Delivery.PUSH
        yield int(world.user_ids[author]), int(post_id), delivery.value


Item = TypeVar("Item")


def _chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
