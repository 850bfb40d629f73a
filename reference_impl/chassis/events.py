"""What services tell each other: events, and how one leaves with the row it speaks of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

USER_EVENTS = "events:user"
FOLLOW_EVENTS = "events:follow"
POST_EVENTS = "events:post"

# The notification leaves PostgreSQL at commit, and not at all if the transaction rolls back.
_APPEND = """
WITH appended AS (INSERT INTO outbox (stream, kind, body) VALUES (%s, %s, %s))
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
            "body": json.dumps(self.body),
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
