"""What a scenario takes and how available it is, on paper: the section of its report."""

from __future__ import annotations

from collections.abc import Iterator

from model.answers.availability import Availability, availability_of
from model.answers.availability.budgets import YEAR_MIN
from model.answers.availability.rows import written
from model.answers.calibrations import Calibration
from model.answers.sizing import Role, Sizing, sizing_of
from model.answers.sizing.rows import first_sentence
from model.answers.statistics import Interval
from model.world.scenario import Scenario, ScenarioError
from reports.quantities import table

FIGURES = (  # of sizing, by name: those that an architect asks for first
    "requests, at the peak",
    "copies of posts into timelines, at the peak",
    "objects that are kept",
    "objects, as long as they are kept",
    "timelines and lists, all copies",
    "broker",
    "sent to people a day",
    "cost of everything",
    "cost per million daily users",
    "revenue lost in a minute of outage, on average",
)
CAUSES = 3  # of lost availability that a report names


def on_paper(scenario: Scenario, calibration: Calibration) -> str:
    """Return the section as Markdown; what cannot be said of the scenario says why."""
    sections = ("## On paper", *_taken(scenario, calibration), *_available(scenario))
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
    yield _too_few(sizing) + first_sentence(sizing.outlook) + " `feedtwin size` shows all of it."


def _too_few(sizing: Sizing) -> str:
    """Say which roles have fewer members than the load at its peak takes."""
    short = [role for role in sizing.roles if role.is_enough is False]
    if not short:
        return ""
    return f"Too few for the peak: {', '.join(map(_needed, short))}. "


def _needed(role: Role) -> str:
    return f"{role.name} ({role.has.said}, needed {role.needed.said})"


def _available(scenario: Scenario) -> Iterator[str]:
    try:
        found = availability_of(scenario)
    except ScenarioError as refusal:
        yield f"Availability cannot be said: {refusal}."
        return
    yield _verdict(found)
    rows = [
        (cost.cause, _minutes(cost.lost), f"{100 * cost.lost.value / found.lost.value:.3g} %")
        for cost in found.costs[:CAUSES]
        if found.lost.value
    ]
    yield table(("what costs most", "minutes a year", "of all that is lost"), rows)


def _verdict(found: Availability) -> str:
    answered = (written(found.lost.value), written(found.lost.high), written(found.lost.low))
    return (
        f"Over {found.years:g} simulated years {answered[0]} ({answered[1]} to {answered[2]}) of"
        f" requests are answered, asked for {written(1 - found.target)}: {found.verdict.value}."
        f" As much as {_minutes(found.lost)} minutes a year without any answer."
    )


def _minutes(lost: Interval) -> str:
    low, high = lost.low * YEAR_MIN, lost.high * YEAR_MIN
    return f"{lost.value * YEAR_MIN:.3g} ({low:.3g} to {high:.3g})"
