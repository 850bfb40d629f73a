"""Room for so many at a time, of which no single address can take all."""

from __future__ import annotations

from collections import Counter


class Room:
    """Places in all, and how many of them one address may have.

    The address is empty of those of our own who ask for nobody (`requests.address_of`): they are
    only counted.
    """

    def __init__(self, places: int, *, per_address: int) -> None:
        self._places = places
        self._per_address = per_address
        self._taken = 0
        self._taken_by: Counter[str] = Counter()

    def has_place_for(self, address: str) -> bool:
        """Say whether one more from this address may enter."""
        has_share = not address or self._taken_by[address] < self._per_address
        return has_share and self._taken < self._places

    def enter(self, address: str) -> None:
        """Count one more from this address, until `leave`."""
        self._taken += 1
        self._taken_by[address] += 1

    def leave(self, address: str) -> None:
        """Count one less."""
        self._taken -= 1
        self._taken_by[address] -= 1
        if not self._taken_by[address]:
            del self._taken_by[address]  # or all who ever came would be remembered
