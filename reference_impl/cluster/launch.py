"""The first thing in every process of a cluster: `python -m reference_impl.cluster.launch FILE`.

Reads an `Order` from FILE, records who it is, ties its life to its parent's, and becomes the
program that the order names.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

from reference_impl.cluster.identities import LINUX, Identity, read_identity, write_identity
from reference_impl.cluster.unprivileged import How, become

LAUNCH = ("-P", "-m", "reference_impl.cluster.launch")  # between Python and FILE
PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to run, and how."""

    command: list[str]  # starts with an absolute path
    environment: dict[str, str]  # added to the one inherited
    identity: str  # file that records who runs
    parent: str = ""  # file with the identity of the one process that may start this
    stop_signal: int = signal.SIGTERM  # what ends it in order, and is sent when its parent dies
    how: str = How.AS_IS.value
    database: str = ""  # folder of the PostgreSQL server that this starts
    detached: bool = False  # in a session of its own, outliving who started it
    cpus: list[int] = field(default_factory=list)  # the only ones to run on; none means any


def write_order(order: Order, path: Path) -> None:
    """Write the order into the file at `path`, to be given to the launcher."""
    path.touch(mode=0o600)  # before anything is in it: an environment holds secrets
    path.write_text(json.dumps(asdict(order)), encoding="utf-8")


def main() -> None:
    """Carry out the order; does not return."""
    order = Order(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    if order.detached:
        _detach()
    if order.cpus:
        os.sched_setaffinity(0, order.cpus)
    write_identity(Path(order.identity), order.stop_signal)
    if order.database:
        _drop_orphaned_lock(Path(order.database))
        os.chdir("/")  # where it is may be closed to who it becomes
    parent = read_identity(Path(order.parent)) if order.parent else None
    become(How(order.how))
    if order.parent:
        # Last, because becoming somebody else takes the tie off again.
        _die_with(parent, order.stop_signal)
    _reset_signals()
    if order.detached:
        # What it starts inherits this, and so a SIGINT waits until the launcher is done: one
        # that comes while Python starts may get lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    os.execve(order.command[0], order.command, os.environ | order.environment)  # noqa: S606 - it is ours


def _detach() -> None:
    """Leave the caller's session, and be nobody's child whom somebody must bury."""
    if os.fork():
        os._exit(0)
    os.setsid()


def _die_with(parent: Identity | None, signum: int) -> None:
    if LINUX:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signum)
    # It may have died before the tie was made.
    if parent is None or os.getppid() != parent.pid:
        sys.exit("the supervisor is gone")


def _reset_signals() -> None:
    """Undo what is inherited: shells ignore SIGINT for background jobs, Python ignores SIGPIPE."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(signum, signal.SIG_DFL)


def _drop_orphaned_lock(data: Path) -> None:
    """Remove a lock that names a pid of a server long gone.

    PostgreSQL would refuse to start if that pid has been given to a stranger since, which is
    likely after a container starts again.  Every process of a server works in its data folder,
    so a folder that is nobody's working folder has no server.
    """
    lock = data / "postmaster.pid"
    if LINUX and lock.exists() and not _somebody_works_in(data):
        lock.unlink()


def _somebody_works_in(folder: Path) -> bool:
    for link in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if link.samefile(folder):
                return True
        except OSError:  # it ended meanwhile, or is another account's
            continue
    return False


if __name__ == "__main__":
    main()
