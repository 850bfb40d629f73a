"""The report of the demo: what was measured, what was predicted, and how far apart they are."""

from __future__ import annotations

from loadtest.protocols.demo import Demo
from model.answers.circumstances import circumstances
from model.answers.compare import P99
from model.world.scenario_files import resolved_toml
from reports.builder import Report, Section
from reports.comparison_sections import NEWSFEED, comparison_sections, lesson_sections
from reports.demo_sections import images_section, measurement_section, planet_section


def report_of(demo: Demo) -> Report:
    """Return the report of a demo, however far it came."""
    sections = [measurement_section(demo), images_section(demo)]
    if demo.comparison is not None:
        sections = [
            *comparison_sections(demo.comparison),
            *sections,
            *lesson_sections(demo.comparison),
        ]
    if demo.planet is not None:
        sections.insert(1, planet_section(demo, demo.planet))
    return Report(
        title="One scenario, executed twice",
        answer=answer_of(demo),
        made=_made(demo),
        sections=(*sections, _scenarios(demo)),
    )


def answer_of(demo: Demo) -> str:
    """Return what the demo found, in a sentence or two."""
    comparison = demo.comparison
    if comparison is None:
        return f"Inconclusive: {demo.why}"
    rows = [r for r in comparison.rows if r.endpoint == NEWSFEED and r.quantile == P99]
    rate = f"{comparison.held_out.scenario.requests_per_s:g} requests/s"
    if not rows:
        return f"Inconclusive: too few newsfeeds were read at {rate}."
    row = rows[0]
    learnt = f"up to {comparison.calibration.rate_max_per_s:g}/s"
    within = "inside" if row.is_expected else "outside"
    errors = [other.error for other in comparison.rows]
    in_range = sum(other.is_expected for other in comparison.rows)
    return (
        f"At {rate}, a load that the model had not seen (it learnt from loads {learnt}), the"
        f" newsfeed's p99 was measured as {row.measured_s.value * 1e3:.0f} ms and predicted as"
        f" {row.predicted_s.value * 1e3:.0f} ms: an error of {row.error:+.0%}."
        f" The measured value lies {within} the range that the model expects of one such run,"
        f" {row.next_run_s.low * 1e3:.0f} to {row.next_run_s.high * 1e3:.0f} ms. Of all"
        f" {len(errors)} quantiles compared, {in_range} lie inside theirs; errors go from"
        f" {min(errors):+.0%} to {max(errors):+.0%}."
    )


def _scenarios(demo: Demo) -> Section:
    return Section(
        title="The scenario, resolved",
        paragraphs=("Everything above follows from this file and the seed in it.",),
        listing=resolved_toml(demo.scenario),
    )


def _made(demo: Demo) -> str:
    said = circumstances()
    machine = ", ".join(f"{name} {value}" for name, value in said["machine"].items())
    return (
        f"Scenario {demo.scenario.name}, seed {demo.scenario.seed}; revision {said['revision']};"
        f" Python {said['python']}; {machine}."
    )
