"""What services tell each other: events, and how one leaves with the row it speaks of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

USER_EVENTS = "events:user"
FOLLOW_EVENTS = "events:follow"
POST_EVENTS = "events:post"
ERASURE_EVENTS = "events:erasure"  # posts that go with an account: as `POST_EVENTS`, less urgent

MEDIA_EVENTS = "events:media"
ANNOUNCEMENTS = "events:announcements"  # every user again, for a search index made anew

# The notification leaves PostgreSQL at commit, and not at all if the transaction rolls back.
_APPEND = """
WITH appended AS (INSERT INTO outbox (stream, kind, body) VALUES (%s, %s, %s))
SELECT pg_notify('outbox', '')
"""
_APPEND_ALL = """
WITH appended AS (
    INSERT INTO outbox (stream, kind, body)
    SELECT %s, kind, body
    FROM unnest(%s::text[], %s::jsonb[]) WITH ORDINALITY AS news (kind, body, place)
    ORDER BY place
)
SELECT pg_notify('outbox', '')
"""

Body = Mapping[str, Any]  # what JSON can say; ids as decimal strings, for they exceed a double


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that has happened, as the broker delivers it: at least once."""

    event_id: str  # "<database>:<number>", the same in every delivery of one event
    kind: str
    at_s: float  # Unix time at which the event was written
    body: Body

    def to_fields(self) -> dict[str, str]:
        """Return the fields of the stream entry that carries this event."""
        return {
            "event_id": self.event_id,
            "kind": self.kind,
            "at": repr(self.at_s),
            "body": json.dumps(self.body, ensure_ascii=False),
        }

    @classmethod
    def from_fields(cls, fields: Mapping[bytes, bytes]) -> Event:
        """Read what `to_fields` wrote; raises KeyError or ValueError if it is something else."""
        return cls(
            event_id=fields[b"event_id"].decode(),
            kind=fields[b"kind"].decode(),
            at_s=float(fields[b"at"]),
            body=json.loads(fields[b"body"]),
        )


async def append(connection: AsyncConnection[Any], *, stream: str, kind: str, body: Body) -> None:
    """Put an event into the outbox, inside the transaction that `connection` is in.

    It is published when that transaction commits, and never otherwise.
    """
    await connection.execute(_APPEND, (stream, kind, Jsonb(dict(body))))


async def append_all(
    connection: AsyncConnection[Any], *, stream: str, news: Sequence[tuple[str, Body]]
) -> None:
    """Put events, each a kind and a body, into the outbox in their order; see `append`."""
    kinds, bodies = [kind for kind, _ in news], [Jsonb(dict(body)) for _, body in news]
    if kinds:
        await connection.execute(_APPEND_ALL, (stream, kinds, bodies))
