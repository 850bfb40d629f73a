"""The plot of a scenario's report says what its numbers say."""

import re
from pathlib import Path

import pytest

from model.answers.asked import Question
from model.answers.courses import Stretch
from model.answers.questions import Answer, Simulated, Variant
from model.answers.statistics import Interval
from model.world.scenario_files import load_scenario
from reports.scenario_figure import plotted, scenario_figure

LAPTOP = Path(__file__).parents[2] / "scenarios" / "laptop.toml"
STOP = "events=[{kind='broker-stop', at='5 s', lasts='5 s'}]"
TEXT = re.compile(r"<!-- (.*) -->")  # matplotlib's word beside each text that it draws


def about(value):
    return Interval(
        value=value, low=0.9 * value, high=1.1 * value, confidence=0.95, n=9, method="given"
    )


def answer(*variants):
    said = Question(question="?", expected="!", found="")
    return Answer(question=said, variants=variants, checks=(), extrapolated=())


def still(name="base", p99_s=0.1):
    scenario, numbers = load_scenario(LAPTOP), {"newsfeed.p99": about(p99_s)}
    return Variant(name=name, overrides=(), scenario=scenario, simulated=Simulated(numbers=numbers))


def eventful(name="base"):
    course = [Stretch(since_s=s, until_s=s + 1, late=about(s / 100)) for s in range(20)]
    return Variant(
        name=name,
        overrides=(),
        scenario=load_scenario(LAPTOP, (STOP,)),
        simulated=Simulated(numbers={}, course=course),
    )


def words(figure):
    return TEXT.findall(figure.svg)


def test_where_nothing_happens_it_is_the_p99_of_each_variant_by_what_is_asked_most():
    figure = scenario_figure(answer(still(), still("twice", p99_s=0.2)))
    assert figure.says.startswith("p99 of each variant")
    assert {"base", "twice", "newsfeed", "p99, ms"} <= set(words(figure))


def test_where_something_happens_it_is_the_share_of_late_requests_over_time():
    figure = scenario_figure(answer(eventful(), eventful("protected")))
    assert figure.says.endswith("shaded: what happens in base.")
    assert {"base", "protected", "late or failed, %"} <= set(words(figure))


def test_what_only_a_variant_meets_is_drawn_for_it_alone():
    figure = scenario_figure(answer(still(), eventful("struck")))
    assert "base" not in words(figure)
    assert figure.says.endswith("shaded: what happens in struck.")


@pytest.mark.parametrize("variants", [(still(),), (eventful(),)])
def test_the_same_answer_is_the_same_drawing_every_time(variants):
    assert scenario_figure(answer(*variants)) == scenario_figure(answer(*variants))


def test_where_nobody_was_answered_nothing_is_drawn(tmp_path):
    nobody = Variant(
        name="base",
        overrides=(),
        scenario=load_scenario(LAPTOP),
        simulated=Simulated(numbers={}),
    )
    assert plotted(answer(nobody), tmp_path / "nobody.md") == ""
    assert list(tmp_path.iterdir()) == []


def test_a_plot_lies_beside_its_report_and_is_shown_in_it(tmp_path):
    section = plotted(answer(still()), tmp_path / "quick.md")
    said = scenario_figure(answer(still())).says
    assert section == f"![{said}](figures/quick.svg)\n\n{said}"
    assert (tmp_path / "figures" / "quick.svg").read_text(encoding="utf-8").startswith("<svg")
