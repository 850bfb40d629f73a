"""What had begun and not ended when the run did: how much it is, and what it leaves open.

Of work that takes a while some is always under way at the end.  What has been so for longer than
half of what ended took is *overdue*: in a steady run next to nothing is, in an overloaded one much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from model.answers.readings import Floats, Reading
from model.answers.shares import share_beyond
from model.answers.statistics import Interval, quantile_of_clusters


@dataclass(frozen=True, slots=True, kw_only=True)
class Lagged:
    """How long one activity took that began in a part of the run, per replication, in seconds."""

    ended_s: Sequence[Floats]
    under_way_s: Sequence[Floats]  # for how long it had been so at the end of the run, or failed

    @property
    def overdue_s(self) -> list[Floats]:
        """What has been under way for longer than the median of what ended."""
        together_s = np.concatenate(self.ended_s)
        median_s = np.median(together_s) if len(together_s) else inf
        return [each_s[each_s > median_s] for each_s in self.under_way_s]

    def quantile(self, q: float) -> Interval:
        """Return a quantile of what ended, with no upper end if so much is overdue that it may be.

        Raises TooShort as `quantile_of_clusters` does.
        """
        found = quantile_of_clusters(self.ended_s, q)
        ended, overdue = (sum(map(len, each)) for each in (self.ended_s, self.overdue_s))
        return replace(found, high=inf) if overdue >= (1 - q) * (ended + overdue) else found

    def longer_than(self, limit_s: float) -> Interval:
        """Return the share that takes longer than a limit; what is overdue counts as longer.

        What has not been under way for so long yet may still end in time: the lower end is that
        of what is certain.  Raises TooShort if nothing ended and nothing is overdue.
        """
        certain = self._share([*self.overdue_s], limit_s)
        found = self._share([np.full(len(each_s), inf) for each_s in self.overdue_s], limit_s)
        return replace(found, low=min(certain.low, found.low))

    def _share(self, others_s: Sequence[Floats], limit_s: float) -> Interval:
        clusters = [np.concatenate(both) for both in zip(self.ended_s, others_s, strict=True)]
        return share_beyond(clusters, limit_s, is_clustered_there=True)

    def unended(self) -> Interval:
        """Return the share that had not ended; raises TooShort if nothing had begun."""
        counts = zip(self.ended_s, self.under_way_s, strict=True)
        return share_beyond([np.repeat((0.0, 1.0), list(map(len, both))) for both in counts], 0.5)


def lagged(readings: Sequence[Reading], activity: str, since_s: float, until_s: float) -> Lagged:
    """Return what the replications show of an activity whose requests came in [since_s, until_s).

    Of what they do not say what had not ended, all had.
    """
    took_s = [reading.lags[activity].between(since_s, until_s) for reading in readings]
    under_way = [reading.unended.get(activity) for reading in readings]
    return Lagged(
        ended_s=[each_s[np.isfinite(each_s)] for each_s in took_s],
        under_way_s=[
            np.empty(0) if each is None else each.between(since_s, until_s) for each in under_way
        ],
    )
