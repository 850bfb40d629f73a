"""Tables of a sizing: every figure, role and resource has its row."""

import pytest

from model.answers.sizing import sizing_of
from model.answers.sizing.rows import (
    FIGURE_COLUMNS,
    ROLE_COLUMNS,
    SAID_COLUMNS,
    figure_rows,
    markdown_of,
    role_rows,
    role_title,
    said_sources,
    said_tables,
    year_columns,
    year_rows,
    year_title,
)
from model.answers.tables import Format, print_table


@pytest.fixture
def sizing(asked, learnt):
    return sizing_of(asked(), learnt(but={("newsfeed", "timeline")}))


@pytest.mark.parametrize("form", Format)
def test_tables_can_be_printed_for_people_and_programs(sizing, form, capsys):
    print_table(figure_rows(sizing), FIGURE_COLUMNS, form)
    print_table(role_rows(sizing), ROLE_COLUMNS, form)
    print_table(year_rows(sizing.outlook), year_columns(sizing.outlook), form)
    printed = capsys.readouterr().out
    assert "originals of images" in printed
    assert "memory of timeline_store" in printed


def test_people_read_each_value_in_the_unit_that_suits_its_size(sizing):
    tables = list(said_tables(sizing))
    assert [title for title, _ in tables] == [group.title for group in sizing.groups]
    rows = [dict(zip(SAID_COLUMNS, row, strict=True)) for _, some in tables for row in some]
    figures = [each for group in sizing.groups for each in group.figures]
    assert [row["value"] for row in rows] == [each.said for each in figures]
    assert [row["figure"] for row in rows] == [each.name for each in figures]


def test_each_figure_cites_the_numbers_of_what_it_rests_on(sizing):
    numbered = dict(each.split(". ", 1) for each in said_sources(sizing))
    rows = (row for _, some in said_tables(sizing) for row in some)
    figures = (each for group in sizing.groups for each in group.figures)
    for (_, _, cited, _), figure in zip(rows, figures, strict=True):
        numbers = filter(None, str(cited).split(", "))
        assert [numbered[number] for number in numbers] == list(figure.sources)


def test_tables_say_of_what_time_they_are(sizing):
    # Of the first, not as full as things are today; posts are kept for two years.
    assert "once all has filled up: posts of 2 years, 500 in each timeline" in role_title(sizing)
    assert "year 0, today, of posts there are 4 of each user" in year_title(sizing)
    assert any("once all has filled up" in title for title, _ in said_tables(sizing))


def test_every_figure_of_the_sizing_is_in_the_markdown_with_numbered_sources(sizing):
    text = markdown_of(sizing)
    for group in sizing.groups:
        assert f"\n## {group.title}\n" in text
        for each in group.figures:
            begin, end = f"| {each.name} | {each.said} |", f"| {each.formula} |"
            assert any(line.startswith(begin) and line.endswith(end) for line in text.splitlines())
    assert "\n1. scenario\n" in text
    assert "assumption: a tenth of the rows" in text.split("## Sources")[1]


def test_what_is_not_known_says_why_among_the_roles(sizing):
    row = next(row for row in role_rows(sizing) if row[0] == "timeline")
    assert row == (
        "timeline", None, None, 2, None, None,
        "not known: nothing was learnt of timeline in newsfeed",
    )  # fmt: skip
    assert "| timeline | ? | ? | 2 | ? | ? | not known: nothing was learnt" in markdown_of(sizing)
