"""Embedded PostgreSQL: data folders made once from a template, one server per shard."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

from reference_impl.cluster.errors import ClusterError
from reference_impl.cluster.unprivileged import NOBODY, How, command_as

USER = DATABASE = "feedtwin"
COPIES_AT_ONCE = 4
PORT = 5432  # part of the socket's name; nothing listens on TCP
IO_METHOD_SINCE = 18

# Durable as a production server is (fsync, synchronous commits), small as a laptop needs it.
CONFIGURATION = """\
listen_addresses = ''
unix_socket_directories = '{sockets}'
port = {port}
max_connections = {connections}
shared_buffers = 32MB
max_wal_size = 512MB
fsync = on
synchronous_commit = on
autovacuum = on
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """The PostgreSQL installation to use, the somebody to run it as, and where its data are."""

    binaries: Path
    how: How
    data: Path

    def create(self, servers: Iterable[str]) -> None:
        """Make the data folders that are missing, as copies of one template."""
        missing = [folder for folder in map(self.data_of, servers) if not folder.exists()]
        template = self.data / "template"
        if missing and not template.exists():
            self._create_template(template)
        with ThreadPoolExecutor(COPIES_AT_ONCE) as pool:
            list(pool.map(partial(_copy, template), missing))

    def data_of(self, server: str) -> Path:
        """Return the data folder of a server."""
        return self.data / server

    def configure(self, server: str, sockets: Path, connections: int) -> None:
        """(Re)write the configuration of a server and make its sockets folder."""
        data = self.data_of(server)
        sockets.mkdir(mode=0o700)
        self._give(sockets)
        configuration = data / "postgresql.conf"
        configuration.write_text(_configuration(data, sockets, connections), encoding="utf-8")
        self._give(data)

    def command(self, server: str) -> list[str]:
        """Return the command that runs a server."""
        return [str(self.binaries / "postgres"), "-D", str(self.data_of(server))]

    def _create_template(self, template: Path) -> None:
        fresh = _fresh(template)
        self._give(fresh)
        who = ("--username", USER, "--auth=trust")
        text = ("--encoding=UTF8", "--locale=C")
        self._run("initdb", *who, *text, "--no-sync", "--no-instructions", "-D", str(fresh))
        # Renamed rather than created: a database is three hundred files, copied for each server.
        single = ("postgres", "--single", "-D", str(fresh), "template1")
        self._run(*single, stdin=f"ALTER DATABASE postgres RENAME TO {DATABASE};\n")
        fresh.rename(template)

    def _give(self, folder: Path) -> None:
        """Let the account that serves a folder own it: PostgreSQL insists on that."""
        owner = NOBODY if self.how is How.NOBODY else os.geteuid()
        for path in (folder, *folder.rglob("*")):
            if path.lstat().st_uid != owner:
                os.chown(path, owner, owner, follow_symlinks=False)

    def _run(self, program: str, *arguments: str, stdin: str = "") -> None:
        command = command_as(self.how, [str(self.binaries / program), *arguments])
        done = subprocess.run(  # noqa: S603 - our own words only
            command,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=_environment(),
        )
        if done.returncode != 0:
            raise ClusterError(f"{program} failed:\n{done.stdout}{done.stderr}")


def _copy(template: Path, data: Path) -> None:
    """Copy the template; the last step is a rename, so that no half-made folder stays.

    Nothing is synced to disk: for the half minute that the system takes to write it by itself,
    there is nothing yet in these databases that could not be made again.
    """
    fresh = _fresh(data)
    shutil.copytree(template, fresh, dirs_exist_ok=True)
    fresh.rename(data)


def _fresh(folder: Path) -> Path:
    """Return an empty folder beside `folder`, to be renamed to it once it is complete."""
    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    return fresh


def _configuration(data: Path, sockets: Path, connections: int) -> str:
    major = int((data / "PG_VERSION").read_text(encoding="ascii").split(".")[0])
    quoted = str(sockets).replace("'", "''")
    text = CONFIGURATION.format(sockets=quoted, port=PORT, connections=connections)
    if major >= IO_METHOD_SINCE:
        text += "io_method = sync\n"  # three helper processes less per server
    return text


def _environment() -> dict[str, str]:
    """Return this process's environment without what would steer PostgreSQL elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C"}


def url_of(sockets: Path) -> str:
    """Return the URL of the server whose socket is in `sockets`."""
    return f"postgresql://{USER}@/{DATABASE}?host={quote(str(sockets), safe='')}&port={PORT}"
