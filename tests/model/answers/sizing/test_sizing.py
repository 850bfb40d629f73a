"""Sizing as a whole: every figure has arithmetic that can be reckoned again from its text."""

import math
import re
from pathlib import Path

import pytest

from model.answers.calibrations import load_calibration
from model.answers.sizing import growth_of, sizing_of
from model.learnt import SHIPPED
from model.world.scenario import ScenarioError
from model.world.scenario_files import load_scenario

SCENARIOS = sorted((Path(__file__).parents[4] / "scenarios").glob("*.toml"))
WORDS = "million|billion|trillion|quadrillion"
NUMBER = re.compile(rf"^(-?[\d.,]+(?:e[+-]?\d+)?)(?: ({WORDS}|(?:[kMGTPE]?B|[mµ]?s)\b))?")
SCALE = {
    "million": 1e6, "billion": 1e9, "trillion": 1e12, "quadrillion": 1e15,
    "B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "PB": 1e15, "EB": 1e18,
    "s": 1, "ms": 1e-3, "µs": 1e-6,
}  # fmt: skip


def number_in(words):
    found = NUMBER.match(words.strip())
    assert found, f"no number in {words!r}"
    number, unit = found.groups()
    return float(number.replace(",", "")) * SCALE.get(unit, 1)


def product_in(words):
    above, *below = words.split(" ÷ ")
    value = math.prod(number_in(each) for each in above.split(" × "))  # noqa: RUF001
    return value / math.prod(number_in(each) for each in below)


def value_in(formula):
    """Reckon a formula from its text alone: sums of products, nothing else."""
    words = formula.removesuffix(", rounded up")
    value = math.fsum(product_in(each) for each in words.split(" + "))
    return math.ceil(value * (1 - 1e-3)) if words != formula else value


def is_arithmetic(figure):
    return figure.is_known and any(sign in figure.formula for sign in (" × ", " ÷ ", " + "))  # noqa: RUF001


def figures_of(sizing):
    return [each for group in sizing.groups for each in group.figures]


def test_the_numbers_of_every_formula_give_its_value(sized):
    reckoned = [figure for figure in figures_of(sized()) if is_arithmetic(figure)]
    assert len(reckoned) > 100
    for figure in reckoned:
        # Numbers in formulas have four digits, and up to ten of them are multiplied; a count is
        # rounded up in the end, so that one more or less is the same.
        near = pytest.approx(figure.value, rel=0.003, abs=1 if "rounded" in figure.formula else 0)
        assert value_in(figure.formula) == near, figure


def test_no_figure_is_without_formula_and_source(sized):
    for figure in figures_of(sized(fleet={"zones": 1})):
        assert figure.formula, figure
        assert figure.source or not figure.is_known, figure


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_every_scenario_that_comes_with_feedtwin_is_sized(file):
    sizing = sizing_of(load_scenario(file), load_calibration(SHIPPED))
    for figure in figures_of(sizing):
        assert figure.is_known or figure.formula.startswith("not known: "), figure


def test_what_was_never_learnt_is_named_and_nothing_else_is_missing(asked, learnt):
    scenario = asked()
    sizing = sizing_of(scenario, learnt(but={("newsfeed", "timeline")}))
    timeline = sizing.figure("timeline, needed")
    assert timeline.formula == "not known: nothing was learnt of timeline in newsfeed"
    others = [role for role in sizing.roles if role.name != "timeline"]
    assert all(role.needed.is_known for role in others)


def test_what_was_recorded_has_no_rate_to_size_for(asked, learnt):
    traffic = {"requests_per_active_day": None, "recorded": {"file": "requests.csv"}, "mix": {}}
    with pytest.raises(ScenarioError, match=r"traffic\.recorded"):
        sizing_of(asked(traffic=traffic), learnt())


def test_the_outlook_of_a_scenario_is_that_of_its_sizing(asked, learnt):
    assert growth_of(asked(), learnt()) == sizing_of(asked(), learnt()).outlook


def test_a_figure_that_there_is_not_is_refused_by_name(sized):
    with pytest.raises(KeyError, match="the weather"):
        sized().figure("the weather")
