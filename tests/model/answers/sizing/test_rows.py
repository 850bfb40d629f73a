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
    said_rows,
    year_columns,
    year_rows,
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
    rows = [dict(zip(SAID_COLUMNS, row, strict=True)) for row in said_rows(sizing)]
    assert [row["value"] for row in rows] == [
        each.said for group in sizing.groups for each in group.figures
    ]
    assert [row["figure"] for row in rows] == [row[1] for row in figure_rows(sizing)]


def test_every_figure_of_the_sizing_is_in_the_markdown_with_numbered_sources(sizing):
    text = markdown_of(sizing)
    for group in sizing.groups:
        assert f"\n## {group.title}\n" in text
        for each in group.figures:
            assert f"| {each.name} | {each.said} | {each.formula} |" in text
    assert "\n1. scenario\n" in text
    assert "assumption: a tenth of the rows" in text.split("## Sources")[1]


def test_what_is_not_known_says_why_among_the_roles(sizing):
    row = next(row for row in role_rows(sizing) if row[0] == "timeline")
    assert row == (
        "timeline", None, None, 2, None, None,
        "not known: nothing was learnt of timeline in newsfeed",
    )  # fmt: skip
    assert "| timeline | ? | ? | 2 | ? | ? | not known: nothing was learnt" in markdown_of(sizing)
