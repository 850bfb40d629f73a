"""What a scenario takes and how available it is, on paper: the section of its report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import itemgetter

from model.answers.availability import Availability, availability_of
from model.answers.availability.budgets import YEAR_MIN
from model.answers.availability.rows import written
from model.answers.calibrations import Calibration
from model.answers.digits import digits_of
from model.answers.sizing import Horizon, Role, Sizing, sizing_of
from model.answers.statistics import Interval
from model.world.scenario import Scenario, ScenarioError
from reports.quantities import DIGITS, share_said, table

COST = "cost of everything"
FIGURES = (  # of sizing, by name: those that an architect asks for first
    "requests, at the peak",
    "copies of posts into timelines, at the peak",
    "objects that are kept",
    "objects, as long as they are kept",
    "timelines and lists, all copies",
    "broker",
    "sent to people a day",
    COST,
    "cost per million daily users",
    "revenue lost in a minute of outage, on average",
)
SHORT = 6  # resources that a report names, those first that run out first
CAUSES = 3  # of lost availability that a report names


def on_paper(scenarios: Mapping[str, Scenario], calibration: Calibration) -> str:
    """Return the section as Markdown, about the first scenario; of its variants, what they cost.

    What cannot be said of the scenario says why.
    """
    scenario, *_ = scenarios.values()
    sections = (
        "## On paper",
        *_taken(scenario, calibration),
        _costs(scenarios, calibration),
        *_available(scenario),
    )
    return "\n\n".join(section for section in sections if section)


def _taken(scenario: Scenario, calibration: Calibration) -> Iterator[str]:
    try:
        sizing = sizing_of(scenario, calibration)
    except ScenarioError as refusal:
        yield f"Not sized: {refusal}."
        return
    found = [sizing.figure(name) for name in FIGURES]
    rows = [(figure.name, figure.said, figure.formula) for figure in found]
    yield table(("figure", "value", "formula"), rows)
    yield f"{_too_few(sizing)}{_short_of(sizing)} `feedtwin size` shows all of it."


def _costs(scenarios: Mapping[str, Scenario], calibration: Calibration) -> str:
    """Say what each variant costs; nothing if there are none."""
    if len(scenarios) == 1:
        return ""
    costs = {name: _cost(each, calibration) for name, each in scenarios.items()}
    known = {cost for cost in costs.values() if cost is not None}
    if not known:
        return ""
    if len(set(costs.values())) == 1:
        return "Every variant costs the same."
    said = (f"{name} {cost or 'nobody knows'}" for name, cost in costs.items())
    return f"What everything costs: {', '.join(said)}."


def _cost(scenario: Scenario, calibration: Calibration) -> str | None:
    """Return what a scenario costs, as it is said; None if it cannot be sized."""
    try:
        return sizing_of(scenario, calibration).figure(COST).said
    except ScenarioError:
        return None


def _too_few(sizing: Sizing) -> str:
    """Say which roles have fewer members than the peak takes, and all that is kept in the end."""
    short = [role for role in sizing.roles if role.is_enough is False]
    if not short:
        return ""
    years = f"{sizing.scenario.growth.keeps_years:g} years"
    needed = ", ".join(map(_needed, short))
    return f"Too few once all has filled up, posts of {years} kept: {needed}. "


def _needed(role: Role) -> str:
    if not role.needed.is_known:
        return f"{role.name} ({role.has.said}, needed {role.needed.formula})"
    by = f" for {role.binds}" if role.binds else ""
    return f"{role.name} ({role.has.said}, needed {role.needed.said}{by})"


def _short_of(sizing: Sizing) -> str:
    """Say what there will be too little of and when, and of how much nobody knows."""
    horizons, years = sizing.outlook.horizons, sizing.scenario.growth.years
    lasting = [(each.lasts_years, each) for each in horizons if each.lasts_years is not None]
    short = [_when(each) for _, each in sorted(lasting, key=itemgetter(0))]
    unknown = sum(not each.is_known for each in horizons)
    rest = f" Of {unknown} resources the use is not known." if unknown else ""
    if not short:
        return f"Short of nothing within {years} years.{rest}"
    more = f", and {len(short) - SHORT} more within {years} years" if len(short) > SHORT else ""
    return f"Short of: {', '.join(short[:SHORT])}{more}.{rest}"


def _when(horizon: Horizon) -> str:
    name, today = horizon.resource.name, horizon.shares[0]
    if horizon.lasts_years:
        return f"{name} in {horizon.lasts_years:.2g} years"
    full = horizon.resource.full.value
    return f"{name} today ({share_said(today)} is used, {share_said(full)} may be)"


def _available(scenario: Scenario) -> Iterator[str]:
    try:
        found = availability_of(scenario)
    except ScenarioError as refusal:
        yield f"Availability cannot be said: {refusal}."
        return
    yield _verdict(found)
    rows = [
        (cost.cause, _minutes(cost.lost), share_said(cost.lost.value / found.lost.value))
        for cost in found.costs[:CAUSES]
        if found.lost.value
    ]
    yield table(("what costs most", "minutes a year", "of all that is lost"), rows)


def _verdict(found: Availability) -> str:
    answered = (written(found.lost.value), written(found.lost.high), written(found.lost.low))
    return (
        f"Over {found.years:,g} simulated years {answered[0]} ({answered[1]} to {answered[2]}) of"
        f" requests are answered, asked for {written(1 - found.target)}: {found.verdict.value}."
        f" As much as {_minutes(found.lost)} minutes a year without any answer."
    )


def _minutes(lost: Interval) -> str:
    value, low, high = (
        digits_of(share * YEAR_MIN, DIGITS) for share in (lost.value, lost.low, lost.high)
    )
    return f"{value} ({low} to {high})"
