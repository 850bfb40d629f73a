from __future__ import annotations

import csv
import io
import json
from enum import Enum
from pathlib import Path

import numpy as np
import pytest

from model.answers.tables import Format, print_table


class Colour(Enum):
    RED = "red"


COLUMNS = ("name", "latency_s", "count", "ready")
ROWS = [("gateway-1", 0.12345678, 7, True), ("a long name, with a comma", None, 12_345, False)]


def printed(capsys, form, rows=ROWS, columns=COLUMNS):
    print_table(rows, columns, form)
    return capsys.readouterr().out


def test_json_is_one_object_per_row_with_every_digit(capsys):
    first, second = json.loads(printed(capsys, Format.JSON))
    assert first == {"name": "gateway-1", "latency_s": 0.12345678, "count": 7, "ready": True}
    assert second["latency_s"] is None


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.int64(2**62), 2**62),
        (np.float64(0.5), 0.5),
        (float("nan"), None),
        (np.float32("nan"), None),
        (Colour.RED, "red"),
        (Path("/a/b"), "/a/b"),
    ],
)
def test_values_of_any_library_become_json(capsys, value, plain):
    text = printed(capsys, Format.JSON, rows=[(value,)], columns=["value"])
    assert json.loads(text) == [{"value": plain}]


@pytest.mark.parametrize("value", [float("inf"), float("-inf")])
def test_json_has_no_infinity_so_it_becomes_text(capsys, value):
    text = printed(capsys, Format.JSON, rows=[(value,)], columns=["value"])
    assert "Infinity" not in text
    assert json.loads(text) == [{"value": str(value)}]


def test_csv_has_a_header_and_reads_back(capsys):
    rows = list(csv.reader(io.StringIO(printed(capsys, Format.CSV))))
    assert rows[0] == list(COLUMNS)
    assert rows[2] == ["a long name, with a comma", "", "12345", "False"]


def test_people_see_four_digits_and_every_row_on_one_line(capsys):
    lines = printed(capsys, Format.TABLE).splitlines()
    assert len(lines) == 3
    assert lines[1].split() == ["gateway-1", "0.1235", "7", "yes"]
    assert lines[2].split()[-3:] == ["-", "12345", "no"]


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (1723.4, "1,723"),
        (9_999.7, "10,000"),
        (54_422_687_425_150.0, "54,422,687,425,150"),
        (0.00009587, "0.00009587"),
    ],
)
def test_people_read_no_powers_of_ten(capsys, value, read):
    assert printed(capsys, Format.TABLE, rows=[(value,)], columns=["n"]).split() == ["n", read]


def test_a_long_text_is_not_cut_when_nobody_says_how_wide_the_paper_is(capsys):
    text = "why " * 100
    assert text.strip() in printed(capsys, Format.TABLE, rows=[(text,)], columns=["reason"])


def test_what_looks_like_markup_is_text(capsys):
    assert "[red]" in printed(capsys, Format.TABLE, rows=[("[red]",)], columns=["[bold]"])


@pytest.mark.parametrize("form", Format)
def test_no_rows_are_a_table_too(capsys, form):
    assert printed(capsys, form, rows=[]).strip()


@pytest.mark.parametrize("form", [Format.JSON, Format.TABLE])
def test_a_row_of_another_length_is_an_error(capsys, form):
    with pytest.raises(ValueError, match="columns"):
        printed(capsys, form, rows=[("gateway-1", 1.0)])
