"""Legs that others are drawn from: those that began about the same time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model.answers.legs import FORK

Floats = NDArray[np.float64]

POOL_MIN = 5_000  # legs that one is drawn from, if there are so many
POOL_PER_LEG = 20  # and so many for each leg of a wide fork, so that the latest of all is seen


class Pools:
    """The legs of one fork, from `legs.legs_of`, in pools one after another in time.

    No pool has legs from before and from after one of the `changes_s`, at which things change.
    Legs of a fork that meet at one member are one: the longest.  Those that nobody knows the end
    of, or at members that are singled out, are in no pool.  Of the others `legs` says what share of
    their pool is `later` than each.
    """

    def __init__(self, legs: pd.DataFrame, width: int, changes_s: Sequence[float] = ()) -> None:
        known = legs[~legs.is_single & ~legs.lasted_s.isna()]
        known = known.sort_values("lasted_s").drop_duplicates([*FORK, "member"], keep="last")
        known = known.sort_values("began_s", kind="stable")
        per_pool = max(POOL_MIN, POOL_PER_LEG * width)
        began_s, lasted_s = known.began_s.to_numpy(), known.lasted_s.to_numpy()
        stretches = np.split(np.arange(len(known)), np.searchsorted(began_s, np.sort(changes_s)))
        parts = [
            part
            for stretch in stretches
            for part in np.array_split(stretch, max(1, len(stretch) // per_pool))
            if len(part)
        ] or [np.arange(0)]
        self._bounds_s = _between(began_s, parts, np.sort(changes_s))
        self._sorted_s = [np.sort(lasted_s[part]) for part in parts]
        self.legs = known.assign(later=np.concatenate([_later(lasted_s[part]) for part in parts]))

    def drawn_s(self, begun_s: Floats, later: Floats) -> Floats:
        """Return how long legs last that begin at these instants and than which a share is later.

        NaN if there are none to draw from.
        """
        pool = np.searchsorted(self._bounds_s, begun_s, side="right")
        drawn_s = np.full(len(later), np.nan)
        for number, lasting_s in enumerate(self._sorted_s):
            mine = pool == number
            if len(lasting_s):
                place = np.ceil((1 - later[mine]) * len(lasting_s)).astype(np.int64) - 1
                drawn_s[mine] = lasting_s[np.clip(place, 0, len(lasting_s) - 1)]
        return drawn_s


def _between(began_s: Floats, parts: Sequence[NDArray[np.int64]], changes_s: Floats) -> Floats:
    """Return where each pool ends and the next begins: at a change, if there is one."""
    ends_s = []
    for one, other in pairwise(parts):
        last_s, first_s = began_s[one[-1]], began_s[other[0]]
        inside = changes_s[(changes_s > last_s) & (changes_s <= first_s)]
        ends_s.append(inside[0] if len(inside) else first_s)
    return np.array(ends_s)


def _later(values: Floats) -> Floats:
    """Return the share of values that is larger than each; of what is equal the half counts."""
    if not len(values):
        return values
    _, inverse, times = np.unique(values, return_inverse=True, return_counts=True)
    ranks = np.cumsum(times) - times / 2  # the middle of the ranks of what is equal
    later: Floats = 1 - ranks[inverse] / len(values)
    return later
