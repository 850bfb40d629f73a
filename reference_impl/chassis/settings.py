"""Settings of every service, read from the environment: where things are, and the policy.

| variable | meaning |
|---|---|
| FEEDTWIN_INSTANCE | name of this process, such as `timeline-2` |
| FEEDTWIN_ZONE | where this process is: it asks instances of its own zone first |
| FEEDTWIN_LISTEN | address to serve on: `unix:/path` or `tcp:host:port`; port 0 takes a free one |
| FEEDTWIN_PORT_FILE | where to write the port taken; a port found there is asked for again |
| FEEDTWIN_INTERNAL_LISTEN | of a gateway: where it serves what the public does not get |
| FEEDTWIN_NEIGHBOURS_LISTEN | of a gateway: where it serves the front door and the pages |
| FEEDTWIN_USER_DATABASES, _POST_DATABASES | PostgreSQL URLs, one per shard server, in order |
| FEEDTWIN_TIMELINE_STORES | Valkey URLs (`redis://…`, `unix:///path`), one per shard server |
| FEEDTWIN_BROKER, FEEDTWIN_SESSION_STORE | Valkey URLs |
| FEEDTWIN_OBJECTS | object store URL (`file:///path`, `s3://…`) |
| FEEDTWIN_USER_URLS, _FOLLOW_URLS, _POST_URLS, _MEDIA_URLS, _TIMELINE_URLS | instances |
| FEEDTWIN_GATEWAY_URLS, _WEB_URLS, _CDN_URLS | instances |
| FEEDTWIN_SEARCH_URLS | index servers, one per shard, in order |
| FEEDTWIN_ADDRESSES | file that says where the instances are by now; goes before the _URLS |
| FEEDTWIN_SEARCH_SHARD | of an index server: which shard it is, from 1 |
| FEEDTWIN_SEARCH_INDEX | of an index server: the folder that its index is in |
| FEEDTWIN_CACHE_FOLDER, _CACHE_BYTES | of an edge: the folder of its cache, and how large that is |
| FEEDTWIN_ZONE_REGIONS | which region each zone is in: `zone-1=eu-west zone-2=us-east` |
| FEEDTWIN_CLIENT_REGION | where a client is taken to be that does not say so (`Client-Region`) |
| FEEDTWIN_HTTPS | `1` if the public reaches the front door over TLS: cookies are then kept to it |
| FEEDTWIN_DARKROOMS | processes in which one service process decodes images |
| FEEDTWIN_ORIGINALS | `keep` originals, or `drop` each once its renditions are there |
| FEEDTWIN_SECRET | key (32 characters at least) that signs cursors, and seals answers kept |
| FEEDTWIN_DATABASE_CONNECTIONS | connections that one process opens to one database server |
| FEEDTWIN_IN_FLIGHT_MAX | requests that one process answers at a time; the next is refused |
| FEEDTWIN_CONNECTIONS_PER_ADDRESS | connections that one client address may have to a listener |
| FEEDTWIN_DRAIN_NOTICE_S | after a stop was asked for, how long the listener stays open |
| FEEDTWIN_RATE_LIMITS | `1` if the gateway limits how often one caller may ask, else `0` |
| FEEDTWIN_SERVER_TIMING | `1` adds a `Server-Timing` entry per station visited |
| FEEDTWIN_ACCESS_LOG | `1` writes a line of every request |
| FEEDTWIN_POLICY | the feed policy until another is published, as JSON (`model.rules.policy`) |
| FEEDTWIN_TIMELINES_BY | `user`, or `post`: a timeline lies on all servers, by hash of post id |
| FEEDTWIN_FOLLOWS_KEPT | `both` directions, or by `follower` only: fan-out asks every server |
| FEEDTWIN_TIMELINE_CAP, _PAGE_LIMIT | posts kept per timeline; posts on a page by default |
| FEEDTWIN_MERGE_AUTHORS_FRESH_S | for how long the set of authors to merge is remembered |

Lists are separated by spaces.  Each of these that is set for `feedtwin up` takes effect in all
processes that it starts, or is refused with what decides instead (`cluster.environments`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from math import inf

from model.rules import timelines
from model.rules.policy import FeedPolicy
from model.rules.regions import REGIONS

PREFIX = "FEEDTWIN_"
SECRET_CHARS_MIN = 32  # 192 bits at random in base64
_SECRET = re.compile(rf"[\x21-\x7e]{{{SECRET_CHARS_MIN},}}")
CHOICES = {
    "timelines_by": ("user", "post"),
    "follows_kept": ("both", "follower"),
    "originals": ("keep", "drop"),
    "client_region": ("", *REGIONS),
}


class SettingsError(ValueError):
    """An environment that no service can start in; the message names the variable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a service process is told when it starts; see the table above."""

    instance: str = "service-1"
    zone: str = ""
    listen: str = "tcp:127.0.0.1:0"
    port_file: str = ""
    internal_listen: str = ""
    neighbours_listen: str = ""
    user_databases: tuple[str, ...] = field(default=(), repr=False)  # may hold a password
    post_databases: tuple[str, ...] = field(default=(), repr=False)
    timeline_stores: tuple[str, ...] = field(default=(), repr=False)
    broker: str = field(default="", repr=False)
    session_store: str = field(default="", repr=False)
    objects: str = field(default="", repr=False)
    user_urls: tuple[str, ...] = ()
    follow_urls: tuple[str, ...] = ()
    post_urls: tuple[str, ...] = ()
    media_urls: tuple[str, ...] = ()
    timeline_urls: tuple[str, ...] = ()
    gateway_urls: tuple[str, ...] = ()
    web_urls: tuple[str, ...] = ()
    cdn_urls: tuple[str, ...] = ()
    search_urls: tuple[str, ...] = ()
    search_shard: int = 1
    search_index: str = ""
    cache_folder: str = ""
    cache_bytes: int = 256 << 20
    zone_regions: tuple[str, ...] = ()
    client_region: str = ""
    https: bool = False
    darkrooms: int = 1
    originals: str = "keep"
    addresses: str = ""
    secret: str = field(default="", repr=False)
    database_connections: int = 8
    in_flight_max: int = 512  # of 10 ms of CPU each: about all the work within a deadline
    connections_per_address: int = 1_024  # twice what a load test opens, a quarter of all
    drain_notice_s: float = 0.0
    rate_limits: bool = True
    server_timing: bool = False
    access_log: bool = False
    policy: str = ""
    timelines_by: str = "user"
    follows_kept: str = "both"
    timeline_cap: int = timelines.TIMELINE_CAP
    page_limit: int = timelines.PAGE_LIMIT_DEFAULT
    merge_authors_fresh_s: float = timelines.MERGE_AUTHORS_FRESH_S

    def __post_init__(self) -> None:
        """Refuse what no service could start with; the message names the variable."""
        for its in fields(self):
            if wrong := _what_is_wrong(its.name, getattr(self, its.name)):
                raise SettingsError(f"{PREFIX}{its.name.upper()}: {wrong}")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read the variables of the table above; what is absent takes its default."""
        given = {}
        for its in fields(cls):
            text = environ.get(PREFIX + its.name.upper())
            if text is not None:
                given[its.name] = _parsed(its.name, text, its.default)
        if "secret" in given:
            refuse_weak_secret(str(given["secret"]))
        return cls(**given)  # type: ignore[arg-type]  # each value has its default's type

    def to_environment(self) -> dict[str, str]:
        """Return the variables that `from_environment` reads back as these settings."""
        values = {its.name: getattr(self, its.name) for its in fields(self)}
        if not self.secret:
            del values["secret"]  # an empty one is none
        return {PREFIX + name.upper(): _written(value) for name, value in values.items()}


