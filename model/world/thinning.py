"""How many legs of a wide request touch one part of all servers, and how wide it was then."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from model.world.counts import CountLaw, CountTable
from model.world.sampling import SAMPLES

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

_RAREST = 1e-15  # ends of a law that are cut off


@dataclass(frozen=True, slots=True, kw_only=True)
class Thinning:
    """Requests of `width` legs, each of which is here with probability `share`.

    Where no two legs meet, `members` says how many there are here: of as many legs as there are
    members in the world each of these has one, and of more each as many as any other.
    """

    width: CountTable
    share: float
    members: int | None = None

    def here(self) -> CountTable:
        """Return the law of how many legs of one request are here: binomial, given the width."""
        return _table(self._joint().sum(axis=0))

    def here_if_any(self) -> CountTable:
        """Return the same law among requests of which at least one leg is here."""
        shares = self._joint().sum(axis=0)
        shares[0] = 0.0
        return _table(shares)

    @property
    def any_share(self) -> float:
        """The share of requests of which at least one leg is here."""
        return 1 - float(self._joint()[:, 0].sum())

    def widths_given(self, here: Counts, chance: Floats) -> Counts:
        """Return how wide requests are of which so many legs are here, each by its own chance.

        By Bayes' rule: the wider, the likelier that many are here.
        """
        joint, widths = self._joint(), np.asarray(self.width.counts, dtype=np.int64)
        found = here.copy()  # more than can be are all there is
        for n in np.unique(here[here < joint.shape[1]]):
            of_n = here == n
            reached = np.cumsum(joint[:, n])
            at = np.searchsorted(reached, chance[of_n] * reached[-1])
            found[of_n] = widths[np.minimum(at, len(widths) - 1)]
        return np.maximum(found, here)

    def _joint(self) -> Floats:
        """Return the probability of each width (row) with each count here (column)."""
        widths = np.asarray(self.width.counts, dtype=np.float64)[:, None]
        mean = widths.max() * self.share
        most = int(min(widths.max(), mean + 9 * math.sqrt(mean) + 40))
        here = np.arange(most + 1, dtype=np.float64)[None, :]
        trials = self._trials(widths)
        each = widths * self.share / np.maximum(trials, 1.0)
        of_width = binom.pmf(here, trials, np.minimum(each, 1.0))
        return of_width * np.diff(self.width.cumulated, prepend=0.0)[:, None]

    def _trials(self, widths: Floats) -> Floats:
        """Return how many times, given the width, a leg may be here: once at each member."""
        if self.members is None:
            return widths
        is_once = widths * self.share <= self.members
        return np.where(is_once, np.minimum(widths, self.members), widths)


def table_of_law(law: CountLaw) -> CountTable:
    """Return a law of counts as a table; of one that is none, `SAMPLES` quantiles stand for it."""
    if isinstance(law, CountTable):
        return law
    places = (np.arange(SAMPLES) + 0.5) / SAMPLES
    return CountTable.of_samples([law.quantile(float(place)) for place in places])


def _table(shares: Floats) -> CountTable:
    """Return the law of 0, 1, ... with these shares, which need not add up to 1."""
    kept = np.flatnonzero(shares > _RAREST * shares.sum())
    cumulated = np.cumsum(shares[kept]) / shares[kept].sum()
    cumulated[-1] = 1.0
    return CountTable(counts=tuple(kept.tolist()), cumulated=tuple(cumulated.tolist()))
