"""The tables of every database server, made (again) before any service starts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from reference_impl.chassis.settings import Settings

SERVICES = Path(__file__).parents[1]
OF_USER_DATABASES = ("chassis/outbox.sql", "user/schema.sql", "follow/schema.sql")
OF_POST_DATABASES = ("chassis/outbox.sql", "post/schema.sql")
IF_FOLLOWS_ARE_KEPT_BY_FOLLOWER = ("follow/one_way.sql",)
SERVERS_AT_ONCE = 8
# To be raised when what is stored changes in a way that no table shows: documents, Valkey's keys.
FORMS_VERSION = 2

_COMMENT = re.compile(r"--[^\n]*")


def schema_version() -> str:
    """Return what tells apart stored data that these services could not read.

    The tables' part follows from their text: `CREATE TABLE IF NOT EXISTS` would quietly keep a
    table of before, and nobody has to remember to count.
    """
    scripts = _script(OF_USER_DATABASES + OF_POST_DATABASES)
    words = " ".join(_COMMENT.sub(" ", scripts.decode()).split())
    return f"{FORMS_VERSION}-{hashlib.sha256(words.encode()).hexdigest()[:8]}"


def apply_schemas(settings: Settings) -> None:
    """Bring every database server to the services' schemas; what is there already stays."""
    with ThreadPoolExecutor(SERVERS_AT_ONCE) as pool:
        list(pool.map(_apply, *zip(*scripts_of_servers(settings), strict=True)))


def scripts_of_servers(settings: Settings) -> Iterator[tuple[str, bytes]]:
    """Yield the URL of every database server, and what makes its tables."""
    one_way = IF_FOLLOWS_ARE_KEPT_BY_FOLLOWER if settings.follows_kept == "follower" else ()
    users, posts = _script(OF_USER_DATABASES + one_way), _script(OF_POST_DATABASES)
    yield from ((url, users) for url in settings.user_databases)
    yield from ((url, posts) for url in settings.post_databases)


def _script(files: tuple[str, ...]) -> bytes:
    paths = (SERVICES / file for file in files)
    return b"\n".join(path.read_bytes() for path in paths if path.exists())


def _apply(url: str, script: bytes) -> None:
    import psycopg

    with psycopg.connect(url) as connection:
        connection.execute(script)
