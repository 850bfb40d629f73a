"""What each member of a cluster is to run: writes the orders, and prepares their data folders."""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from model.world.scenario import Fleet
from reference_impl.cluster import binaries, valkey
from reference_impl.cluster.clusters import Cluster
from reference_impl.cluster.launch import Order, write_order
from reference_impl.cluster.members import MODULES, Check, Member, settings_of
from reference_impl.cluster.postgres import Postgres
from reference_impl.cluster.supervision import SUPERVISOR, Program
from reference_impl.cluster.unprivileged import How

CONNECTIONS_SPARE = 40  # for the relay, seeding, tests and people
MEMORY_OF = {"timeline_store": "1gb", "broker": "512mb", "session_store": "256mb"}
DURABLE = ("broker", "session_store")  # a lost timeline is rebuilt, a lost event or token is not


@dataclass(frozen=True, slots=True, kw_only=True)
class Clerk:
    """Writes the order of every member of one cluster."""

    cluster: Cluster
    fleet: Fleet

    def programs(self, databases: Postgres | None) -> list[Program]:
        """Prepare data folders, write all orders, and return what the supervisor is to start."""
        members = self.cluster.members
        if databases is not None:
            databases.create(member.name for member in members if member.check is Check.POSTGRESQL)
        return [self._program(member, databases) for member in members]

    def _program(self, member: Member, databases: Postgres | None) -> Program:
        if member.check is Check.POSTGRESQL:
            assert databases is not None  # there is one if a member is of this kind
            order = self._database_order(member, databases)
        elif member.check is Check.VALKEY:
            order = self._valkey_order(member)
        else:
            order = self._service_order(member)
        write_order(order, self.cluster.home.orders / f"{member.name}.json")
        return Program(name=member.name, stop_signal=signal.Signals(order.stop_signal))

    def _database_order(self, member: Member, databases: Postgres) -> Order:
        sockets = self.cluster.sockets / member.name
        databases.configure(member.name, sockets, self._connections_max)
        return self._order(
            member,
            databases.command(member.name),
            {"LC_ALL": "C"},
            stop_signal=signal.SIGINT,  # "fast": does not wait for clients to leave
            how=databases.how,
            database=str(databases.data_of(member.name)),
        )

    def _valkey_order(self, member: Member) -> Order:
        data = self.cluster.home.data / layout_of(self.fleet) / member.name
        data.mkdir(parents=True, exist_ok=True)
        command = valkey.command(
            binaries.valkey_server(),
            data,
            Path(member.address.removeprefix("unix://")),
            memory=MEMORY_OF[member.station],
            durable=member.station in DURABLE,
        )
        return self._order(member, command, {})

    def _service_order(self, member: Member) -> Order:
        command = [sys.executable, "-P", "-m", MODULES[member.station]]
        settings = settings_of(member, self.cluster.settings, self.fleet)
        return self._order(member, command, settings.to_environment())

    def _order(
        self,
        member: Member,
        command: list[str],
        environment: dict[str, str],
        *,
        stop_signal: signal.Signals = signal.SIGTERM,
        how: How = How.AS_IS,
        database: str = "",
    ) -> Order:
        return Order(
            command=command,
            environment=environment,
            identity=str(self.cluster.home.identity_of(member.name)),
            parent=str(self.cluster.home.identity_of(SUPERVISOR)),
            stop_signal=stop_signal,
            how=how.value,
            database=database,
        )

    @property
    def _connections_max(self) -> int:
        services = [member for member in self.cluster.members if not member.is_engine]
        most = max(self.fleet.user_store.connections, self.fleet.post_store.connections)
        return CONNECTIONS_SPARE + most * len(services)


def layout_of(fleet: Fleet) -> str:
    """Name the data folder of a fleet: rows written for two servers mean nothing to three."""
    stores = (fleet.user_store, fleet.post_store, fleet.timeline_store)
    users, posts, timelines = (store.shards for store in stores)
    return f"users-{users}.posts-{posts}.timelines-{timelines}"
