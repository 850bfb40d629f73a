"""Stop what a home started, whether it is well, half started or crashed; and nothing else."""

from __future__ import annotations

import http.client
import shutil
import signal
import time
from pathlib import Path
from typing import Any

from reference_impl.cluster.clusters import supervisor_socket
from reference_impl.cluster.home import Home, find_sockets_folders
from reference_impl.cluster.identities import Identity, read_identity
from reference_impl.cluster.members import ENGINE_CHECKS
from reference_impl.cluster.supervision import ENDED_WAIT_S, SUPERVISOR, Supervisor

POLL_S = 0.02
KILL_WAIT_S = 5.0


def clear(home: Home) -> int:
    """Stop every process that this home started; return how many were still there.

    A process is ours if its pid *and* its birth are those that it recorded itself.
    """
    state = home.read_state() or {}
    ours = _identities(home)
    supervisor = ours.pop(SUPERVISOR, None)
    count = sum(identity.is_alive() for identity in ours.values())
    for sockets in find_sockets_folders(home):
        _stop_in_order(home, sockets, state.get("members", []))
    # The supervisor first, or it would start again what is stopped here.
    _end([supervisor] if supervisor else [])
    # Read again: it may have restarted one meanwhile.
    _end(list(_identities(home).values()))
    _forget(home)
    return count


def _identities(home: Home) -> dict[str, Identity]:
    found = ((path.stem, read_identity(path)) for path in home.identities.glob("*.json"))
    return {name: identity for name, identity in found if identity is not None}


def _stop_in_order(home: Home, sockets: Path, members: list[dict[str, Any]]) -> None:
    """Let the services finish with their stores before those stop."""
    supervisor = read_identity(home.identity_of(SUPERVISOR))
    if supervisor is None or not supervisor.is_alive():
        return
    # By value: another version of feedtwin may have written checks that this one does not know.
    of_engines = {check.value for check in ENGINE_CHECKS}
    engines = {member["name"] for member in members if member["check"] in of_engines}
    services = {member["name"] for member in members} - engines
    rpc = Supervisor(supervisor_socket(sockets))
    try:
        for names in (services, engines):
            rpc.stop(names)
        rpc.shut_down()
    except (OSError, http.client.HTTPException):
        return  # it is stuck or dying: what follows does without it
    _wait_until_gone([supervisor], ENDED_WAIT_S)


def _end(processes: list[Identity]) -> None:
    """End these processes, kindly first."""
    for process in processes:
        process.send(signal.Signals(process.stop_signal))
    for process in _wait_until_gone(processes, KILL_WAIT_S):
        process.send(signal.SIGKILL)
    _wait_until_gone(processes, KILL_WAIT_S)


def _wait_until_gone(processes: list[Identity], timeout_s: float) -> list[Identity]:
    """Return those that are still there when all are gone or the time is up."""
    deadline_s = time.monotonic() + timeout_s
    while (left := [process for process in processes if process.is_alive()]) and (
        time.monotonic() < deadline_s
    ):
        time.sleep(POLL_S)
    return left


def _forget(home: Home) -> None:
    """Remove what described the run; data, objects and logs stay."""
    for folder in (home.identities, home.orders, *find_sockets_folders(home)):
        shutil.rmtree(folder, ignore_errors=True)
    for file in (home.supervisor_conf, home.supervisor_pid, home.state):
        file.unlink(missing_ok=True)
