"""How functions of this folder are compiled, and where that is kept between processes.

Numba's own cache looks at one source file at a time, and would go on using a kernel whose callees
have changed.  So the folder of the cache is named after everything that is compiled.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryFile, mkdtemp
from typing import Any, TypeAlias, TypeVar, cast

import numba
import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., Any])
Record: TypeAlias = Any  # of an array with named fields: numba reads and writes it in place
Word: TypeAlias = Any  # 64 bits without a sign, which wrap around

_ENGINE = Path(__file__).parents[1]
_MODEL = _ENGINE.parent
_SOURCES = (  # whose functions are compiled, or whose constants are compiled in
    *sorted(Path(__file__).parent.glob("*.py")),
    _ENGINE / "codes.py",
    _ENGINE / "disruptions.py",
    _ENGINE / "latencies.py",
    _ENGINE / "limits.py",
    _ENGINE / "runs.py",
    _ENGINE / "stations.py",
    _MODEL / "rules" / "regions.py",
    _MODEL / "world" / "chance.py",
    _MODEL / "world" / "journeys.py",
    _MODEL / "world" / "scalar_laws.py",
)
COMPLETE = "complete"  # a file in the folder of a version that has been compiled
_KEPT = 3  # caches of other versions that are left where they are


def compiled(function: Function) -> Function:
    """Compile a function that only compiled ones call; division by zero gives infinity."""
    return cast(Function, numba.njit(error_model="numpy")(function))


def inlined(function: Function) -> Function:
    """Compile a function into each of those that call it: what every visit comes through."""
    return cast(Function, numba.njit(error_model="numpy", forceinline=True)(function))


def entry(function: Function) -> Function:
    """Compile a function that Python calls, once for all processes of this version."""
    config: Any = numba.config
    config.CACHE_DIR = str(cache_folder())
    return cast(Function, numba.njit(error_model="numpy", cache=True)(function))


@cache
def cache_folder() -> Path:
    """Return where compiled code of this version is kept; FEEDTWIN_CACHE names another place.

    The version is that of the sources when this process began.
    """
    digest = blake2b(digest_size=12)
    for source in _SOURCES:
        digest.update(source.read_bytes())
    digest.update(f"{numba.__version__} {np.__version__} {sys.version_info}".encode())
    return _caches() / digest.hexdigest()


def _caches() -> Path:
    """Return the folder of all versions, which is ours alone, and can be written to."""
    chosen = os.environ.get("FEEDTWIN_CACHE")
    home = Path(chosen or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = home / "feedtwin" / "engine"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            return folder
    except OSError:  # compiled for this process alone, where nobody else writes
        return Path(mkdtemp(prefix="feedtwin-"))


def is_cached() -> bool:
    """Return whether this version has been compiled on this machine before."""
    return (cache_folder() / COMPLETE).exists()


def mark_cached() -> None:
    """Note that all is compiled, and drop what the oldest versions left behind."""
    if is_cached():
        return
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / COMPLETE).touch()
    marks = sorted(folder.parent.glob(f"*/{COMPLETE}"), key=lambda mark: mark.stat().st_mtime)
    for mark in marks[: -_KEPT - 1]:
        rmtree(mark.parent, ignore_errors=True)


def _pointer(typingctx: Any, address: Any) -> Any:  # noqa: ARG001 - numba's signature
    """Return an address, kept as a whole number, as a pointer that `carray` takes."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ARG001
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), generate


pointer: Any = intrinsic(_pointer)
carray: Any = vars(numba)["carray"]  # (pointer, length, type of record): an array in place
