"""The supervisor: a supervisord of our own that outlives the command that started it."""

from __future__ import annotations

import http.client
import os
import resource
import signal
import socket
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reference_impl.chassis.settings import PREFIX
from reference_impl.cluster.endings import obituary
from reference_impl.cluster.errors import NotReady
from reference_impl.cluster.home import Home
from reference_impl.cluster.launch import LAUNCH, Order, write_order

SUPERVISOR = "supervisord"  # its name among the identities and the logs
ANSWER_WAIT_S = 20.0
POLL_S = 0.01
AGAIN_S = 1.0  # after which a stop signal is sent a second time
STOP_WAIT_S = 15  # longer than a service may take to finish what is under way
ENDED_WAIT_S = STOP_WAIT_S + 2.0  # by then the supervisor has killed what did not stop
LOG_BYTES_MAX = 5_000_000
LOGS_KEPT = 2
OPEN_FILES = 16_384  # of one process, if the system grants it: Valkey alone asks for 10,032
# What supervisord answers when something is so already (supervisor.xmlrpc.Faults).
BAD_NAME, ALREADY_STARTED, NOT_RUNNING, ALREADY_ADDED, STILL_RUNNING = 10, 60, 70, 90, 91
STOPPING = 40  # a state of a process (supervisor.states.ProcessStates)
# The n-th attempt waits n seconds, so thirty give up after about eight minutes.
START_RETRIES = 30


# A path may hold what supervisord takes for a comment or an expansion (once or twice), and no
# quoting helps.  So its file names none: some are relative to the home folder that it runs in,
# others come by environment.
PYTHON, SOCKET = f"{PREFIX}PYTHON", f"{PREFIX}SUPERVISOR_SOCKET"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One program that the supervisor keeps running, by the order of its name."""

    name: str
    stop_signal: signal.Signals


def configuration(programs: Iterable[Program]) -> str:
    """Return the supervisord.conf, to be put into the home folder; it starts nothing by itself."""
    return "\n".join((_supervisor_section(), *map(_program_section, programs)))


def _supervisor_section() -> str:
    hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    unlimited = hard_limit == resource.RLIM_INFINITY
    return f"""\
[supervisord]
nodaemon = true
silent = true
nocleanup = true
umask = 077
minfds = {OPEN_FILES if unlimited else min(hard_limit, OPEN_FILES)}
minprocs = 1
logfile = logs/{SUPERVISOR}.log
logfile_maxbytes = {LOG_BYTES_MAX}
logfile_backups = {LOGS_KEPT}
pidfile = {SUPERVISOR}.pid
{"user = root" if os.geteuid() == 0 else ""}
[unix_http_server]
file = %(ENV_{SOCKET})s
chmod = 0700
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""


def _program_section(program: Program) -> str:
    return f"""\
[program:{program.name}]
command = /bin/sh -c 'exec "${PYTHON}" {" ".join(LAUNCH)} orders/{program.name}.json'
autostart = false
autorestart = true
startsecs = 1
startretries = {START_RETRIES}
stopsignal = {program.stop_signal.name.removeprefix("SIG")}
stopwaitsecs = {STOP_WAIT_S}
killasgroup = true
redirect_stderr = true
stdout_logfile = logs/{program.name}.log
stdout_logfile_maxbytes = {LOG_BYTES_MAX}
stdout_logfile_backups = {LOGS_KEPT}
"""


