"""What a process and its children have used."""

from __future__ import annotations

from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """CPU time so far, that of ended children included; memory now, shared pages split fairly."""

    cpu_s: float
    memory_bytes: int


def usage_of(pid: int) -> Usage | None:
    """Return what a process and its living descendants use; None if it is gone."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return None
    used = [_own(member) for member in family]
    return Usage(
        cpu_s=sum(usage.cpu_s for usage in used),
        memory_bytes=sum(usage.memory_bytes for usage in used),
    )


def _own(process: psutil.Process) -> Usage:
    try:
        times = process.cpu_times()
        memory = process.memory_full_info()
    except psutil.Error:  # it ended meanwhile, or belongs to another account
        return Usage(cpu_s=0.0, memory_bytes=0)
    cpu_s = times.user + times.system + times.children_user + times.children_system
    return Usage(cpu_s=cpu_s, memory_bytes=getattr(memory, "pss", memory.rss))
