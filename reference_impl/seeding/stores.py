"""Writing a seeded world into databases and sessions, in bulk: COPY and pipelines, by server."""

from __future__ import annotations

import json
import secrets
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TypeVar

import psycopg
import redis

from model.rules.ids import created_ms_of
from model.rules.influencers import Delivery
from model.rules.sharding import ShardTable, even_table
from reference_impl.chassis import sessions
from reference_impl.chassis.events import MEDIA_EVENTS, USER_EVENTS, Event
from reference_impl.chassis.session_store import BEGIN, begin_arguments
from reference_impl.chassis.settings import Settings
from reference_impl.seeding.people import PASSWORD
from reference_impl.seeding.persons import Person
from reference_impl.seeding.uploads import Upload
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
CLEARED_WITH_USERS = (
    "follow_changes",
    "blocks",
    "blockers",
    "departed",
    "departures",
    "announcements",
)
TABLES_OF_POSTS = {
    "posts": "post_id, user_id, media_url, created_at, post_type, caption, alt_text, image,"
    " delivery, follower_count",
    "author_posts": "user_id, post_id, delivery",
    "merge_authors": "user_id",
}
# What is told to whom: the search index has a copy of everybody, and edges have copies of images.
CLEARED = {USER_EVENTS: "users.cleared", MEDIA_EVENTS: "media.cleared"}
CLEARED_WITH_POSTS = ("post_requests", "fulfilled_requests", "departed_authors")


def is_empty(settings: Settings) -> bool:
    """Say whether no database has a user yet."""
    for url in settings.user_databases:
        with psycopg.connect(url) as connection:
            if connection.execute("SELECT 1 FROM users LIMIT 1").fetchone():
                return False
    return True


def clear(settings: Settings) -> None:
    """Remove everything that anybody stored: tables, timelines, sessions, events.

    Whoever has copies is told of it, so objects must be cleared before: see `uploads`.
    """
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
        for stream, kind in CLEARED.items():
            said: dict[Any, Any] = dict(_event(kind).to_fields())
            broker.xadd(stream, said)


def _event(kind: str) -> Event:
    unique = secrets.token_hex(8)
    return Event(event_id=f"seeding:{unique}", kind=kind, at_s=time.time(), body={})


def write_users(settings: Settings, world: World, avatars: Sequence[Upload]) -> int:
    """Write users, their names and their follows; return the rows written."""
    table = even_table(len(settings.user_databases))
    password_hash = owasp_hasher().hash(PASSWORD)
    rows: dict[str, Iterable[Row]] = {
        "users": _user_rows(world, avatars, password_hash),
        "usernames": ((person.username, user_id) for user_id, person in _everybody(world)),
        "emails": ((person.email, user_id) for user_id, person in _everybody(world)),
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


def write_posts(settings: Settings, world: World, pictures: Sequence[Upload]) -> int:
    """Write posts, and whose they are; return the rows written."""
    table = even_table(len(settings.post_databases))
    rows: dict[str, Iterable[Row]] = {
        "posts": _post_rows(world, pictures),
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


def _everybody(world: World) -> Iterator[tuple[int, Person]]:
    return zip(world.user_ids.tolist(), world.persons, strict=True)


def _user_rows(world: World, avatars: Sequence[Upload], password_hash: str) -> Iterator[Row]:
    for user, (user_id, person) in enumerate(_everybody(world)):
        registration = Registration(
            first_name=person.first_name,
            last_name=person.last_name,
            email=person.email,
            username=person.username,
            password=PASSWORD,
            location=person.location,
            fields={"likes": person.likes},
        )
        avatar = avatars[user % len(avatars)]
        document = document_of(
            registration,
            user_id=user_id,
            profile_image=avatar.url,
            created_ms=created_ms_of(user_id),
        )
        said = document | {"profile_image_renditions": avatar.renditions}
        yield user_id, json.dumps(said), password_hash


def _edges(world: World, *, follower_first: bool) -> Iterator[Row]:
    followers = world.user_ids[world.population.followers].tolist()
    targets = world.user_ids[world.population.targets].tolist()
    pairs = (followers, targets) if follower_first else (targets, followers)
    return ((one, other, True) for one, other in zip(*pairs, strict=True))


def _post_rows(world: World, pictures: Sequence[Upload]) -> Iterator[Row]:
    images = [json.dumps(picture.image) for picture in pictures]
    posted: Counter[int] = Counter()
    for post_id, author in zip(world.post_ids.tolist(), world.authors.tolist(), strict=True):
        # Authors begin at different pictures, and show none again before they have shown all.
        place = (author + posted[author]) % len(pictures)
        posted[author] += 1
        its = pictures[place]
        yield (
            post_id, int(world.user_ids[author]), its.url,
            datetime.fromtimestamp(created_ms_of(post_id) / 1e3, tz=UTC), "image",
            its.picture.caption, its.picture.alt_text, images[place],
            (Delivery.MERGE if world.is_merged[author] else Delivery.PUSH).value,
            int(world.population.follower_counts[author]),
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
