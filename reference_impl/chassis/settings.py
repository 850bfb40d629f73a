"""Settings of every service, read from the environment: where things are, and the policy.

| variable | meaning |
|---|---|
| FEEDTWIN_INSTANCE | name of this process, such as `timeline-2` |
| FEEDTWIN_LISTEN | address to serve on: `unix:/path` or `tcp:host:port`; port 0 takes a free one |
| FEEDTWIN_PORT_FILE | where to write the port taken; a port found there is asked for again |
| FEEDTWIN_USER_DATABASES, _POST_DATABASES | PostgreSQL URLs, one per shard server, in order |
| FEEDTWIN_TIMELINE_STORES | Valkey URLs (`redis://…`, `unix:///path`), one per shard server |
| FEEDTWIN_BROKER, FEEDTWIN_SESSION_STORE | Valkey URLs |
| FEEDTWIN_OBJECTS | object store URL (`file:///path`, `s3://…`) |
| FEEDTWIN_USER_URLS, _FOLLOW_URLS, _POST_URLS, _MEDIA_URLS, _TIMELINE_URLS | instances |
| FEEDTWIN_SECRET | key that signs cursors |
| FEEDTWIN_SERVER_TIMING | `1` adds a `Server-Timing` entry per station visited |
| FEEDTWIN_DATABASE_CONNECTIONS | connections that one process opens to one database server |
| FEEDTWIN_INFLUENCER_FOLLOWERS_MIN, _TIMELINE_CAP, _PAGE_LIMIT | the policy |

Lists are separated by spaces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from model.rules import timelines

PREFIX = "FEEDTWIN_"


class SettingsError(ValueError):
    """An environment that no service can start in; the message names the variable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a service process is told when it starts; see the table above."""

    instance: str = "service-1"
    listen: str = "tcp:127.0.0.1:0"
    port_file: str = ""
    user_databases: tuple[str, ...] = ()
    post_databases: tuple[str, ...] = ()
    timeline_stores: tuple[str, ...] = ()
    broker: str = ""
    session_store: str = ""
    objects: str = ""
    user_urls: tuple[str, ...] = ()
    follow_urls: tuple[str, ...] = ()
    post_urls: tuple[str, ...] = ()
    media_urls: tuple[str, ...] = ()
    timeline_urls: tuple[str, ...] = ()
    secret: str = ""
    server_timing: bool = False
    database_connections: int = 8
    influencer_followers_min: int = 10_000
    timeline_cap: int = timelines.TIMELINE_CAP
    page_limit: int = timelines.PAGE_LIMIT_DEFAULT

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read the variables of the table above; what is absent takes its default."""
        given = {}
        for field in fields(cls):
            text = environ.get(PREFIX + field.name.upper())
            if text is not None:
                given[field.name] = _parsed(field.name, text, field.default)
        return cls(**given)  # type: ignore[arg-type]  # each value has its default's type

    def to_environment(self) -> dict[str, str]:
        """Return the variables that `from_environment` reads back as these settings."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {PREFIX + name.upper(): _written(value) for name, value in values.items()}


def _parsed(name: str, text: str, default: object) -> object:
    if isinstance(default, tuple):
        return tuple(text.split())
    if isinstance(default, bool):
        return text == "1"
    if isinstance(default, int):
        try:
            return int(text)
        except ValueError:
            raise SettingsError(f"{PREFIX}{name.upper()}: not a whole number: {text!r}") from None
    return text


def _written(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(value)
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)
