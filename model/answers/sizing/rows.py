"""Sizing as tables: of figures, of roles, and of the years to come; for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from model.answers.digits import digits_of
from model.answers.sizing import Outlook, Sizing
from model.answers.sizing.figures import Figure

FIGURE_COLUMNS = ("topic", "figure", "value", "unit", "formula", "source")
SAID_COLUMNS = ("topic", "figure", "value", "formula", "source")
ROLE_COLUMNS = (
    "role", "needed", "with a zone lost", "there are", "enough", "survives a zone", "what binds",
)  # fmt: skip

Row = tuple[object, ...]


def figure_rows(sizing: Sizing) -> list[Row]:
    """Return a row of plain values for each figure; NaN where nothing is known."""
    return [
        (group.title, each.name, each.value, each.unit, each.formula, each.source)
        for group in sizing.groups
        for each in group.figures
    ]


def said_rows(sizing: Sizing) -> list[Row]:
    """Return the same rows as people read them: each value in the unit that suits its size."""
    return [
        (group.title, each.name, each.said, each.formula, each.source)
        for group in sizing.groups
        for each in group.figures
    ]


def role_rows(sizing: Sizing) -> list[Row]:
    """Return a row for each role: None where nothing is known, or one zone is all there is."""
    return [
        (
            role.name,
            _whole(role.needed),
            _whole(role.needed_less_a_zone),
            _whole(role.has),
            role.is_enough,
            role.survives_a_zone,
            role.binds or role.needed.formula,
        )
        for role in sizing.roles
    ]


def year_columns(outlook: Outlook) -> tuple[str, ...]:
    """Return the columns of `year_rows`."""
    years = max((len(each.shares) for each in outlook.horizons), default=0)
    ahead = (f"year {year}" for year in range(years))
    return ("resource", "may be used", "runs out in year", "room for times", *ahead)


def year_rows(outlook: Outlook) -> list[Row]:
    """Return a row for each resource: the share of it that is used in each year."""
    return [
        (
            each.resource.name,
            each.resource.full.value,
            each.runs_out,
            each.room.value,
            *each.shares,
        )
        for each in outlook.horizons
    ]


def markdown_of(sizing: Sizing) -> str:
    """Return everything as Markdown: figures by topic, roles, and the years to come."""
    return "\n".join(_lines(sizing)) + "\n"


def _lines(sizing: Sizing) -> Iterator[str]:
    sources = _sources(sizing)
    yield f"# What {sizing.scenario.name} takes\n"
    yield first_sentence(sizing.outlook)
    for group in sizing.groups:
        yield f"\n## {group.title}\n"
        rows = [(f.name, f.said, f.formula, _cited(f, sources)) for f in group.figures]
        yield from _table(("figure", "value", "formula", "source"), rows)
    yield "\n## Is it enough?\n"
    yield from _table(ROLE_COLUMNS, role_rows(sizing))
    yield "\n## Years to come\n"
    yield from _table(year_columns(sizing.outlook), year_rows(sizing.outlook))
    yield "\n## Sources\n"
    yield from (f"{number}. {source}" for source, number in sources.items())


def _sources(sizing: Sizing) -> dict[str, int]:
    """Return the sources of all figures, numbered from 1."""
    figures = (figure for group in sizing.groups for figure in group.figures)
    cited = (source for figure in figures for source in figure.sources)
    return {source: number for number, source in enumerate(dict.fromkeys(cited), 1)}


def _cited(figure: Figure, sources: Mapping[str, int]) -> str:
    return ", ".join(str(sources[source]) for source in figure.sources)


def first_sentence(outlook: Outlook) -> str:
    """Say what runs out first, and of how much nobody knows."""
    unknown = sum(not each.is_known for each in outlook.horizons)
    rest = f" Of {unknown} resources the use is not known." if unknown else ""
    if outlook.first is None:
        return f"Nothing that is known runs out in the years looked at.{rest}"
    first = outlook.first
    if first.runs_out == 0:
        return f"Today's peak is more than the {first.resource.name} may take.{rest}"
    return f"The first to run out: {first.resource.name}, in year {first.runs_out}.{rest}"


def _table(columns: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for row in rows:
        yield f"| {' | '.join(_cell(value) for value in row)} |"


def _cell(value: object) -> str:
    match value:
        case None:
            return "?"
        case bool():
            return "yes" if value else "no"
        case float() if value != value:  # noqa: PLR0124 - only NaN is not itself
            return "?"
        case float():
            return digits_of(value, 3) if abs(value) < 1_000 else f"{value:,.0f}"
        case _:
            return str(value).replace("|", "\\|")


def _whole(figure: Figure) -> int | None:
    return int(figure.value) if figure.is_known else None
