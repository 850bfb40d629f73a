"""How peers are timed: side by side, so that a noisy machine is noisy for all of them."""

from __future__ import annotations

import gc
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

T = TypeVar("T")


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
    seconds: dict[str, list[float]] = {name: [] for name in peers}
    for number, name in _turns(list(peers), rounds):
        seconds[name].append(_seconds_of(peers[name], number))
    return seconds


async def in_turns(
    works: Mapping[str, Callable[[], Awaitable[T]]], rounds: int = 5
) -> dict[str, list[T]]:
    """Do every work once in each round, in the order of `alternated`; return what they return."""
    answers: dict[str, list[T]] = {name: [] for name in works}
    for _, name in _turns(list(works), rounds):
        answers[name].append(await works[name]())
    return answers


def ratios(times: Mapping[str, list[float]], of: str, to: str) -> Ratio:
    """Compare two peers within each round: the seconds of `of` divided by those of `to`."""
    of_round = [mine / theirs for mine, theirs in zip(times[of], times[to], strict=True)]
    return Ratio(median=median(of_round), least=min(of_round), most=max(of_round))


def _turns(names: Sequence[str], rounds: int) -> Iterator[tuple[int, str]]:
    """Yield the number of the round and whose turn it is."""
    if rounds < 1:
        raise ValueError(f"rounds must be at least 1, got {rounds}")
    for number in range(rounds):
        first = number % max(1, len(names))
        for name in (*names[first:], *names[:first]):
            yield number, name


def _seconds_of(peer: Callable[[int], object], number: int) -> float:
    """Time one run; the collector has swept before it and stays on during it."""
    gc.collect()
    began = time.perf_counter()
    peer(number)
    return time.perf_counter() - began
