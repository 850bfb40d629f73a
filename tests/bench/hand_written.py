"""Both models hand-written in C, compiled when first used and called through ctypes."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from models import (
    FORK_WIDTH,
    GATEWAY_SERVERS,
    SERVICE_SERVERS,
    SHARDS,
    SQL_SERVERS,
    FanoutSamples,
    FanoutTimes,
    Floats,
    TandemSamples,
)
from numpy.typing import NDArray

SOURCE = Path(__file__).with_name("hand_written.c")
# No -march=native and no -ffast-math: the sums must round as Python's do, on every machine.
FLAGS = ("-std=c11", "-O3", "-ffp-contract=off", "-shared", "-fPIC")
SERVERS = np.array([GATEWAY_SERVERS, SERVICE_SERVERS, SQL_SERVERS], dtype=np.int64)
REQUESTS_MAX = 2**31 - 1  # the C numbers requests with 32 bits


class NoCompiler(RuntimeError):
    """There is no C compiler here."""


class _Fates(ctypes.Structure):
    """`Fates` of hand_written.c."""

    _fields_ = (
        ("fork_width", ctypes.c_int64),
        ("arrivals_s", ctypes.c_void_p),
        ("gateway_works_s", ctypes.c_void_p),
        ("service_works_s", ctypes.c_void_p),
        ("are_posts", ctypes.c_void_p),
        ("read_shards", ctypes.c_void_p),
        ("read_works_s", ctypes.c_void_p),
        ("sql_works_s", ctypes.c_void_p),
        ("write_bounds", ctypes.c_void_p),
        ("write_shards", ctypes.c_void_p),
        ("write_works_s", ctypes.c_void_p),
    )


def run_tandem(samples: TandemSamples, seed: int) -> Floats:
    """Return the latency of each request, in seconds; `seed` is not used."""
    latencies_s = np.empty(_count_of(samples))
    library().run_tandem(
        _address(SERVERS),
        ctypes.c_int64(SHARDS),
        ctypes.c_int64(len(samples)),
        _address(samples.arrivals_s),
        _address(samples.gateway_works_s),
        _address(samples.service_works_s),
        _address(samples.shards),
        _address(samples.shard_works_s),
        _address(latencies_s),
    )
    return latencies_s


def run_fanout(samples: FanoutSamples, seed: int) -> FanoutTimes:
    """Return the latency of each request and the lag of each post; `seed` is not used."""
    latencies_s, lags_s = np.empty(_count_of(samples)), np.empty(len(samples))
    names = [name for name, _ in _Fates._fields_[1:]]
    fates = _Fates(FORK_WIDTH, *(_address(getattr(samples, name)) for name in names))
    library().run_fanout(
        _address(SERVERS),
        ctypes.c_int64(SHARDS),
        ctypes.c_int64(len(samples)),
        ctypes.byref(fates),
        _address(latencies_s),
        _address(lags_s),
    )
    return FanoutTimes(latencies_s=latencies_s, lags_s=lags_s[samples.are_posts])


@cache
def library() -> ctypes.CDLL:
    """Compile hand_written.c and load it, once in each process.

    Raises NoCompiler if there is no `cc`, and CalledProcessError if it refuses the source.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        raise NoCompiler(
            f"{SOURCE.name} needs a C compiler, and no `cc` is on the PATH: "
            "install one (Debian: gcc; macOS: xcode-select --install)"
        )
    with tempfile.TemporaryDirectory(prefix="feedtwin-bench-") as folder:
        built = Path(folder) / "hand_written.so"
        subprocess.run([compiler, *FLAGS, "-o", str(built), str(SOURCE)], check=True)
        loaded = ctypes.CDLL(str(built))  # what is loaded stays so when its file goes
    loaded.run_tandem.restype = loaded.run_fanout.restype = None
    return loaded


def _count_of(samples: TandemSamples | FanoutSamples) -> int:
    if len(samples) > REQUESTS_MAX:
        raise ValueError(f"requests must be at most {REQUESTS_MAX}, got {len(samples)}")
    return len(samples)


def _address(array: NDArray[Any]) -> ctypes.c_void_p:
    """Return where the array is; the caller keeps it alive."""
    if not array.flags.c_contiguous:
        raise ValueError("samples must be contiguous")
    return ctypes.c_void_p(array.ctypes.data)
