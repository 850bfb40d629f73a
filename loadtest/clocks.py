"""How much CPU time a process has used, read from outside it.

On Linux this is the process's own CPU clock: nanoseconds, all its threads, those that ended
included.  Elsewhere it is what psutil says, in hundredths of a second.
"""

from __future__ import annotations

import platform
import time

import psutil

LINUX = platform.system() == "Linux"
CPUCLOCK_SCHED = 2  # <linux/posix-timers.h>: the scheduler's clock of a whole process


def cpu_s_of(pid: int) -> float | None:
    """Return the CPU seconds that the process has used; None if there is no such process."""
    return _clock_s(pid) if LINUX else _psutil_s(pid)


def reaped_cpu_s_of(pid: int) -> float:
    """Return the CPU seconds of the process's children that ended and were waited for."""
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    return times.children_user + times.children_system


def parents() -> dict[int, int]:
    """Return the parent of every process there is."""
    found = {}
    for process in psutil.process_iter():
        try:
            found[process.pid] = process.ppid()
        except psutil.Error:
            continue  # it ended while we looked
    return found


def _clock_s(pid: int) -> float | None:
    try:
        # The kernel's MAKE_PROCESS_CPUCLOCK: a clock's number carries the pid it belongs to.
        return time.clock_gettime_ns((~pid << 3) | CPUCLOCK_SCHED) / 1e9
    except OSError:
        return None


def _psutil_s(pid: int) -> float | None:
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return None
    return times.user + times.system
