"""What a scenario can say that only the simulation does."""

from __future__ import annotations

from collections.abc import Iterator

from model.world.scenario import Fleet, Instances, Policy, Scenario, Store
from model.world.scenario.traffic import ClientRetries
from reference_impl.cluster.errors import Refused

OF_TRAFFIC = ("flash-crowd", "image-flood")  # events that come with the load, for real too


def refuse_simulated_only(scenario: Scenario) -> None:
    """Raise Refused if the services would be another system than the scenario describes."""
    named = [*_of_fleet(scenario.fleet), *_others(scenario)]
    if named:
        raise Refused(
            f"only the simulation knows {', '.join(named)}: leave that out, or ask"
            " `feedtwin answer`"
        )


def _of_fleet(fleet: Fleet) -> Iterator[str]:
    for name, table in fleet:
        if isinstance(table, Store) and table.replicas > 1:
            yield f"fleet.{name}.replicas"
        if isinstance(table, Instances) and table.autoscaling is not None:
            yield f"fleet.{name}.autoscaling"


def _others(scenario: Scenario) -> Iterator[str]:
    for number, event in enumerate(scenario.events):
        if event.kind not in OF_TRAFFIC:
            yield f"events.{number} ({event.kind})"
    if scenario.policy.protections != Policy().protections:
        yield "policy.protections"
    if scenario.traffic.retries != ClientRetries():
        yield "traffic.retries"
    if scenario.targets.measured_at != "gateway":
        yield "targets.measured_at"
