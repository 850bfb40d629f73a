"""Which server owns a key: services route with these rules, the model counts load with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from model.rules import ids

LOGICAL_SHARD_COUNT = 1 << ids.LOGICAL_SHARD_BITS


def logical_shard_of_name(name: str) -> int:
    """Return the logical shard, in 0..4095, of a key that is text (a username, an address)."""
    digest = blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest) % LOGICAL_SHARD_COUNT


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardTable:
    """Which server owns each of the 4,096 logical shards; rows move by a new version of it."""

    version: int
    owners: tuple[int, ...]

    def __post_init__(self) -> None:
        """Refuse a table that leaves a logical shard without an owner."""
        if len(self.owners) != LOGICAL_SHARD_COUNT:
            raise ValueError(f"owners must name {LOGICAL_SHARD_COUNT}, got {len(self.owners)}")

    def server_of_id(self, identity: int) -> int:
        """Return the server that owns the user or post with this id."""
        return self.owners[ids.logical_shard_of(identity)]

    def ids_by_server(self, identities: Iterable[int]) -> dict[int, list[int]]:
        """Return which of these users or posts each server owns; servers that own none are out.

        >>> even_table(2).ids_by_server([0, 1, 4095 << 10])
        {0: [0, 1], 1: [4193280]}
        """
        owned: dict[int, list[int]] = {}
        for identity in identities:
            owned.setdefault(self.server_of_id(identity), []).append(identity)
        return owned

    def server_of_name(self, name: str) -> int:
        """Return the server that owns this text key."""
        return self.owners[logical_shard_of_name(name)]


def even_table(server_count: int, *, version: int = 1) -> ShardTable:
    """Return the table that gives each of `server_count` servers one contiguous, equal range.

    Raises ValueError unless `server_count` is in 1..4096.
    """
    if not 1 <= server_count <= LOGICAL_SHARD_COUNT:
        raise ValueError(f"server_count must be in 1..{LOGICAL_SHARD_COUNT}, got {server_count}")
    owners = (shard * server_count // LOGICAL_SHARD_COUNT for shard in range(LOGICAL_SHARD_COUNT))
    return ShardTable(version=version, owners=tuple(owners))
