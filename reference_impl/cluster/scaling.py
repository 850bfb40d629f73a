"""Change how many instances of a service run, while it runs.

What others go by is changed in an order that leaves it true wherever this is cut short: the
state names a process from before it starts until after it has ended, and the address book only
such as are ready and are to stay.  So after a crash every process is found by the state, nobody
is sent where nobody answers, and the same command again finishes what was begun.
"""

from __future__ import annotations

import http.client
import xmlrpc.client
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from model.world.scenario import Fleet, Instances
from reference_impl.cluster import addresses
from reference_impl.cluster.clusters import Cluster
from reference_impl.cluster.connections import refuse_too_many
from reference_impl.cluster.errors import NotReady, Refused
from reference_impl.cluster.home import Home
from reference_impl.cluster.interrupts import uninterrupted
from reference_impl.cluster.lifecycle import READY_WITHIN_S, UP, Report, running_in
from reference_impl.cluster.members import Member, instances_in, services_of, with_urls
from reference_impl.cluster.orders import Clerk
from reference_impl.cluster.supervision import Supervisor, configuration

SCALABLE = ("user", "follow", "post", "media", "timeline", "gateway", "fanout", "pipeline", "web")
INSTANCES_MAX = 64  # of one service: enough to fill any one machine


def scale(home: Path, service: str, count: int, report: Report) -> Cluster:
    """Make it so many instances of a service in the cluster of this home; return it as it is then.

    Those that come are called once they are ready.  Those that go are called by nobody any more
    before they are told to stop, and then finish what is under way.

    Raises Refused for what is out of bounds, and NotReady if nothing runs here or an instance
    does not get ready; then, and when interrupted, it is as many as before.
    """
    if service not in SCALABLE:
        raise Refused(f"service must be one of {', '.join(SCALABLE)}, got {service!r}")
    if not 1 <= count <= INSTANCES_MAX:
        raise Refused(f"instances of {service} must be in 1..{INSTANCES_MAX}, got {count}")
    running_in(home)
    place = Home(folder=home.resolve())
    with place.locked():
        change = _change_of(running_in(home), service, count)
        report(f"{service}: {len(change.starting)} to start, {len(change.leaving)} to stop")
        return _carry_out(change)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """What is to be done about one service."""

    before: Cluster
    during: Cluster  # with those that come as well as those that go, all of them uncalled
    after: Cluster
    added: Sequence[Member]  # of which there is no trace yet
    starting: Sequence[Member]  # those, and such as an earlier change left half started
    leaving: Sequence[Member]


def _change_of(before: Cluster, service: str, count: int) -> _Change:
    fleet = _fleet_after(before, service, count)
    wanted = [m for m in services_of(fleet, before.sockets) if m.station == service]
    present = [member for member in before.members if member.station == service]
    added = [member for member in wanted if member not in present]
    starting = [member for member in wanted if member not in before.called]
    leaving = [member for member in present if member not in wanted]
    others_uncalled = before.uncalled - {member.name for member in present}
    changing = {member.name for member in (*starting, *leaving)}
    everybody = _by_station((*before.members, *added))
    during = replace(before, members=everybody, uncalled=others_uncalled | changing)
    members = tuple(member for member in everybody if member not in leaving)
    after = replace(
        before,
        members=members,
        uncalled=others_uncalled,
        settings=with_urls(before.settings, members),
        made_from=before.made_from | {"fleet": fleet.model_dump(mode="json")},
    )
    return _Change(
        before=before, during=during, after=after, added=added, starting=starting, leaving=leaving
    )


def _by_station(members: Sequence[Member]) -> tuple[Member, ...]:
    """Return the members with those of one station together, by number."""
    stations = [member.station for member in members]
    return tuple(sorted(members, key=lambda m: (stations.index(m.station), m.number)))


def _fleet_after(before: Cluster, service: str, count: int) -> Fleet:
    if not before.made_from["services"]:
        raise Refused("only engines run here: feedtwin up SCENARIO --replace")
    fleet = before.fleet.model_copy(update={service: Instances(instances=count)})
    if count > instances_in(before.fleet, service):
        refuse_too_many(fleet, service, before.settings)
    return fleet


def _carry_out(change: _Change) -> Cluster:
    with ExitStack() as undo:
        undo.callback(_settle, change.before, gone=change.added)
        _announce(change.during)
        if change.starting:
            _start(change)
        if change.leaving:
            addresses.wait_until_read_again()
        with uninterrupted():
            undo.pop_all()
            _settle(change.after, gone=change.leaving)
    return change.after


def _start(change: _Change) -> None:
    clerk = Clerk(cluster=change.during, fleet=change.after.fleet)
    clerk.write_service_orders(change.starting)
    _write_configuration(change.during)
    with _supervising(change.during) as supervisor:
        supervisor.start_added(member.name for member in change.starting)
    change.during.wait_until_ready(change.starting, READY_WITHIN_S)


def _settle(cluster: Cluster, *, gone: Sequence[Member]) -> None:
    """Stop those that are not of this cluster any more, and make it known."""
    with uninterrupted():
        names = [member.name for member in gone]
        with _supervising(cluster) as supervisor:
            supervisor.stop(names)
            supervisor.forget(names)
        _write_configuration(cluster)
        for member in gone:
            _remove_files_of(cluster, member)
        _announce(cluster)


def _announce(cluster: Cluster) -> None:
    """Write down who is there, and whom others may call."""
    cluster.home.write_state(cluster.state() | {"stage": UP})
    addresses.publish(Path(cluster.settings.addresses), cluster.called)


def _write_configuration(cluster: Cluster) -> None:
    programs = Clerk(cluster=cluster, fleet=cluster.fleet).programs()
    cluster.home.supervisor_conf.write_text(configuration(programs), encoding="utf-8")


def _remove_files_of(cluster: Cluster, member: Member) -> None:
    """Remove what told of a process; its log stays."""
    addresses_of = (member.address, member.internal_address, member.called_address)
    places = [Path(address.partition(":")[2]) for address in addresses_of]
    orders = (cluster.home.order_of(member.name), cluster.home.identity_of(member.name))
    for file in (*places, *orders):
        file.unlink(missing_ok=True)


@contextmanager
def _supervising(cluster: Cluster) -> Iterator[Supervisor]:
    try:
        yield Supervisor(cluster.supervisor_socket)
    except (OSError, http.client.HTTPException, xmlrpc.client.Error) as error:
        raise NotReady(f"the supervisor does not do it: {error}") from None
