"""PostgreSQL refuses to run as root: how a process of root becomes one that it accepts.

As a command, `python -m reference_impl.cluster.unprivileged HOW COMMAND…` runs the command so, and
`… HOW --reach FOLDER…` fails unless each folder can be entered so.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from enum import Enum
from pathlib import Path

NOBODY = 65534
CLONE_NEWUSER = 0x1000_0000  # <linux/sched.h>; os.unshare came with Python 3.12
_AS = (sys.executable, "-P", "-m", "reference_impl.cluster.unprivileged")


class How(Enum):
    """The ways to be somebody whom PostgreSQL accepts."""

    AS_IS = "as-is"  # not root: nothing to do
    NAMESPACE = "namespace"  # root calls itself nobody in a namespace; files stay root's
    NOBODY = "nobody"  # really become nobody, who must then own the data


def how_here() -> How:
    """Say which way works for this process on this machine."""
    if os.geteuid() != 0:
        return How.AS_IS
    # Containers often forbid user namespaces (Docker's default seccomp profile does).
    return How.NAMESPACE if reaches(How.NAMESPACE) else How.NOBODY


def reaches(how: How, *folders: Path) -> bool:
    """Say whether `how` works here, and may enter each of the folders."""
    trial = [*_AS, how.value, "--reach", *map(str, folders)]
    done = subprocess.run(trial, capture_output=True, check=False, cwd="/")  # noqa: S603 - our own words only
    return done.returncode == 0


def command_as(how: How, command: list[str]) -> list[str]:
    """Return the command that runs `command` as the somebody of `how`."""
    if how is How.AS_IS:
        return command
    return [*_AS, how.value, *command]


def become(how: How) -> None:
    """Turn this process into the somebody of `how`; OSError if the system does not let it."""
    if how is How.NAMESPACE:
        _enter_namespace()
    elif how is How.NOBODY:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def _enter_namespace() -> None:
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "no user namespace")
    # The kernel takes a group map from an ordinary process only once setgroups is given up.
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {group} 1", encoding="ascii")


def main() -> None:
    """Become somebody else, then run the command in place of this process."""
    how, *rest = sys.argv[1:]
    become(How(how))
    if rest[0] == "--reach":
        sys.exit(not all(os.access(folder, os.X_OK) for folder in rest[1:]))
    os.execv(rest[0], rest)  # noqa: S606 - it is ours


if __name__ == "__main__":
    main()
