"""How peers are timed: side by side, so that a noisy machine is noisy for all of them."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """How many times as long one peer took as another, over the rounds."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        """Render as `12.3 (11.9-13.0)`."""
        return f"{self.median:.3g} ({self.least:.3g}-{self.most:.3g})"


def alternated(
    peers: Mapping[str, Callable[[int], object]], rounds: int = 5
) -> dict[str, list[float]]:
    """Run every peer once in each round and return its seconds, round by round.

    A peer is called with the number of the round, which it may take as a seed.  The order moves
    on by one from round to round.  What a peer does only the first time (compile, import) counts
    too, so call it once beforehand.
    """
    if rounds < 1:
        raise ValueError(f"rounds must be at least 1, got {rounds}")
    names = list(peers)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        first = number % max(1, len(names))
        for name in names[first:] + names[:first]:
            seconds[name].append(_seconds_of(peers[name], number))
    return seconds


def ratios(times: Mapping[str, list[float]], of: str, to: str) -> Ratio:
    """Compare two peers within each round: the seconds of `of` divided by those of `to`."""
    of_round = [mine / theirs for mine, theirs in zip(times[of], times[to], strict=True)]
    return Ratio(median=median(of_round), least=min(of_round), most=max(of_round))


def _seconds_of(peer: Callable[[int], object], number: int) -> float:
    """Time one run; the collector has swept before it and stays on during it."""
    gc.collect()
    began = time.perf_counter()
    peer(number)
    return time.perf_counter() - began
