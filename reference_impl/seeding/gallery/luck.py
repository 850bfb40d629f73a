"""The luck of one picture: numbers drawn one after another, the same in every run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from model.world import chance

Option = TypeVar("Option")


class Luck:
    """Draws that belong to the thing `number` of its kind, in the order they are asked for."""

    def __init__(self, seed: int, kind: int, number: int, *, turn: int = 0) -> None:
        self._place = (seed, 0, number, kind, 0, 0)
        self._turn = turn
        self._drawn = 0

    def many(self, low: float, high: float, count: int) -> NDArray[np.float32]:
        """Return `count` numbers between `low` and `high`."""
        draws = np.arange(self._drawn, self._drawn + count)
        self._drawn += count
        u = chance.u_block(*self._place, draws)
        return (low + (high - low) * u).astype(np.float32)

    def between(self, low: float, high: float) -> float:
        """Return a number between `low` and `high`."""
        return float(self.many(low, high, 1)[0])

    def whole(self, low: int, high: int) -> int:
        """Return a whole number in `low..high`."""
        return min(high, int(self.between(low, high + 1)))

    def pick(self, options: Sequence[Option]) -> Option:
        """Return one of the options."""
        return options[self.whole(0, len(options) - 1)]

    def in_turn(self, options: Sequence[Option]) -> Option:
        """Return the option whose turn it is: of neighbours, no two have the same."""
        return options[self._turn % len(options)]

    def happens(self, share: float) -> bool:
        """Say whether something happens that happens in this share of cases."""
        return self.between(0.0, 1.0) < share
