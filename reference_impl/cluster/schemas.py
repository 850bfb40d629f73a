"""The tables of every database server, made (again) before any service starts."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from reference_impl.chassis.settings import Settings

SERVICES = Path(__file__).parents[1]
OF_USER_DATABASES = ("chassis/outbox.sql", "user/schema.sql", "follow/schema.sql")
OF_POST_DATABASES = ("chassis/outbox.sql", "post/schema.sql")
SERVERS_AT_ONCE = 8


def apply_schemas(settings: Settings) -> None:
    """Bring every database server to the services' schemas; what is there already stays."""
    with ThreadPoolExecutor(SERVERS_AT_ONCE) as pool:
        list(pool.map(_apply, *zip(*_scripts_of_servers(settings), strict=True)))


def _scripts_of_servers(settings: Settings) -> Iterator[tuple[str, bytes]]:
    users, posts = _script(OF_USER_DATABASES), _script(OF_POST_DATABASES)
    yield from ((url, users) for url in settings.user_databases)
    yield from ((url, posts) for url in settings.post_databases)


def _script(files: tuple[str, ...]) -> bytes:
    paths = (SERVICES / file for file in files)
    return b"\n".join(path.read_bytes() for path in paths if path.exists())


def _apply(url: str, script: bytes) -> None:
    import psycopg

    with psycopg.connect(url) as connection:
        connection.execute(script)
