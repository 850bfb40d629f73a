"""What work images make by their size, held to what was measured."""

import csv
from pathlib import Path
from statistics import mean

import pytest

from model.rules.image_work import (
    BYTES_PER_PIXEL,
    SENT_BYTES,
    developing_times,
    pixels_of,
    storing_times,
    taking_in_times,
)
from model.rules.media import PIXELS_MAX

MEASURED = Path(__file__).parents[3] / "loadtest" / "measurements"
# What the pipeline's process works for an image beside the darkroom: 19.1 ms were learnt of both.
BESIDE_S = 0.0191 - 0.0093
SIDES = (160, 320, 500, 640, 800, 1080, 1600, 2400, 3500, 5000)


def rows(name):
    with (MEASURED / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def measured_s(column, side):
    return mean(float(row[column]) for row in rows("image_work.csv") if row["side"] == str(side))


def test_every_side_that_was_measured_is_compared():
    assert {int(row["side"]) for row in rows("image_work.csv")} == set(SIDES)


@pytest.mark.parametrize("side", SIDES)
def test_decoding_grows_with_the_image_as_it_was_measured(side):
    measured = measured_s("taken_in_s", side) / measured_s("taken_in_s", 320)
    assert taking_in_times(side**2 * BYTES_PER_PIXEL) == pytest.approx(measured, rel=0.25)


@pytest.mark.parametrize("side", SIDES)
def test_the_pipeline_works_as_much_more_for_a_larger_image_as_was_measured(side):
    measured, sent = (measured_s("developed_s", each) + BESIDE_S for each in (side, 320))
    assert developing_times(side**2 * BYTES_PER_PIXEL) == pytest.approx(measured / sent, rel=0.2)


@pytest.mark.parametrize("row", rows("object_writes.csv"), ids=lambda row: row["size_bytes"])
def test_storing_takes_as_much_longer_as_was_measured(row):
    first = rows("object_writes.csv")[0]
    assert float(first["size_bytes"]) == SENT_BYTES
    measured = float(row["stored_s"]) / float(first["stored_s"])
    assert storing_times(float(row["size_bytes"])) == pytest.approx(measured, rel=0.2)


@pytest.mark.parametrize("times", [taking_in_times, developing_times, storing_times])
def test_what_the_load_sends_costs_what_was_learnt_of_it(times):
    assert times(SENT_BYTES) == 1.0


def test_a_file_that_is_too_long_for_its_pixels_shows_no_more_of_them():
    assert pixels_of(8_000_000) == PIXELS_MAX
    assert taking_in_times(8_000_000) == taking_in_times(6_000_000)


@pytest.mark.parametrize("width", [640, 1080])
def test_one_rendition_more_is_a_step(width):
    one_less, enough = ((side**2) * BYTES_PER_PIXEL for side in (width - 1, width))
    assert developing_times(enough) > 1.5 * developing_times(one_less)