def refuse_weak_secret(secret: str) -> None:
    """Raise SettingsError for a key that could be guessed; an empty one is among them."""
    if not _SECRET.fullmatch(secret):
        raise SettingsError(
            f"{PREFIX}SECRET: must have at least {SECRET_CHARS_MIN} characters, visible ASCII ones;"
            f" got {len(secret)}"
        )


def _parsed(name: str, text: str, default: object) -> object:
    if isinstance(default, tuple):
        return tuple(text.split())
    if isinstance(default, bool):
        if text not in {"0", "1"}:
            raise SettingsError(f"{PREFIX}{name.upper()}: neither 0 nor 1: {text!r}")
        return text == "1"
    if isinstance(default, int | float):
        try:
            return type(default)(text)
        except ValueError:
            kind = "whole number" if isinstance(default, int) else "number"
            raise SettingsError(f"{PREFIX}{name.upper()}: not a {kind}: {text!r}") from None
    return text


def _written(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(value)
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)


def _what_is_wrong(name: str, value: object) -> str | None:
    if name in CHOICES and value not in CHOICES[name]:
        return f"must be {' or '.join(CHOICES[name])}, got {value!r}"
    if isinstance(value, float) and not 0 <= value < inf:
        return f"must be a time in seconds, got {value}"
    if isinstance(value, int) and not isinstance(value, bool) and value < 1:
        return f"must be at least 1, got {value}"
    if name == "page_limit" and value not in range(timelines.PAGE_LIMIT_MAX + 1):
        return f"must be at most {timelines.PAGE_LIMIT_MAX}, got {value}"
    if name == "policy" and value:
        return _what_is_wrong_with_policy(str(value))
    return None


def _what_is_wrong_with_policy(text: str) -> str | None:
    try:
        if not isinstance(json.loads(text), dict):
            return "must be a JSON object"
        FeedPolicy.from_json(text)
    except ValueError as error:  # not JSON, or no policy
        return str(error)
    return None
