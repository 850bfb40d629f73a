"""Sizing as tables: of figures, of roles, and of the years to come; for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from model.answers.digits import digits_of
from model.answers.sizing import Outlook, Sizing
from model.answers.sizing.figures import Figure

FIGURE_COLUMNS = ("topic", "figure", "value", "unit", "formula", "source")
SAID_COLUMNS = ("figure", "value", "sources", "formula")  # the longest last
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


def said_tables(sizing: Sizing) -> Iterator[tuple[str, list[Row]]]:
    """Yield each topic with a row for each figure, as people read them.

    Each value is in the unit that suits its size; sources are the numbers of `said_sources`.
    """
    sources = _sources(sizing)
    for group in sizing.groups:
        rows: list[Row] = [(f.name, f.said, _cited(f, sources), f.formula) for f in group.figures]
        yield group.title, rows


def said_sources(sizing: Sizing) -> list[str]:
    """Return the sources of all figures with their numbers, such as `1. scenario`."""
    return [f"{number}. {source}" for source, number in _sources(sizing).items()]


def role_title(sizing: Sizing) -> str:
    """Return the title of `role_rows`, which says of what time these are."""
    policy, growth = sizing.scenario.policy, sizing.scenario.growth
    return (
        "Is it enough, at the peak of today's requests and once all has filled up: posts of"
        f" {growth.keeps_years:g} years, {policy.timeline_cap:,} in each timeline?"
    )


def year_title(sizing: Sizing) -> str:
    """Return the title of `year_rows`, which says of what time these are."""
    now = sizing.scenario.people.posts_per_user
    return f"Share used year by year: in year 0, today, of posts there are {now:g} of each user"


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
    yield f"# What {sizing.scenario.name} takes\n"
    yield first_sentence(sizing.outlook)
    for title, rows in said_tables(sizing):
        yield f"\n## {title}\n"
        yield from _table(SAID_COLUMNS, rows)
    yield f"\n## {role_title(sizing)}\n"
    yield from _table(ROLE_COLUMNS, role_rows(sizing))
    yield f"\n## {year_title(sizing)}\n"
    yield from _table(year_columns(sizing.outlook), year_rows(sizing.outlook))
    yield "\n## Sources\n"
    yield from said_sources(sizing)


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
