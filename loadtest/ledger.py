"""The CPU ledger: how much every process has worked, read once a second from outside."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import psutil

from loadtest import clocks
from loadtest.clocks import Kin


class Watched(Protocol):
    """A process whose work is written down, with that of all its descendants."""

    @property
    def name(self) -> str:
        """Return its name, such as `timeline-2`."""

    @property
    def station(self) -> str:
        """Return the station that it is an instance or a server of."""

    @property
    def pid(self) -> int:
        """Return its pid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one process had used up at one instant of the monotonic clock."""

    process: str
    station: str
    at_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreReading:
    """What the cores together had spent at one instant, since the machine started."""

    at_s: float
    busy_s: float  # on processes and the kernel's work for them
    ours_s: float  # of that, on the processes watched and on the one that keeps the ledger
    stolen_s: float  # by the hypervisor, for its other guests


class _Tree:
    """A process and its descendants; what ended ones used is not lost.

    Once waited for, it is in the parent's account of reaped children, if the system keeps
    one; until then, and elsewhere, the last reading of each stands in.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._reaped_before_s: float | None = None
        self._last_s: dict[int, float] = {}
        self._gone_s = 0.0
        self._total_s = 0.0

    def cpu_s(self, families: Mapping[int, Kin], children: Mapping[int, Sequence[int]]) -> float:
        """Return the CPU seconds of the whole tree; they never go down."""
        # The reaped were asked before the living: a child that ends in between is missing
        # from one reading rather than counted twice in it.
        reaped_s = self._reaped_s(families)
        living_s = {pid: clocks.cpu_s_of(pid) for pid in _tree_of(self._pid, children)}
        living = {pid: cpu_s for pid, cpu_s in living_s.items() if cpu_s is not None}
        self._gone_s += sum(s for pid, s in self._last_s.items() if pid not in living)
        self._last_s = living
        total_s = sum(living.values()) + max(reaped_s, self._gone_s)
        self._total_s = max(self._total_s, total_s)
        return self._total_s

    def _reaped_s(self, families: Mapping[int, Kin]) -> float:
        """Return what children that were waited for since the first reading had used."""
        kin = families.get(self._pid)
        if kin is None:
            return 0.0
        if self._reaped_before_s is None:
            self._reaped_before_s = kin.reaped_cpu_s
        return kin.reaped_cpu_s - self._reaped_before_s


def _tree_of(pid: int, children: Mapping[int, Sequence[int]]) -> Iterable[int]:
    yield pid
    for child in children.get(pid, ()):
        yield from _tree_of(child, children)


class Ledger:
    """Keeps the readings of some processes, and of the cores that they run on."""

    def __init__(
        self,
        watched: Iterable[Watched],
        cores: Iterable[int],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._watched = [(process, _Tree(process.pid)) for process in watched]
        self._cores = sorted(cores)
        self._clock = clock
        self._births = {p.pid: _birth_s(p.pid) for p, _ in self._watched}
        self.readings: list[Reading] = []
        self.core_readings: list[CoreReading] = []

    def read(self) -> None:
        """Write down what everybody has used up to now."""
        families = clocks.families()
        children: dict[int, list[int]] = {}
        for pid, kin in families.items():
            children.setdefault(kin.parent, []).append(pid)
        cores = self._read_cores(ours_s=time.process_time())
        for process, tree in self._watched:
            at_s, cpu_s = self._clock(), tree.cpu_s(families, children)
            self.readings.append(
                Reading(process=process.name, station=process.station, at_s=at_s, cpu_s=cpu_s)
            )
            cores = replace(cores, ours_s=cores.ours_s + cpu_s)
        self.core_readings.append(cores)

    def lost(self) -> list[str]:
        """Return the names of the processes that have ended since the ledger was opened."""
        return [p.name for p, _ in self._watched if _birth_s(p.pid) != self._births[p.pid]]

    def _read_cores(self, ours_s: float) -> CoreReading:
        every = psutil.cpu_times(percpu=True)
        own = [every[core] for core in self._cores if core < len(every)]
        return CoreReading(
            at_s=self._clock(),
            busy_s=sum(times.user + times.nice + times.system for times in own),
            ours_s=ours_s,
            stolen_s=sum(getattr(times, "steal", 0.0) for times in own),
        )


def _birth_s(pid: int) -> float | None:
    """Return when the process was started, which no later one of its pid was; None if it ended."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None
