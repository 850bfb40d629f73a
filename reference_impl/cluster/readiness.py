"""Whether a process does its work: a real connection, and a real answer."""

from __future__ import annotations

import http.client
import json
from pathlib import Path

from reference_impl.chassis.settings import Settings
from reference_impl.cluster.members import Check, Member
from reference_impl.cluster.supervision import UnixConnection

PROBE_TIMEOUT_S = 2


def why_not_ready(member: Member) -> str | None:
    """Return why a running process is not ready; None if it is."""
    if member.check is Check.POSTGRESQL:
        return why_database_is_not_ready(member.address)
    if member.check is Check.VALKEY:
        return why_valkey_is_not_ready(member.address)
    return _why_service_is_not_ready(member.address)


def why_database_is_not_ready(url: str) -> str | None:
    """Ask a PostgreSQL server for a row."""
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=PROBE_TIMEOUT_S) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error as error:
        return str(error).strip()
    return None


def why_valkey_is_not_ready(url: str) -> str | None:
    """Ping a Valkey server."""
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    # By default redis-py asks ten times before it admits that nobody answers.
    once = Retry(NoBackoff(), 0)
    try:
        with redis.Redis.from_url(url, socket_timeout=PROBE_TIMEOUT_S, retry=once) as client:
            client.ping()
    except redis.RedisError as error:
        return str(error)
    return None


def why_an_external_is_not_ready(external: Settings) -> str | None:
    """Return which store that runs elsewhere does not answer, and why; None if all do."""
    for url in (*external.user_databases, *external.post_databases):
        if reason := why_database_is_not_ready(url):
            return f"an external database does not answer: {reason}"
    for url in (*external.timeline_stores, external.broker, external.session_store):
        if url and (reason := why_valkey_is_not_ready(url)):
            return f"an external store does not answer: {reason}"
    return None


def public_url(member: Member) -> str | None:
    """Return where a member listens that is public; None until it has said so."""
    try:
        port = int(Path(member.address.removeprefix("file:")).read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return None
    return f"http://127.0.0.1:{port}"


def _why_service_is_not_ready(address: str) -> str | None:
    try:
        connection = _connection_to(address)
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        text = answer.read(2_000).decode(errors="replace")
        connection.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        return f"{type(error).__name__}: {error}"
    return None if answer.status == 200 else f"{answer.status} {_detail_of(text)}"


def _connection_to(address: str) -> http.client.HTTPConnection:
    scheme, _, place = address.partition(":")
    if scheme == "unix":
        return UnixConnection(Path(place), timeout_s=PROBE_TIMEOUT_S)
    port = int(Path(place).read_text(encoding="ascii"))
    return http.client.HTTPConnection("127.0.0.1", port, timeout=PROBE_TIMEOUT_S)


def _detail_of(text: str) -> str:
    """Return the part of a problem document that says what is wrong, or all of another text."""
    try:
        return str(json.loads(text)["detail"])
    except (ValueError, KeyError, TypeError):
        return text.strip()