def start_supervisor(home: Home, socket_path: Path, cpus: list[int]) -> Supervisor:
    """Start supervisord in a session of its own and wait until it answers."""
    conf = str(home.supervisor_conf)
    order = Order(
        command=[sys.executable, "-P", "-m", "supervisor.supervisord", "-c", conf],
        environment={
            PYTHON: sys.executable,
            SOCKET: str(socket_path),
        },
        identity=str(home.identity_of(SUPERVISOR)),
        detached=True,
        cpus=cpus,
    )
    write_order(order, home.orders / f"{SUPERVISOR}.json")
    with home.log_of(SUPERVISOR).open("ab") as log:
        subprocess.run(  # noqa: S603 - our own words only
            [sys.executable, *LAUNCH, str(home.orders / f"{SUPERVISOR}.json")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=home.folder,
            env=_inherited(),
            start_new_session=True,
            check=True,
        )
    supervisor = Supervisor(socket_path)
    if not supervisor.answers_within(ANSWER_WAIT_S):
        raise NotReady(obituary(home, SUPERVISOR, "does not answer"))
    return supervisor


def _inherited() -> dict[str, str]:
    """Return the environment without what could steer a process elsewhere than its settings do."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "PG"))
    }


class Supervisor:
    """Talks to a running supervisord; OSError if it is gone."""

    def __init__(self, socket_path: Path) -> None:
        transport = _UnixTransport(socket_path)
        self._rpc = xmlrpc.client.ServerProxy("http://localhost/RPC2", transport=transport)

    def answers_within(self, timeout_s: float) -> bool:
        """Wait until it answers; say whether it did in time."""
        deadline_s = time.monotonic() + timeout_s
        while time.monotonic() < deadline_s:
            try:
                self._rpc.supervisor.getState()
            except (OSError, http.client.HTTPException):
                time.sleep(POLL_S)
            else:
                return True
        return False

    def start(self, name: str) -> None:
        """Begin to start a program; does not wait until it runs."""
        self._rpc.supervisor.startProcess(name, False)  # noqa: FBT003 - XML-RPC has no keywords

    def start_added(self, names: Iterable[str]) -> None:
        """Read the configuration again and begin to start these programs, whatever they do now."""
        self._rpc.supervisor.reloadConfig()
        for name in names:
            with _but_for(ALREADY_ADDED):
                self._rpc.supervisor.addProcessGroup(name)
            with _but_for(ALREADY_STARTED):
                self.start(name)

    def forget(self, names: Iterable[str]) -> None:
        """Drop programs that were asked to stop, once they have; whoever does not is killed."""
        deadline_s = time.monotonic() + STOP_WAIT_S + ANSWER_WAIT_S
        for name in names:
            while not self._dropped(name):
                if time.monotonic() > deadline_s:
                    raise NotReady(f"{name} does not stop")
                time.sleep(POLL_S)

    def _dropped(self, name: str) -> bool:
        """Drop a program; say whether it is gone, which it cannot be while it still runs."""
        try:
            self._rpc.supervisor.removeProcessGroup(name)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode not in {BAD_NAME, STILL_RUNNING}:
                raise
            return fault.faultCode == BAD_NAME
        return True

    def stop(self, names: Collection[str]) -> None:
        """Send programs their stop signals; return when they have ended, killed if need be.

        Whoever does not end soon is sent it once more: between fork and exec a process has the
        handlers of supervisord, and takes the signal for nobody.
        """
        for name in names:
            with _but_for(NOT_RUNNING, BAD_NAME):
                self._rpc.supervisor.stopProcess(name, False)  # noqa: FBT003 - as above
        configured: Any = self._rpc.supervisor.getAllConfigInfo()
        signals = {its["name"]: its["stopsignal"] for its in configured}
        for name in self._stopping_after(AGAIN_S, names):
            with _but_for(NOT_RUNNING, BAD_NAME):
                self._rpc.supervisor.signalProcess(name, str(signals[name]))
        self._stopping_after(ENDED_WAIT_S, names)

    def _stopping_after(self, timeout_s: float, names: Collection[str]) -> list[str]:
        """Return which of these are still stopping when none is, or the time is up."""
        deadline_s = time.monotonic() + timeout_s
        while left := self._stopping(names):
            if time.monotonic() > deadline_s:
                break
            time.sleep(POLL_S)
        return left

    def _stopping(self, names: Collection[str]) -> list[str]:
        running: Any = self._rpc.supervisor.getAllProcessInfo()
        stopping = (its["name"] for its in running if its["state"] == STOPPING)
        return [name for name in stopping if name in names]

    def shut_down(self) -> None:
        """Tell it to stop everything that still runs, and then itself."""
        self._rpc.supervisor.shutdown()


@contextmanager
def _but_for(*codes: int) -> Iterator[None]:
    """Let these refusals of the supervisor pass: what was asked for is so already."""
    try:
        yield
    except xmlrpc.client.Fault as fault:
        if fault.faultCode not in codes:
            raise


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, socket_path: Path) -> None:
        super().__init__()
        self._socket_path = socket_path

    def make_connection(self, host: object) -> UnixConnection:  # noqa: ARG002 - there is one place only
        return UnixConnection(self._socket_path, timeout_s=ANSWER_WAIT_S)


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, socket_path: Path, *, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._socket_path = socket_path

    def connect(self) -> None:
        """Connect to the socket instead of to a host."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._socket_path))
