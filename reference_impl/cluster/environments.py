"""What decides each setting of a cluster's processes: the environment of `up`, or what else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from reference_impl.chassis.serve import DRAIN_S, LINGER_S
from reference_impl.chassis.settings import PREFIX, Settings
from reference_impl.cluster.errors import Refused
from reference_impl.cluster.members import CALLED
from reference_impl.cluster.supervision import STOP_WAIT_S

_PLACES = (
    "instance", "zone", "listen", "port_file", "internal_listen", "neighbours_listen",
    "search_shard", "search_index", "cache_folder",
)  # fmt: skip
_UP = "`feedtwin up` tells it each process"
# Every field of Settings that is not in here takes effect as it is set for `up`.
DECIDED_BY: Mapping[str, str] = {
    **dict.fromkeys(_PLACES, _UP),
    **dict.fromkeys((*(f"{station}_urls" for station in CALLED), "addresses"), _UP),
    "server_timing": "the option --server-timing, or --no-server-timing",
    "database_connections": "--set fleet.user_store.connections, fleet.post_store.connections",
    "policy": "--set policy.strategy and its other fields",
    **{
        name: f"--set policy.{name}"
        for name in (
            "rate_limits",
            "timelines_by",
            "follows_kept",
            "originals",
            "timeline_cap",
            "page_limit",
        )
    },
    "zone_regions": "--set fleet.regions",
}
OPTIONS = ("server_timing",)  # of the command line, which reads the variable by itself
SECRET = "secret"  # noqa: S105 - the name of one


def external_of(environ: Mapping[str, str]) -> Settings:
    """Return what the environment decides about a cluster.

    Raises SettingsError for a value that cannot be meant, and Refused for a variable that would
    have no effect.
    """
    for name, instead in DECIDED_BY.items():
        variable = PREFIX + name.upper()
        if name not in OPTIONS and environ.get(variable):
            raise Refused(f"{variable} has no effect here; instead: {instead}")
    external = Settings.from_environment(environ)
    if external.drain_notice_s + DRAIN_S + LINGER_S > STOP_WAIT_S:
        raise Refused(
            f"{PREFIX}DRAIN_NOTICE_S may be {STOP_WAIT_S - DRAIN_S - LINGER_S:g} s at most: what"
            f" has not stopped after {STOP_WAIT_S} s is killed"
        )
    return external


def told_by(external: Settings) -> dict[str, Any]:
    """Return what the environment said, as JSON has it, but for the secret."""
    told = {
        its.name: getattr(external, its.name)
        for its in fields(external)
        if its.name not in DECIDED_BY and its.name != SECRET
    }
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in told.items()
        if value != getattr(Settings(), name)
    }
