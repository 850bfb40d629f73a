"""Edge lists: who follows whom, read from a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.world.scenario import ScenarioError

EDGES_MAX = 20_000_000
FILE_BYTES_MAX = 500_000_000
USERS_MAX = 50_000_000


def read_edges(file: Path, *, users: int) -> NDArray[np.int64]:
    """Return the edges of a file: rows of (follower, followee), by followee, then by follower.

    A line holds two numbers below `users`, with blanks or a comma between them; what comes
    after a `#`, and lines with nothing else, are passed over.  An edge given twice counts once.

    Raises ScenarioError for anything else, naming the line.
    """
    if users > USERS_MAX:
        raise _refusal(file, f"among at most {USERS_MAX} users, got people.users = {users}")
    try:
        if file.stat().st_size > FILE_BYTES_MAX:
            raise _refusal(file, f"larger than {FILE_BYTES_MAX} bytes")
        with file.open(encoding="utf-8") as lines:
            numbers = chain.from_iterable(_edges_in(file, lines, users))
            edges = np.fromiter(numbers, dtype=np.int64).reshape(-1, 2)
    except OSError as error:
        raise _refusal(file, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise _refusal(file, "is not UTF-8 text") from None
    if not len(edges):
        raise _refusal(file, "holds no edge")
    followees, followers = np.divmod(np.unique(edges[:, 1] * users + edges[:, 0]), users)
    return np.column_stack((followers, followees))


def follower_counts(edges: NDArray[np.int64], users: int) -> NDArray[np.int64]:
    """Return how many followers each user has, by these edges."""
    return np.bincount(edges[:, 1], minlength=users)


def _edges_in(file: Path, lines: Iterable[str], users: int) -> Iterator[tuple[int, int]]:
    found = 0
    for number, line in enumerate(lines, start=1):
        words = line.partition("#")[0].replace(",", " ").split()
        if not words:
            continue
        found += 1
        problem = _problem_of(words, users)
        if found > EDGES_MAX:
            problem = f"at most {EDGES_MAX} edges"
        if problem:
            raise _refusal(file, f"line {number}: {problem}")
        yield int(words[0]), int(words[1])


def _problem_of(words: list[str], users: int) -> str:
    """Return what is wrong with the words of one line, or nothing."""
    if len(words) != 2 or not all(word.isascii() and word.isdecimal() for word in words):
        return f"write the numbers of a follower and of a followee, got {' '.join(words)[:80]!r}"
    if too_high := [word for word in words if len(word) > 12 or int(word) >= users]:
        return f"numbers must be below people.users, which is {users}, got {too_high[0][:80]}"
    if int(words[0]) == int(words[1]):
        return f"nobody follows oneself, got {words[0]} twice"
    return ""


def _refusal(file: Path, problem: str) -> ScenarioError:
    return ScenarioError(f"people.followers.edges: {file}: {problem}")
