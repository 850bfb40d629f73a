"""Where PostgreSQL can live: it needs an account that is not root, and folders open to that."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from reference_impl.cluster import binaries
from reference_impl.cluster.home import Home
from reference_impl.cluster.postgres import Postgres
from reference_impl.cluster.unprivileged import How, how_here, reaches

PASS_ONLY = 0o711  # others may walk through, and see nothing
PERSISTENT_TEMPORARY = Path("/var/tmp")  # noqa: S108 - mkdtemp makes a private folder in it
ELSEWHERE_PREFIX = "feedtwin-data-"


def settle(
    home: Home, layout: str, sockets: Path, report: Callable[[str], None], how: How | None = None
) -> Postgres:
    """Return how and where to run PostgreSQL; `layout` names the folder for this fleet's data.

    If the account that it must run as cannot get to the home folder, its data live under
    /var/tmp instead, and the home folder remembers where.
    """
    how = how or how_here()
    installed, data = binaries.postgres_folder(), home.data / layout
    if how is How.NOBODY:
        for folder in (home.folder, home.data, sockets):
            folder.chmod(PASS_ONLY)
    if how is not How.AS_IS and not reaches(how, home.data):
        data = _elsewhere(home) / layout
        report(f"PostgreSQL cannot enter {home.folder} here; its data are in {data}")
    data.mkdir(exist_ok=True)
    data.chmod(PASS_ONLY)
    if how is not How.AS_IS and not reaches(how, installed):
        installed = _copy_of(installed, _elsewhere(home))
    return Postgres(binaries=installed, how=how, data=data)


def _elsewhere(home: Home) -> Path:
    """Return this home's folder under /var/tmp, made when it is first needed."""
    note = home.folder / "elsewhere"
    if note.exists():
        folder = Path(note.read_text(encoding="utf-8"))
        if folder.is_dir() and folder.stat().st_uid == os.geteuid():
            return folder
    parent = PERSISTENT_TEMPORARY if PERSISTENT_TEMPORARY.is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix=ELSEWHERE_PREFIX, dir=parent))
    folder.chmod(PASS_ONLY)
    note.write_text(str(folder), encoding="utf-8")
    return folder


def _copy_of(installed: Path, elsewhere: Path) -> Path:
    """Copy the wheel's programs, and the libraries that they look for beside their package."""
    package = installed.parents[1]
    copied = elsewhere / package.name
    if not copied.exists():
        for folder in (package.with_name(package.name + ".libs"), package):
            fresh = elsewhere / (folder.name + ".new")
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.copytree(folder, fresh)
            fresh.rename(elsewhere / folder.name)
    return copied / installed.relative_to(package)
