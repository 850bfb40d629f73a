"""When requests arrive, who they are, and which attributes they bring: shared by all engines.

Streams that nobody's answer holds up come in blocks of arrays (`blocks`).  Of users who wait for
their answers, the block says when they come, and functions of one number what they do then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isinf

import numpy as np
from numpy.typing import NDArray

from model.engine.codes import NONE, Draw, StreamKind
from model.engine.program import Stream
from model.world.chance import child_uid, request_key, u_block, unit
from model.world.counts import CountLaw
from model.world.laws import Law

_BLOCK = 4096  # arrivals computed at once; their values do not depend on it

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]
Indices = NDArray[np.int64]
Block = tuple[Floats, Words, Indices]  # instants, uids, rows of attributes
Laws = Sequence[Law | CountLaw]


def arrivals(
    stream: Stream, laws: Laws, *, seed: int, replication: int, until_s: float
) -> Iterator[tuple[float, int, int]]:
    """Yield (instant, uid, row of attributes) of each arrival before `until_s`, in order."""
    for at_s, uids, rows in blocks(
        stream, laws, seed=seed, replication=replication, until_s=until_s
    ):
        yield from zip(at_s.tolist(), uids.tolist(), rows.tolist(), strict=True)


def blocks(
    stream: Stream, laws: Laws, *, seed: int, replication: int, until_s: float
) -> Iterator[Block]:
    """Yield what arrives before `until_s`, block by block: requests, or sessions by their uids.

    The k-th arrival of a stream has the same uid and the same luck in every run.  With batches
    it brings several requests, or none: the first has the arrival's uid and row, the i-th a
    uid that is a child's of it.
    """
    if stream.kind is StreamKind.RECORDED:
        yield from _recorded_blocks(stream, until_s)
        return
    for numbers, at_s in _poisson_blocks(stream, seed=seed, replication=replication):
        soon = int(np.searchsorted(at_s, until_s))
        arrived, numbers_before = at_s[:soon], numbers[:soon]
        if stream.kind is StreamKind.OPEN and stream.batch != NONE:
            sizes = _sizes(stream, laws, numbers_before, seed=seed, replication=replication)
            yield _batches(
                stream, arrived, numbers_before, sizes, seed=seed, replication=replication
            )
        else:
            rows = _rows(stream, numbers_before, 0, seed=seed, replication=replication)
            yield arrived, _uids(stream, numbers_before), rows
        if soon < len(at_s):
            return


def go_by_number(stream: Stream) -> bool:
    """Return whether uid and row of an arrival follow from its number, with nothing drawn."""
    recorded = stream.kind is StreamKind.RECORDED
    alone = stream.kind is StreamKind.OPEN and stream.batch == NONE
    return recorded or (alone and len(stream.attributes) == 0)


def instants(stream: Stream, *, seed: int, replication: int, until_s: float) -> Iterator[Floats]:
    """Yield the instants of `blocks` alone, of a stream that goes by number.

    The k-th has the uid `child_uid(place, place, k)`, and row k if it is recorded, else 0.
    """
    if stream.kind is StreamKind.RECORDED:
        yield stream.at_s[: np.searchsorted(stream.at_s, until_s)]
        return
    for _, at_s in _poisson_blocks(stream, seed=seed, replication=replication):
        soon = int(np.searchsorted(at_s, until_s))
        yield at_s[:soon]
        if soon < len(at_s):
            return


def users(stream: Stream, *, seed: int, replication: int) -> tuple[Words, Indices]:
    """Return the uids and the rows of attributes of the users of a closed stream."""
    numbers = np.arange(stream.users, dtype=np.uint64)
    return _uids(stream, numbers), _rows(stream, numbers, 0, seed=seed, replication=replication)


def request_uid(root: int, path_hash: int, number: int) -> int:
    """Return the uid of request `number`, from 1, of the user or session `root` of a stream."""
    return child_uid(root, path_hash, number)


def think_s(think: Law | CountLaw, run: int, uid: int, path_hash: int) -> float:
    """Return how long a user thinks after the request `uid`, or before the first as user `uid`.

    `run` is the `run_key`, and `path_hash` the stream's.
    """
    return think.quantile(unit(request_key(run, uid), path_hash, 0, 0, Draw.THINK))


def session_length(length: Law | CountLaw, run: int, root: int, path_hash: int) -> int:
    """Return how many requests the session `root` sends: at least one."""
    return max(1, int(length.quantile(unit(request_key(run, root), path_hash, 0, 0, Draw.COUNT))))


def _recorded_blocks(stream: Stream, until_s: float) -> Iterator[Block]:
    soon = int(np.searchsorted(stream.at_s, until_s))
    for first in range(0, soon, _BLOCK):
        numbers = np.arange(first, min(first + _BLOCK, soon), dtype=np.uint64)
        yield stream.at_s[numbers], _uids(stream, numbers), numbers.astype(np.int64)


def _poisson_blocks(
    stream: Stream, *, seed: int, replication: int
) -> Iterator[tuple[Words, Floats]]:
    """Yield numbers and instants of arrivals, in order; for ever, if there is a rate for ever."""
    pieces = _Pieces(stream)
    while not pieces.over:
        numbers = np.arange(pieces.arrived, pieces.arrived + _BLOCK, dtype=np.uint64)
        place = stream.path_hash
        chance = u_block(seed, replication, place, place, numbers, 0, Draw.VALUE)
        at_s = pieces.instants_s(-np.log1p(-chance))
        yield numbers[: len(at_s)], at_s


class _Pieces:
    """A rate in pieces: maps the instants of a Poisson process of rate 1 to those at this rate.

    An arrival comes when the rate, cumulated since the beginning, has reached the sum of the
    gaps so far (Çinlar, "Introduction to Stochastic Processes", 1975, sec. 4.7).
    """

    def __init__(self, stream: Stream) -> None:
        self._since_s, self._rates_per_s = stream.since_s, stream.rates_per_s
        self._period_s = stream.period_s
        self._is_one = len(self._since_s) == 1 and isinf(self._period_s)
        lasts_s = np.diff(self._since_s, append=self._period_s)
        has_rate = self._rates_per_s > 0
        masses = np.zeros(len(lasts_s))
        masses[has_rate] = lasts_s[has_rate] * self._rates_per_s[has_rate]
        self._cumulated = np.concatenate(([0.0], np.cumsum(masses)))
        self._last = float(self._since_s[0]) if self._is_one else 0.0  # instant, or sum of gaps
        self._last_s = 0.0
        self.arrived = 0
        self.over = self._cumulated[-1] <= 0

    def instants_s(self, gaps: Floats) -> Floats:
        """Return when the next arrivals come, given their gaps at rate 1."""
        self.arrived += len(gaps)
        if self._is_one:
            gaps = gaps / self._rates_per_s[0]
        # Added up one by one, whatever the size of the block.
        reached: Floats = np.cumsum(np.concatenate(([self._last], gaps)))[1:]
        self._last = float(reached[-1])
        return reached if self._is_one else self._when_reached_s(reached)

    def _when_reached_s(self, reached: Floats) -> Floats:
        """Return when the cumulated rate has reached so much; nothing where it never does."""
        total = self._cumulated[-1]
        periods = np.zeros(len(reached))
        if isinf(self._period_s):
            reached = reached[reached < total]
            self.over = len(reached) < len(periods)
            begun_s = np.zeros(len(reached))
        else:
            periods = np.floor(reached / total)
            reached = np.clip(reached - periods * total, 0.0, None)
            begun_s = periods * self._period_s
        piece = np.searchsorted(self._cumulated[1:], reached, side="right")
        piece = np.minimum(piece, np.flatnonzero(self._rates_per_s > 0)[-1])
        since_s = (reached - self._cumulated[piece]) / self._rates_per_s[piece]
        at_s = begun_s + self._since_s[piece] + since_s
        # Rounding could let the first of a period come before the last of the period before.
        at_s = np.maximum.accumulate(np.concatenate(([self._last_s], at_s)))[1:]
        self._last_s = float(at_s[-1]) if len(at_s) else self._last_s
        return at_s


def _uids(stream: Stream, numbers: Words) -> Words:
    place = np.array([stream.path_hash], np.uint64)
    return child_uid(place, place, numbers)


def _rows(
    stream: Stream, numbers: Words, within: int | Words, *, seed: int, replication: int
) -> Indices:
    """Return the row of attributes that each arrival draws, or each request `within` one."""
    place = stream.path_hash
    chance = u_block(seed, replication, place, place, numbers, within, Draw.MEMBER)
    return (chance * len(stream.attributes)).astype(np.int64)


def _sizes(stream: Stream, laws: Laws, numbers: Words, *, seed: int, replication: int) -> Indices:
    """Return how many requests each arrival brings."""
    place, quantile = stream.path_hash, laws[stream.batch].quantile
    chance = u_block(seed, replication, place, place, numbers, 0, Draw.COUNT)
    return np.array([quantile(u) for u in chance.tolist()], np.int64)


def _batches(
    stream: Stream,
    at_s: Floats,
    numbers: Words,
    sizes: Indices,
    *,
    seed: int,
    replication: int,
) -> Block:
    """Return the requests of arrivals that bring so many each."""
    arrival = np.repeat(np.arange(len(sizes)), sizes)
    first = np.cumsum(sizes) - sizes
    within = (np.arange(len(arrival)) - first[arrival]).astype(np.uint64)
    roots = _uids(stream, numbers)[arrival]
    place = np.array([stream.path_hash], np.uint64)
    uids = np.where(within == 0, roots, child_uid(roots, place, within))
    rows = _rows(stream, numbers[arrival], within, seed=seed, replication=replication)
    return at_s[arrival], uids, rows
