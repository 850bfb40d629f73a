"""Ids of users and posts: 63 bits that sort by time and carry their own logical shard."""

from __future__ import annotations

from collections.abc import Callable

EPOCH_MS: int = 1_704_067_200_000  # 2024-01-01T00:00Z; 41 bits of milliseconds last until 2093
LOGICAL_SHARD_BITS = 12
SEQUENCE_BITS = 10
ID_MAX = (1 << 63) - 1

_PLACE_BITS = LOGICAL_SHARD_BITS + SEQUENCE_BITS
_PLACE_MASK: int = (1 << _PLACE_BITS) - 1
_STRIDE = 0x27_220B  # odd, so that multiples of it visit all 2^22 places before one repeats


def id_of(created_ms: int, logical_shard: int, sequence: int) -> int:
    """Return the id made of 41 bits of time, 12 of logical shard and 10 of sequence.

    Raises ValueError if a part does not fit its bits.
    """
    if not 0 <= created_ms - EPOCH_MS < 1 << 41:
        raise ValueError(f"created_ms must be in the 41 bits after {EPOCH_MS}, got {created_ms}")
    if not 0 <= logical_shard < 1 << LOGICAL_SHARD_BITS:
        raise ValueError(f"logical_shard must be in 0..4095, got {logical_shard}")
    if not 0 <= sequence < 1 << SEQUENCE_BITS:
        raise ValueError(f"sequence must be in 0..1023, got {sequence}")
    return ((created_ms - EPOCH_MS) << _PLACE_BITS) | (logical_shard << SEQUENCE_BITS) | sequence


def created_ms_of(identity: int) -> int:
    """Return the Unix time in milliseconds at which the id was made."""
    return (identity >> _PLACE_BITS) + EPOCH_MS


def logical_shard_of(identity: int) -> int:
    """Return the logical shard, in 0..4095, that the id carries."""
    return (identity >> SEQUENCE_BITS) & ((1 << LOGICAL_SHARD_BITS) - 1)


class IdMinter:
    """Makes ids that never repeat in one process and spread evenly over the shards.

    `clock_ms` is read for every id, and a clock that steps back is not followed.
    `first_place` is a random number that keeps two processes apart; the primary key of
    the table that stores the id has the last word.
    """

    def __init__(self, clock_ms: Callable[[], int], first_place: int) -> None:
        self._clock_ms = clock_ms
        self._place = first_place & _PLACE_MASK
        self._latest_ms = EPOCH_MS

    def mint(self) -> int:
        """Return a new id."""
        self._latest_ms = max(self._latest_ms, self._clock_ms())
        self._place = (self._place + 1) & _PLACE_MASK
        scattered = (self._place * _STRIDE) & _PLACE_MASK
        return ((self._latest_ms - EPOCH_MS) << _PLACE_BITS) | scattered
