"""Sizing, money and growth of a scenario on paper, each figure with its arithmetic and source."""

from __future__ import annotations

from dataclasses import dataclass

from model.answers.calibrations import Calibration
from model.answers.sizing.bandwidth import bandwidth_of
from model.answers.sizing.comparisons import comparisons_of
from model.answers.sizing.figures import Figure
from model.answers.sizing.growth import Horizon, Outlook, outlook_of
from model.answers.sizing.machines import Role, roles_of
from model.answers.sizing.memory import memory_of
from model.answers.sizing.money import money_of
from model.answers.sizing.rates import rates_of
from model.answers.sizing.storage import storage_of
from model.answers.sizing.worked import worked_of
from model.world.reach import Reach, reach_of
from model.world.scenario import Scenario, ScenarioError

__all__ = ["Figure", "Group", "Horizon", "Outlook", "Role", "Sizing", "growth_of", "sizing_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Figures of one topic, in the order in which they follow from one another."""

    title: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizing:
    """Everything that can be said of a scenario on paper."""

    scenario: Scenario
    groups: tuple[Group, ...]
    roles: tuple[Role, ...]
    outlook: Outlook

    def figure(self, name: str) -> Figure:
        """Return the figure of that name; raises KeyError if there is none."""
        return {each.name: each for group in self.groups for each in group.figures}[name]


def sizing_of(scenario: Scenario, calibration: Calibration) -> Sizing:
    """Return rates, bytes, machines and money of a scenario, and how long its fleet lasts.

    What the calibration has not learnt, or the journeys do not say, is a figure without a value
    that says so.  Raises ScenarioError if the traffic is what was recorded, which has no one
    rate.
    """
    reach = _reach(scenario)
    rates = rates_of(scenario, reach)
    mean, peak = rates
    stored, memory = storage_of(scenario, mean), memory_of(scenario, mean)
    wire = bandwidth_of(scenario, rates, stored)
    worked = worked_of(scenario, reach, calibration, peak)
    roles = roles_of(scenario, worked, stored=stored, memory=memory)
    groups = {
        "Rates on average": mean.figures,
        "Rates at the peak": peak.figures,
        "Bytes stored": stored.figures,
        "Memory": memory.figures,
        "Bandwidth": wire.figures,
        "Machines, at the peak and once all has filled up": tuple(
            figure for role in roles for figure in _of_role(role)
        ),
        "Beside others": comparisons_of(peak, memory),
        "Money": money_of(scenario, rates, stored, wire).figures,
    }
    resources = (resource for role in roles for resource in role.resources)
    return Sizing(
        scenario=scenario,
        groups=tuple(Group(title=title, figures=each) for title, each in groups.items()),
        roles=tuple(roles),
        outlook=outlook_of(scenario, resources, stored),
    )


def growth_of(scenario: Scenario, calibration: Calibration) -> Outlook:
    """Return year by year how full everything is, and what of the fleet runs out first."""
    return sizing_of(scenario, calibration).outlook


def _reach(scenario: Scenario) -> Reach | str:
    """Return how wide requests fan out, or what of the scenario the journeys do not say."""
    try:
        return reach_of(scenario)
    except ScenarioError as refusal:
        return str(refusal)


def _of_role(role: Role) -> tuple[Figure, ...]:
    """Return what a role uses, how many it takes, and how many there are."""
    used = (resource.used.called(f"{resource.name}, used") for resource in role.resources)
    shares = (resource.share for resource in role.resources)
    return (*used, *shares, role.needed, role.needed_less_a_zone, role.has)
