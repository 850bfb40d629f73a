"""Which process is meant: a pid alone may by now belong to a stranger, a pid and its birth not."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import signal
from dataclasses import asdict, dataclass
from pathlib import Path

LINUX = platform.system() == "Linux"
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One process, told apart from every other that ever has its pid."""

    pid: int
    birth: str  # see birth_of
    stop_signal: int = signal.SIGTERM  # what makes it end in order
    starts: int = 1  # how often its program was started, this time included

    def is_alive(self) -> bool:
        """Say whether this very process still runs."""
        return birth_of(self.pid) == self.birth

    def send(self, signum: signal.Signals) -> None:
        """Send a signal to this process, and to no stranger that took its pid."""
        with contextlib.suppress(ProcessLookupError):
            if LINUX:
                self._send_by_handle(signum)
            elif self.is_alive():
                os.kill(self.pid, signum)

    def _send_by_handle(self, signum: signal.Signals) -> None:
        """Check the birth *after* taking the handle: a handle never moves to another process."""
        handle = os.pidfd_open(self.pid)
        try:
            if self.is_alive():
                signal.pidfd_send_signal(handle, signum)
        finally:
            os.close(handle)


def birth_of(pid: int) -> str | None:
    """Return when the process was born, exact to the clock tick; None if it is gone or a zombie."""
    if LINUX:
        return _birth_in_proc(pid)
    return _birth_by_psutil(pid)


def _birth_in_proc(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name of the program, in brackets, may itself hold spaces and brackets.
    state, *numbers = stat.rpartition(")")[2].split()
    if state in "ZX":
        return None
    return f"{BOOT_ID.read_text(encoding='ascii').strip()}/{numbers[18]}"


def _birth_by_psutil(pid: int) -> str | None:
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return str(process.create_time())
    except psutil.NoSuchProcess:
        return None


def write_identity(path: Path, stop_signal: int) -> None:
    """Record who this process is, replacing at once what was recorded before."""
    before = read_identity(path)
    birth = birth_of(os.getpid())
    assert birth is not None  # we are running
    starts = before.starts + 1 if before else 1
    fresh = path.with_suffix(".new")
    identity = Identity(pid=os.getpid(), birth=birth, stop_signal=stop_signal, starts=starts)
    fresh.write_text(json.dumps(asdict(identity)), encoding="utf-8")
    fresh.replace(path)


def read_identity(path: Path) -> Identity | None:
    """Return the identity recorded in a file; None if there is none, or no readable one."""
    try:
        return Identity(**json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None
