"""What each member of a cluster is to run: writes the orders, and prepares their data folders."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from model.world.scenario import Fleet
from reference_impl.chassis.settings import Settings
from reference_impl.cluster import binaries, valkey
from reference_impl.cluster.clusters import Cluster
from reference_impl.cluster.connections import room_for
from reference_impl.cluster.home import Home
from reference_impl.cluster.launch import Order, write_order
from reference_impl.cluster.members import MODULES, Check, Member, settings_of
from reference_impl.cluster.postgres import Postgres
from reference_impl.cluster.schemas import schema_version
from reference_impl.cluster.supervision import SUPERVISOR, Program
from reference_impl.cluster.unprivileged import How

MEMORY_OF = {"timeline_store": "1gb", "broker": "512mb", "session_store": "256mb"}
DURABLE = ("broker", "session_store")  # a lost timeline is rebuilt, a lost event or token is not


@dataclass(frozen=True, slots=True, kw_only=True)
class Clerk:
    """Writes the order of every member of one cluster."""

    cluster: Cluster
    fleet: Fleet

    def write_engine_orders(self, databases: Postgres | None) -> None:
        """Prepare the engines' data folders, and say what each is to run."""
        engines = [member for member in self.cluster.members if member.is_engine]
        if databases is not None:
            databases.create(member.name for member in engines if member.check is Check.POSTGRESQL)
        for member in engines:
            if member.check is Check.VALKEY:
                self._write(member, self._valkey_order(member))
            else:
                assert databases is not None  # there is one if a member is of this kind
                self._write(member, self._database_order(member, databases))

    def write_service_orders(self, services: Iterable[Member]) -> None:
        """Say what each of these services is to run."""
        for member in services:
            self._write(member, self._service_order(member))

    def programs(self) -> list[Program]:
        """Return what the supervisor is to keep running."""
        return [
            Program(name=member.name, stop_signal=_stop_signal_of(member))
            for member in self.cluster.members
        ]

    def _write(self, member: Member, order: Order) -> None:
        write_order(order, self.cluster.home.order_of(member.name))

    def _database_order(self, member: Member, databases: Postgres) -> Order:
        sockets = self.cluster.sockets / member.name
        databases.configure(member.name, sockets, room_for(self.fleet, member.station))
        return self._order(
            member,
            databases.command(member.name),
            {"LC_ALL": "C"},
            how=databases.how,
            database=str(databases.data_of(member.name)),
        )

    def _valkey_order(self, member: Member) -> Order:
        layout = layout_of(self.fleet, self.cluster.settings)
        data = self.cluster.home.data / layout / member.name
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
        settings = self._with_folder(settings, member)
        return self._order(member, command, settings.to_environment())

    def _with_folder(self, settings: Settings, member: Member) -> Settings:
        """Return the settings, with where the member keeps files of its own, if it does."""
        home = self.cluster.home
        if member.station == "cdn":
            return replace(settings, cache_folder=str(home.caches / member.name))
        if member.station == "search":
            layout = layout_of(self.fleet, self.cluster.settings)
            name = f"{member.name}-of-{self.fleet.search.shards}"
            return replace(settings, search_index=str(home.data / layout / name))
        return settings

    def _order(
        self,
        member: Member,
        command: list[str],
        environment: dict[str, str],
        *,
        how: How = How.AS_IS,
        database: str = "",
    ) -> Order:
        return Order(
            command=command,
            environment=environment,
            identity=str(self.cluster.home.identity_of(member.name)),
            parent=str(self.cluster.home.identity_of(SUPERVISOR)),
            stop_signal=_stop_signal_of(member),
            how=how.value,
            database=database,
        )


def _stop_signal_of(member: Member) -> signal.Signals:
    """Return what ends a member in order; a database does not wait for its clients to leave."""
    return signal.SIGINT if member.check is Check.POSTGRESQL else signal.SIGTERM


def layout_of(fleet: Fleet, settings: Settings) -> str:
    """Name the data folder: rows of other tables, or for other servers, mean nothing here."""
    stores = (fleet.user_store, fleet.post_store, fleet.timeline_store)
    users, posts, timelines = (store.shards for store in stores)
    return (
        f"schema-{schema_version()}.follows-{settings.follows_kept}"
        f".users-{users}.posts-{posts}.timelines-{timelines}"
    )


def data_of_other_versions(home: Home) -> list[Path]:
    """Return the data folders of tables that no service reads any more."""
    ours = f"schema-{schema_version()}."
    return sorted(folder for folder in home.data.iterdir() if not folder.name.startswith(ours))
