"""Bring a cluster up, find the one that runs, take it down."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from dataclasses import replace as replace_fields
from enum import Enum
from pathlib import Path
from typing import Any

from model.world.scenario import Scenario
from reference_impl.chassis.settings import Settings
from reference_impl.cluster.addresses import publish as publish_addresses
from reference_impl.cluster.clusters import Cluster, cluster_of
from reference_impl.cluster.environments import SECRET, external_of, told_by
from reference_impl.cluster.errors import NotReady, Refused
from reference_impl.cluster.feed_policy import FIXED, publish_policy
from reference_impl.cluster.home import Home, make_sockets_folder
from reference_impl.cluster.interrupts import uninterrupted
from reference_impl.cluster.members import Check, plan_of, refuse_other_counts
from reference_impl.cluster.orders import Clerk, data_of_other_versions, layout_of
from reference_impl.cluster.postgres import Postgres
from reference_impl.cluster.quarters import settle
from reference_impl.cluster.readiness import why_an_external_is_not_ready
from reference_impl.cluster.schemas import apply_schemas
from reference_impl.cluster.simulated_only import refuse_simulated_only
from reference_impl.cluster.stale_groups import drop_stale_groups
from reference_impl.cluster.supervision import configuration, start_supervisor
from reference_impl.cluster.teardown import clear

READY_WITHIN_S = 60.0
UP = "up"  # the stage of a cluster that got ready

Report = Callable[[str], None]


def running(home: Path) -> Cluster | None:
    """Return the cluster that was brought up in this home and still runs."""
    place = Home(folder=home.resolve())
    state = place.read_state()
    if state is None or state.get("stage") != UP:
        return None
    cluster = cluster_of(place, state)
    return cluster if cluster.is_alive() else None


def running_in(home: Path) -> Cluster:
    """Return the cluster that runs in this home; NotReady if there is none."""
    cluster = running(home)
    if cluster is None:
        raise NotReady(f"nothing runs in {home}: feedtwin up SCENARIO")
    return cluster


def down(home: Path) -> int:
    """Stop everything of this home, crashed or not; return how many processes that were."""
    place = Home(folder=home.resolve())
    if not place.folder.exists():
        return 0
    with place.locked(), uninterrupted():
        return clear(place)


def up(
    scenario: Scenario,
    home: Path,
    *,
    server_timing: bool,
    cpus: set[int] | None,
    report: Report,
    environ: Mapping[str, str] = os.environ,
    services: bool = True,
    replace: bool = False,
) -> Cluster:
    """Start what the scenario needs and return once all of it is ready.

    `cpus` are the only ones that anything of it runs on.  `environ` holds settings for all of its
    processes (`environments`); of the stores that it names (FEEDTWIN_USER_DATABASES and so on)
    none of that kind is started.  Without `services`, only engines start, with the schemas
    applied.

    Raises Refused for what only the simulation knows, for a setting that has no effect here, and
    if another cluster runs in `home` and `replace` is not set; SettingsError for one that cannot
    be meant; and NotReady if something does not get ready in time; then, and when interrupted,
    nothing is left running.
    """
    place = Home(folder=home.resolve())
    external = external_of(environ)
    refuse_simulated_only(scenario)
    refuse_other_counts(scenario.fleet, external)
    _refuse_unusable(cpus)
    made_from = _made_from(scenario, external, server_timing, cpus, services)
    with place.locked():
        present = running(place.folder)
        differing = _differing(present, made_from, external.secret) if present else []
        if present is not None and not differing:
            report(f"already up in {place.folder}")
            present.wait_ready(READY_WITHIN_S)
            return present
        if present is not None and not replace:
            raise Refused(_difference(present, differing))
        with uninterrupted():
            clear(place)
        return _bring_up(scenario, place, external, made_from, report)


def _bring_up(
    scenario: Scenario,
    place: Home,
    external: Settings,
    made_from: dict[str, Any],
    report: Report,
) -> Cluster:
    if reason := why_an_external_is_not_ready(external):
        raise NotReady(reason)
    place.create()
    given = replace_fields(
        external,
        secret=place.secret(external.secret),
        server_timing=made_from["server_timing"],
        objects=external.objects or place.objects.as_uri(),
    )
    with ExitStack() as undo:
        undo.callback(_clear_uninterrupted, place)
        sockets = make_sockets_folder(place)
        plan = plan_of(scenario, sockets, given, services=made_from["services"])
        cluster = Cluster(
            home=place,
            sockets=sockets,
            settings=plan.settings,
            members=plan.members,
            made_from=made_from,
        )
        place.write_state(cluster.state() | {"stage": "starting"})
        _start(cluster, scenario, report)
        place.write_state(cluster.state() | {"stage": UP})
        undo.pop_all()
    return cluster


def _refuse_unusable(cpus: set[int] | None) -> None:
    if cpus and not hasattr(os, "sched_getaffinity"):
        raise Refused("this system cannot keep processes to some of its CPUs")
    if cpus and not cpus <= (usable := os.sched_getaffinity(0)):
        raise Refused(f"cpus must be among {sorted(usable)}, got {sorted(cpus)}")


def _start(cluster: Cluster, scenario: Scenario, report: Report) -> None:
    engines = [member for member in cluster.members if member.is_engine]
    services = [member for member in cluster.members if not member.is_engine]
    clerk = Clerk(cluster=cluster, fleet=scenario.fleet)
    report("preparing data folders")
    for folder in data_of_other_versions(cluster.home):
        report(f"{folder}: of another version of feedtwin, nobody reads it any more")
    clerk.write_engine_orders(_databases(cluster, report))
    clerk.write_service_orders(services)
    cluster.home.supervisor_conf.write_text(configuration(clerk.programs()), encoding="utf-8")
    with uninterrupted():
        supervisor = start_supervisor(
            cluster.home, cluster.supervisor_socket, cluster.made_from["cpus"]
        )
    report(f"starting {len(engines)} engines")
    for member in engines:
        supervisor.start(member.name)
    cluster.wait_until_ready(engines, READY_WITHIN_S)
    apply_schemas(cluster.settings)
    if not services:
        return
    # A policy that was set in an earlier run must not quietly outlive it in the broker.
    publish_policy(cluster.settings, scenario.policy.of_feeds)
    drop_stale_groups(cluster.settings, services)
    publish_addresses(Path(cluster.settings.addresses), services)
    report(f"starting {len(services)} services")
    for member in services:
        supervisor.start(member.name)
    cluster.wait_until_ready(services, READY_WITHIN_S)


def _databases(cluster: Cluster, report: Report) -> Postgres | None:
    """Return the PostgreSQL to use; None if all databases are elsewhere."""
    if all(member.check is not Check.POSTGRESQL for member in cluster.members):
        return None
    layout = layout_of(cluster.fleet, cluster.settings)
    return settle(cluster.home, layout, cluster.sockets, report)


def _clear_uninterrupted(home: Home) -> None:
    with uninterrupted():
        clear(home)


def refuse_another(cluster: Cluster, scenario: Scenario) -> None:
    """Raise Refused if the cluster has other people, another fleet or policy than the scenario.

    Of the policy what may be set while it runs is compared with what it is by now.
    """
    wanted = scenario.model_dump(mode="json", include={"seed", "people", "fleet", "policy"})
    had = cluster.made_from | {"policy": _fixed(cluster.made_from["policy"])}
    for key, value in (wanted | {"policy": _fixed(wanted["policy"])}).items():
        if had[key] != value:
            raise Refused(f"what runs was brought up for another {key}: feedtwin up --replace")
    asked, now = asdict(scenario.policy.of_feeds), asdict(cluster.policy_now())
    for field, value in asked.items():
        if now[field] != value:
            raise Refused(
                f"the policy by now has {field}={_said(now[field])}, the scenario {_said(value)}:"
                f" feedtwin policy set {field}={_said(value)}"
            )


def _fixed(policy: dict[str, Any]) -> dict[str, Any]:
    return {name: policy[name] for name in FIXED}


def _said(value: object) -> object:
    return value.value if isinstance(value, Enum) else value


def _made_from(
    scenario: Scenario,
    external: Settings,
    server_timing: bool,  # noqa: FBT001 - internal
    cpus: set[int] | None,
    services: bool,  # noqa: FBT001 - internal
) -> dict[str, Any]:
    """Return what decides about a cluster: not the traffic, which comes and goes."""
    said = scenario.model_dump(mode="json", include={"name", "seed", "people", "fleet", "policy"})
    return said | {
        "server_timing": server_timing,
        "cpus": sorted(cpus or ()),
        "services": services,
        "external": told_by(external),
    }


def _differing(present: Cluster, wanted: dict[str, Any], secret: str) -> list[str]:
    """Return in what a cluster that runs is another than is wanted; no secret means any."""
    keys = sorted(key for key in wanted if present.made_from.get(key) != wanted[key])
    return keys if secret in {"", present.settings.secret} else [*keys, SECRET]


def _difference(present: Cluster, differing: list[str]) -> str:
    return (
        f"another cluster is up here: scenario {present.made_from['name']!r}, differing in "
        f"{', '.join(differing)}; take it down first, or say --replace"
    )
