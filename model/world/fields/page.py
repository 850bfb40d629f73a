"""The page that shows people every field of a scenario: scenarios/FIELDS.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from inspect import cleandoc
from pathlib import Path

from model.world.fields.names import NUMBERS, names
from model.world.fields.rows import ASKED, BELOW, LEFT_OUT, Row, fields_of
from model.world.fields.tables import kind_of_table
from model.world.scenario import Scenario
from model.world.traffic.recordings.routes import ANY, ROUTES

INTRODUCTION = Path(__file__).with_name("introduction.md")
_BAR = r"\|"  # one that does not end a cell
IN_WORDS = (ASKED, BELOW, LEFT_OUT)
NUMBERS_SAID = """\
The numbers of an answer, for `expect`. With events, all but `lost_writes` have the same numbers
`.before`, `.during` and `.after` them, such as `newsfeed.failed.during`, `busy.post_db.during`."""
ROUTES_SAID = f"""\
The routes by which recorded traffic (`traffic.recorded`) tells what is asked for; `{ANY}` is any
one part of a path, and a query may follow. A series with a label `endpoint` is of the kind that
this names. What is of other routes is left out; `check`, `answer`, `run`, `size` and the report say
how much of which."""


def markdown_of_fields() -> str:
    """Return the page as Markdown: how to write a scenario, names, and every field by table."""
    rows = fields_of(Scenario)
    tables = dict.fromkeys(row.table for row in rows)
    sections = [_section([row for row in rows if row.table is table]) for table in tables]
    introduction = INTRODUCTION.read_text(encoding="utf-8").rstrip()
    return "\n\n".join((introduction, _names(), "## The tables", *sections)) + "\n"


def _names() -> str:
    """Return the section of names that fields may ask for."""
    known = [(what, ", ".join(map(_code, words))) for what, words in names().items()]
    numbers = [(_code(name), meaning) for name, meaning in NUMBERS.items()]
    routes = [(_code(f"{how} {path}"), _code(kind.value)) for how, path, kind in ROUTES]
    return "\n\n".join(
        (
            "## Names",
            markdown_table(("of a", "known are"), known),
            NUMBERS_SAID,
            markdown_table(("number", "what it is"), numbers),
            ROUTES_SAID,
            markdown_table(("route", "request"), routes),
        )
    )


def _section(rows: Sequence[Row]) -> str:
    """Return the section of one kind of table, wherever it stands."""
    title = ", ".join(dict.fromkeys(_heading(row) for row in rows))
    meaning = cleandoc(rows[0].table.__doc__ or "")
    once = {row.name: row for row in rows}.values()  # for they are the same at every place
    asked_first = sorted(once, key=lambda row: row.default != ASKED)
    columns = ("field", "write", "if left out", "limits", "meaning")
    return f"### {title}\n\n{meaning}\n\n{markdown_table(columns, map(_cells, asked_first))}"


def _heading(row: Row) -> str:
    """Return how TOML begins the table that a row stands in."""
    if not row.place:
        return "Before all tables"
    if kind := kind_of_table(row.table):
        place = row.place.removesuffix(f".{kind}")
        return f'`[[{place}]]` with `kind = "{kind}"`'
    return f"`[[{row.place}]]`" if row.in_list else f"`[{row.place}]`"


def _cells(row: Row) -> tuple[str, ...]:
    default = row.default if row.default in IN_WORDS else _code(row.default)
    write = f"{row.noun}: {_code(row.example)}"
    return (_code(row.name), write, default, row.limits, row.meaning)


def _code(text: str) -> str:
    return f"`{text}`"


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown, whose cells may hold any character but a line's end."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(
        f"| {' | '.join(c.replace('|', chr(92) + '|') for c in line)} |" for line in lines
    )
