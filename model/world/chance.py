"""Chance as a pure function: the same seed, request and step have the same luck in any run.

There is no generator and no state.  A number in (0, 1) is a hash of *where* it is needed: seed,
replication, request, step, leg, attempt, draw.  So the order of working changes nothing, two
fleets can be compared under exactly the same luck, and two engines number by number.

The hash is SplitMix64: a counter that moves by odd constants, scrambled by the finalizer
"Mix13" (Steele, Lea & Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014;
the finalizer after D. Stafford, "Better Bit Mixing", 2011).  All values are unsigned, 64 bits,
and wrap around.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

# One word, or an array of uint64 (Any, because NumPy's types take `uint64 >> 30` for signed).
Word = TypeVar("Word", int, NDArray[Any])

_MASK = 0xFFFF_FFFF_FFFF_FFFF
# How far the counter moves per seed, leg, attempt and draw: the golden ratio of SplitMix64, and
# primes of xxHash64 (Y. Collet, xxHash specification, 2012), odd and without a short relation.
PER_SEED = 0x9E37_79B9_7F4A_7C15
PER_LEG = 0x9E37_79B1_85EB_CA87
PER_ATTEMPT = 0xC2B2_AE3D_27D4_EB4F
PER_DRAW = 0x85EB_CA77_C2B2_AE63
# The two factors of Mix13.
FIRST_FACTOR = 0xBF58_476D_1CE4_E5B9
SECOND_FACTOR = 0x94D0_49BB_1331_11EB


def u(
    seed: int, replication: int, uid: int, step_path: int, leg: int, attempt: int, draw: int
) -> float:
    """Return the number in (0, 1) that belongs to one draw, of one attempt, of one step.

    `uid` names the request, `step_path` is the `path_key` of the step's path, `leg` says which
    leg of the forks around it, and `draw` counts the values that the step needs.
    """
    return unit(request_key(run_key(seed, replication), uid), step_path, leg, attempt, draw)


def u_block(
    seed: ArrayLike,
    replication: ArrayLike,
    uid: ArrayLike,
    step_path: ArrayLike,
    leg: ArrayLike,
    attempt: ArrayLike,
    draw: ArrayLike,
) -> NDArray[np.float64]:
    """Return `u` for whole arrays of arguments at once, broadcast, with the same bits."""
    seed, replication, uid = _words(seed), _words(replication), _words(uid)
    step_path, leg, attempt, draw = _words(step_path), _words(leg), _words(attempt), _words(draw)
    with np.errstate(over="ignore"):  # NumPy warns where single values wrap around, as they must
        word = _place(step_path, leg, attempt, draw)
        mixed: NDArray[np.uint64] = _mixed(
            (request_key(run_key(seed, replication), uid) + word) & _MASK
        )
    return ((mixed >> 12).astype(np.float64) + 0.5) * 2.0**-52


def child_uid(parent_uid: Word, step: Word, leg: Word) -> Word:
    """Return the uid of what `parent_uid` starts at a step (a `path_key`) in one of its legs.

    Of 10**8 uids, two are equal with a probability below 0.03 %.
    """
    return _mixed((_mixed((parent_uid + PER_SEED) & _MASK) + step + leg * PER_LEG) & _MASK)


def path_key(path: str) -> int:
    """Return the 64 bits that stand for a step's path, whatever else the program contains."""
    return int.from_bytes(blake2b(path.encode(), digest_size=8).digest())


def run_key(seed: Word, replication: Word) -> Word:
    """Return what the draws of one run have in common."""
    return _mixed((_mixed((seed + PER_SEED) & _MASK) + replication * PER_SEED) & _MASK)


def request_key(run: Word, uid: Word) -> Word:
    """Return what the draws of one request have in common, given the `run_key`."""
    return _mixed(run ^ uid)


def unit(request: int, step_path: int, leg: int, attempt: int, draw: int) -> float:
    """Return `u`, given the `request_key`.

    52 bits and a half: neither 0 nor 1 can occur, and u and 1 - u are equally exact.
    """
    mixed = _mixed((request + _place(step_path, leg, attempt, draw)) & _MASK)
    return ((mixed >> 12) + 0.5) * 2.0**-52


def _place(step_path: Word, leg: Word, attempt: Word, draw: Word) -> Word:
    place: Word = step_path + leg * PER_LEG + attempt * PER_ATTEMPT + draw * PER_DRAW
    return place


def _mixed(word: Word) -> Word:
    word = ((word ^ (word >> 30)) * FIRST_FACTOR) & _MASK
    word = ((word ^ (word >> 27)) * SECOND_FACTOR) & _MASK
    mixed: Word = word ^ (word >> 31)
    return mixed


def _words(values: ArrayLike) -> NDArray[np.uint64]:
    return np.asarray(values, dtype=np.uint64)
