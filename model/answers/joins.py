"""By how much later a wide fork ends in the world than its legs in the slice do.

The legs that are elsewhere are drawn from those of all forks that begin about the same time, here
or on behalf of elsewhere: the join is as late as the latest of both.  Legs of one fork resemble
each other, for they meet the same crowd (`alike`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model.answers.alike import Alike
from model.answers.legs import FORK, TOGETHER, beside_s, forks_of, legs_of, passed_s, way_s
from model.answers.outer_forks import later_around
from model.answers.pools import Pools
from model.engine.runs import SimulatedRun
from model.world.chance import path_key, u_block
from model.world.slices import Slice, Thinned
from model.world.wide_forks import WIDE_SHARE

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

_WIDTH, _MET, _LATEST = range(3)  # what chance is drawn for


def later_by(run: SimulatedRun, cut: Slice, fork: Thinned) -> pd.DataFrame:
    """Return (request, later_s) for each request that belongs here and took the fork.

    Infinite where the whole join fails, NaN where nothing is known of legs elsewhere.
    """
    legs = legs_of(run, fork, cut.hot)
    pools = Pools(legs, fork.thinning.width.quantile(WIDE_SHARE), cut.changes_s)
    taken = _with_own(forks_of(run, fork), legs)
    taken = taken.assign(beside_s=beside_s(run, fork, taken), waited_s=passed_s(run, fork, taken))
    later = taken.assign(later_s=_later_s(run, fork, taken, pools))[[*FORK, "later_s"]]
    for number, outer in enumerate(fork.around):
        later = later_around(run, outer, later, level=len(fork.around) - number)
    # Of the attempts of a call, the last is the one that was answered.
    return later.sort_values("attempt").groupby("request", as_index=False).tail(1)


def _with_own(forks: pd.DataFrame, legs: pd.DataFrame) -> pd.DataFrame:
    """Return the forks with what their own legs show: how many there are, and how late.

    `own_s` is from the beginning of the fork to the end of its last leg here.
    """
    ended = legs.assign(ended_s=legs.began_s + legs.lasted_s)
    of_own = ended.groupby(FORK).agg(here=("ended_s", "size"), ended_s=("ended_s", "max"))
    joined = forks.merge(of_own, on=FORK, how="left")
    own_s = (joined.ended_s - joined.begun_s).fillna(0.0)
    return joined.assign(here=joined.here.fillna(0).astype(np.int64), own_s=own_s)


def _later_s(run: SimulatedRun, fork: Thinned, taken: pd.DataFrame, pools: Pools) -> Floats:
    here, own_s = taken.here.to_numpy(), taken.own_s.to_numpy()
    width = fork.thinning.widths_given(here, _chance(run, fork, taken, _WIDTH))
    met = _met(fork, width - here, _chance(run, fork, taken, _MET))
    others_s = _others_s(taken, pools, met, _chance(run, fork, taken, _LATEST))
    whole_s = np.where(met > 0, np.maximum(own_s, others_s), own_s)
    has_failed = np.isinf(own_s)  # and is known to have
    is_late = whole_s + way_s(run, fork, taken) > fork.deadline_s
    whole_s = np.where(is_late, np.inf, whole_s)
    beside = taken.beside_s.to_numpy()
    here_s = np.maximum(np.maximum(own_s, beside), taken.waited_s.to_numpy())
    later_s = np.maximum(whole_s, beside) - np.where(has_failed, 0, here_s)
    return np.where(has_failed, 0.0, later_s)


def _others_s(taken: pd.DataFrame, pools: Pools, met: Counts, chance: Floats) -> Floats:
    """Return how long the latest of the legs elsewhere lasts, where there is any."""
    numbers = taken[TOGETHER].assign(number=taken.groupby(TOGETHER).ngroup())
    own = pools.legs.merge(numbers.drop_duplicates(), on=TOGETHER)
    latest = Alike(pools.legs).latest(
        own.number.to_numpy(),
        own.later.to_numpy(),
        numbers.number.to_numpy(),
        np.maximum(1, met),
        chance,
    )
    return pools.drawn_s(taken.begun_s.to_numpy(), latest)


def _chance(run: SimulatedRun, fork: Thinned, taken: pd.DataFrame, draw: int) -> Floats:
    """Return a number in (0, 1) for each time that the fork was taken."""
    uid, path = run.requests.uid[taken.request], path_key(fork.abroad[0])
    place = taken.outer.to_numpy(), taken.attempt.to_numpy()
    return u_block(run.seed, run.replication, uid, path, *place, draw)


def _met(fork: Thinned, legs: Counts, chance: Floats) -> Counts:
    """Return how many members elsewhere so many legs meet.

    Where each goes to one at random, the expectation, rounded up or down at random so that its
    mean stays.
    """
    members = fork.members_elsewhere
    if fork.never_meet:
        return np.minimum(legs, members)
    with np.errstate(divide="ignore", invalid="ignore"):  # of one member none is free: log 0
        free_share = np.where(legs > 0, np.exp(legs * np.log1p(-1 / members)), 1.0)
    return np.floor(members * (1 - free_share) + chance).astype(np.int64)
