"""A cluster that was started: its addresses, its processes, and whether they are ready."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from model.rules.policy import FeedPolicy
from model.world.scenario import Fleet
from reference_impl.chassis.settings import Settings
from reference_impl.cluster.endings import obituary
from reference_impl.cluster.errors import ClusterError, NotReady
from reference_impl.cluster.feed_policy import policy_of
from reference_impl.cluster.home import Home
from reference_impl.cluster.identities import Identity, read_identity
from reference_impl.cluster.members import Check, Member
from reference_impl.cluster.readiness import public_url, why_not_ready
from reference_impl.cluster.supervision import SUPERVISOR

SCHEMA_VERSION = 4
PROBE_EVERY_S = 0.05
STARTS_MAX = 3  # a program that needs more while the cluster starts will not get there


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process of a cluster, as it was when it was asked for."""

    name: str
    station: str
    pid: int  # of a PostgreSQL server: of its postmaster, the parent of all its processes
    started_s: float  # Unix time, as psutil tells it; 0 if it does not run
    running: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """What `up` started."""

    home: Home
    sockets: Path
    settings: Settings  # for who uses the stores directly: every address, and the policy
    members: tuple[Member, ...]
    made_from: dict[str, Any]  # what of the scenario and the options decided about all this
    uncalled: frozenset[str] = frozenset()  # who is not ready yet, or about to stop

    @property
    def gateway_urls(self) -> tuple[str, ...]:
        """Where the gateways listen, for load and for people."""
        gateways = (member for member in self.called if member.station == "gateway")
        return tuple(url for member in gateways if (url := public_url(member)))

    @property
    def door_url(self) -> str | None:
        """Where the front door listens: the pages, and everything else for the public."""
        doors = (member for member in self.called if member.station == "frontdoor")
        return next((url for member in doors if (url := public_url(member))), None)

    @property
    def called(self) -> tuple[Member, ...]:
        """The members that others may ask something."""
        return tuple(member for member in self.members if member.name not in self.uncalled)

    @property
    def fleet(self) -> Fleet:
        """What the members were counted by."""
        return Fleet.model_validate(self.made_from["fleet"])

    @property
    def supervisor_socket(self) -> Path:
        """Where the supervisor answers."""
        return supervisor_socket(self.sockets)

    def policy_now(self) -> FeedPolicy:
        """Return the feed policy that its services follow."""
        return policy_of(self.settings)

    def is_alive(self) -> bool:
        """Say whether the supervisor of this cluster still runs."""
        supervisor = self.identity_of(SUPERVISOR)
        return supervisor is not None and supervisor.is_alive()

    def identity_of(self, name: str) -> Identity | None:
        """Return who was last started under a name."""
        return read_identity(self.home.identity_of(name))

    def processes(self) -> list[Process]:
        """Return every process as it is now: pids change when the supervisor restarts one."""
        return [self._process(member) for member in self.members]

    def _process(self, member: Member) -> Process:
        identity = self.identity_of(member.name)
        running = identity is not None and identity.is_alive()
        pid = identity.pid if identity else 0
        started_s = _started_s(pid) if running else 0.0
        return Process(
            name=member.name, station=member.station, pid=pid, started_s=started_s, running=running
        )

    def why_not_ready(self, member: Member) -> str | None:
        """Return why a process is not ready; None if it is."""
        identity = self.identity_of(member.name)
        if identity is None or not identity.is_alive():
            return "not running"
        return why_not_ready(member)

    def why_not_called(self, member: Member) -> str | None:
        """Return why nobody should count on a process; None if everybody may."""
        waits = "ready, but nobody is sent there: it has just come, or is about to go"
        return self.why_not_ready(member) or (waits if member.name in self.uncalled else None)

    def wait_ready(self, timeout_s: float) -> None:
        """Return once every process is ready; NotReady names the one that is not in time."""
        self.wait_until_ready(self.members, timeout_s)

    def wait_until_ready(self, members: Iterable[Member], timeout_s: float) -> None:
        """Return once these processes are ready; NotReady at once if one keeps ending."""
        deadline_s = time.monotonic() + timeout_s
        waiting = {member: self._starts_of(member) for member in members}
        while waiting := {
            member: starts
            for member, starts in waiting.items()
            if self._must_wait_for(member, starts, deadline_s)
        }:
            time.sleep(PROBE_EVERY_S)

    def _must_wait_for(self, member: Member, starts: int, deadline_s: float) -> bool:
        """Say whether a process is not ready yet; NotReady if there is no hope for it."""
        reason = self.why_not_ready(member)
        if reason is None:
            return False
        if self._starts_of(member) - starts > STARTS_MAX:
            raise NotReady(obituary(self.home, member.name, "keeps ending"))
        if time.monotonic() > deadline_s:
            raise NotReady(obituary(self.home, member.name, f"is not ready: {reason}"))
        return True

    def _starts_of(self, member: Member) -> int:
        identity = self.identity_of(member.name)
        return identity.starts if identity else 0

    def state(self) -> dict[str, Any]:
        """Return what `cluster_of` makes this cluster from again."""
        # The secret has a file of its own; this one may be shown to others.
        settings = replace(self.settings, secret="").to_environment()
        return {
            "schema_version": SCHEMA_VERSION,
            "sockets": str(self.sockets),
            "settings": settings,
            "made_from": self.made_from,
            "members": [asdict(member) | {"check": member.check.value} for member in self.members],
            "uncalled": sorted(self.uncalled),
            "processes": [asdict(process) for process in self.processes()],
            "gateway_urls": list(self.gateway_urls),
        }


def cluster_of(home: Home, state: dict[str, Any]) -> Cluster:
    """Return the cluster that `state` describes."""
    if state["schema_version"] != SCHEMA_VERSION:
        raise ClusterError(
            f"{home.state}: what runs was started by another version of feedtwin: feedtwin down"
        )
    members = tuple(
        Member(**member | {"check": Check(member["check"])}) for member in state["members"]
    )
    return Cluster(
        home=home,
        sockets=Path(state["sockets"]),
        settings=replace(Settings.from_environment(state["settings"]), secret=home.secret()),
        members=members,
        made_from=state["made_from"],
        uncalled=frozenset(state["uncalled"]),
    )


def supervisor_socket(sockets: Path) -> Path:
    """Return where the supervisor of the cluster with this sockets folder answers."""
    return sockets / f"{SUPERVISOR}.sock"


def _started_s(pid: int) -> float:
    import psutil

    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return 0.0
