"""The arithmetic that both engines call, made known to the compiler as it is written."""

from __future__ import annotations

from numba.extending import register_jitable

from model.engine import stations
from model.world import scalar_laws

for _module in (stations, scalar_laws):
    for _function in vars(_module).copy().values():
        if callable(_function) and _function.__module__ == _module.__name__:
            register_jitable(error_model="numpy")(_function)
