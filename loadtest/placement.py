"""Who runs on which core while we measure: the generator on one, the system on the others."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

CAN_PIN = hasattr(os, "sched_setaffinity")  # only Linux and FreeBSD


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The generator's core, or None if it is not pinned, and the cores that the system uses."""

    generator_core: int | None
    system_cores: tuple[int, ...]

    @property
    def cores_in_use(self) -> tuple[int, ...]:
        """All cores on which foreign work would disturb the measurement."""
        own = () if self.generator_core is None else (self.generator_core,)
        return tuple(sorted({*own, *self.system_cores}))

    @property
    def notes(self) -> list[str]:
        """What a reader of the results should know about it."""
        if self.generator_core is None:
            return ["the generator is not pinned: it and the system take each other's cores"]
        if self.generator_core in self.system_cores:
            return [f"the system may also run on core {self.generator_core}, the generator's"]
        return []


def placement_of(pids: Iterable[int]) -> Placement:
    """Return where the generator should run, given where the system's processes may run."""
    system: set[int] = set()
    for pid in pids:
        system.update(cores_of(pid))
    allowed = cores_of(os.getpid())
    core = allowed[0] if CAN_PIN and len(allowed) > 1 else None
    return Placement(generator_core=core, system_cores=tuple(sorted(system or allowed)))


def cores_of(pid: int) -> list[int]:
    """Return the cores that a process may run on; none if it has ended."""
    if not CAN_PIN:
        return list(range(os.cpu_count() or 1))
    try:
        return sorted(psutil.Process(pid).cpu_affinity() or [])
    except psutil.Error:
        return []


@contextmanager
def kept_on(core: int | None) -> Iterator[None]:
    """Keep this thread on one core: reading the ledger must not take the system's."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
