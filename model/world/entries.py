"""What a write of a post's entries to one timeline server works: more, the more it holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.world.counts import CountLaw
from model.world.laws import Law, QuantileTable

# Of one entry of a full timeline, in seconds of a timeline server's core, of a post to 200,000 in
# calls of 1,000: "bare calls, full timelines" in reports/feed_bench.md (two vCPUs, November 2026).
ENTRY_S = 17.1e-6
_PLACES = 500  # of each law, of which that of a write is made


def work_of_entries(
    learnt: QuantileTable, *, entries: CountLaw, entries_learnt: float
) -> QuantileTable:
    """Return the law of the seconds that one write works, from that of writes of fewer, or more.

    From the `learnt` writes, which held `entries_learnt` on average, ENTRY_S is taken for each
    entry, as far as there is so much; what is left varies as they did, and each write has it once.
    So writes that hold as many as those did work as much as those did, on average.
    """
    each_s = entry_work_s(learnt.mean, entries_learnt)
    base_s = learnt.mean - each_s * entries_learnt
    works_s = np.add.outer(
        _values(learnt, mean=base_s), _values(entries, mean=each_s * entries.mean)
    )
    return QuantileTable.of_samples(works_s, points=len(learnt.probabilities))


def entry_work_s(learnt_mean_s: float, entries_learnt: float) -> float:
    """Return what each entry works: ENTRY_S, or less where writes of so many worked less."""
    return min(ENTRY_S, learnt_mean_s / entries_learnt) if entries_learnt else ENTRY_S


def _values(law: Law | CountLaw, *, mean: float) -> NDArray[np.float64]:
    """Return values that stand for a law, scaled so that this is their mean."""
    values = np.asarray([law.quantile((n + 0.5) / _PLACES) for n in range(_PLACES)], np.float64)
    return values * (mean / values.mean()) if values.any() else values
