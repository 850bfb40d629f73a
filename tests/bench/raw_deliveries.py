"""Deliveries by a client that does nothing else: the function of lists.lua, called in chunks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import redis
from feed_people import chunks

from model.rules.ids import created_ms_of
from model.rules.sharding import even_table
from model.rules.timelines import FANOUT_CHUNK_MAX
from reference_impl.chassis.settings import Settings
from reference_impl.timeline.store import ID_BYTES
from reference_impl.timeline.timelines import timeline_key

Calls = Sequence[tuple[Any, Any]]  # connections, and what is sent on each


class RawDeliveries:
    """Calls that bring posts to the same readers; use it as a context manager."""

    def __init__(self, settings: Settings, readers: Sequence[int]) -> None:
        self._cap = settings.timeline_cap
        self._clients = [redis.Redis.from_url(url) for url in settings.timeline_stores]
        owned = even_table(len(self._clients)).ids_by_server(readers)
        self._chunks = [
            (server, [timeline_key(reader) for reader in part])
            for server, some in owned.items()
            for part in chunks(some, FANOUT_CHUNK_MAX)
        ]

    def __enter__(self) -> Self:
        self._connections: list[Any] = [
            client.connection_pool.get_connection() for client in self._clients
        ]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for client, connection in zip(self._clients, self._connections, strict=True):
            client.connection_pool.release(connection)
            client.close()

    def encoded(self, post_ids: Sequence[int]) -> Calls:
        """Return the calls that bring these posts to all."""
        return [
            (self._connections[server], self._packed(post_id, server, keys))
            for post_id in post_ids
            for server, keys in self._chunks
        ]

    def _packed(self, post_id: int, server: int, keys: list[str]) -> Any:
        member = post_id.to_bytes(ID_BYTES)
        arguments = [created_ms_of(post_id), member, self._cap, "", b""]
        return self._connections[server].pack_command(
            "FCALL", "feedtwin_deliver", len(keys), *keys, *arguments
        )


async def bring(calls: Calls) -> tuple[int, float]:
    """Make the calls, each when the one before has been answered.

    Returns how many deliveries that was, and what time they took.
    """
    delivered, begun_s = 0, time.perf_counter()
    for connection, packed in calls:
        connection.send_packed_command(packed)
        reached, _ = connection.read_response()
        delivered += reached
    return delivered, time.perf_counter() - begun_s
