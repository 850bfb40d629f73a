"""What a report says of a scenario on paper."""

import re
from pathlib import Path

import pytest

from model.answers.availability import availability_of
from model.answers.calibrations import load_calibration
from model.answers.sizing import sizing_of
from model.learnt import SHIPPED
from model.world.scenario.traffic import Recorded
from model.world.scenario_files import load_scenario
from reports.on_paper import CAUSES, COST, FIGURES, SHORT
from reports.on_paper import on_paper as told

LAPTOP = Path(__file__).parents[2] / "scenarios" / "laptop.toml"
FEW_YEARS = ("availability.years=20",)


@pytest.fixture(scope="module")
def shipped():
    return load_calibration(SHIPPED)


def laptop(*overrides):
    return load_scenario(LAPTOP, (*FEW_YEARS, *overrides))


def on_paper(scenario, calibration):
    return told({"base": scenario}, calibration)


def test_each_figure_is_the_one_of_sizing_with_its_arithmetic(shipped):
    scenario = laptop()
    sizing, text = sizing_of(scenario, shipped), on_paper(scenario, shipped)
    for name in FIGURES:
        figure = sizing.figure(name)
        assert f"| {name} | {figure.said} | {figure.formula} |" in text


def test_roles_with_too_few_members_are_named_and_no_others(shipped):
    crowd = laptop("traffic.rate=5000/s")
    short = {role.name for role in sizing_of(crowd, shipped).roles if role.is_enough is False}
    [said] = [s for s in on_paper(crowd, shipped).splitlines() if s.startswith("Too few")]
    assert "once all has filled up, posts of 5 years kept:" in said
    assert short == {part.split()[-1] for part in said.split(". Short of")[0].split(" (")[:-1]}
    assert "Too few" not in on_paper(laptop("traffic.rate=1/s"), shipped)


def test_of_shards_that_are_all_asked_no_number_is_said_to_be_needed(shipped):
    crowd = laptop("traffic.rate=5000/s", "traffic.mix={search=1}", "fleet.search.shards=8")
    [said] = [s for s in on_paper(crowd, shipped).splitlines() if s.startswith("Too few")]
    assert "search (8 processes, needed not known: each search asks every shard:" in said


def test_what_there_will_be_too_little_of_is_named_with_when_and_in_that_order(shipped):
    scenario = laptop("growth.users_per_year=0.5")
    horizons = sizing_of(scenario, shipped).outlook.horizons
    lasting = {e.resource.name: e.lasts_years for e in horizons if e.lasts_years is not None}
    assert len(lasting) > SHORT
    [said] = [line for line in on_paper(scenario, shipped).splitlines() if "Short of" in line]
    *named, rest = said.split("Short of: ")[1].split(". `")[0].split(", ")
    first = sorted(lasting, key=lambda name: lasting[name])[:SHORT]
    assert named == [f"{name} in {lasting[name]:.2g} years" for name in first]
    assert rest == f"and {len(lasting) - SHORT} more within 10 years"


def test_what_is_short_today_is_said_with_how_much_of_it_is_used(shipped):
    text = on_paper(laptop("fleet.machine.memory=1 kB"), shipped)
    assert re.search(r"Short of: memory of host today \([\d.,]+ % is used, 80 % may be\)", text)


def test_a_fleet_that_lasts_is_short_of_nothing(shipped):
    lasting = laptop("growth.years=1", "traffic.rate=1/s", "fleet.machine.memory=900 GB")
    assert "Short of nothing within 1 years." in on_paper(lasting, shipped)


def test_of_variants_it_is_said_what_they_cost(shipped):
    base, dear = laptop(), laptop("prices.core_hour=9")
    costs = [sizing_of(each, shipped).figure(COST).said for each in (base, dear)]
    text = told({"base": base, "dear": dear}, shipped)
    assert f"What everything costs: base {costs[0]}, dear {costs[1]}." in text
    assert "Every variant costs the same." in told({"base": base, "alike": base}, shipped)
    assert "costs" not in on_paper(base, shipped).replace("what costs most", "")


def test_of_variants_that_cannot_be_sized_nothing_is_said_of_costs(shipped):
    text = told({"base": recorded(), "other": recorded()}, shipped)
    assert "Not sized" in text
    assert "Every variant" not in text


def test_the_costliest_causes_of_lost_answers_come_first(shipped):
    text, found = on_paper(laptop(), shipped), availability_of(laptop())
    rows = text.split("| what costs most |")[1].splitlines()[2:]
    assert [row.split(" | ")[0] for row in rows if row] == [
        f"| {cost.cause}" for cost in found.costs[:CAUSES]
    ]


def test_thousands_of_minutes_a_year_are_read_as_such(shipped):
    text = on_paper(laptop("availability.incidents.per_year=1000"), shipped)
    [said] = re.findall(r"As much as (.*) minutes a year", text)
    assert re.fullmatch(r"[4-6],\d{3} \([4-6],\d{3} to [4-6],\d{3}\)", said)
    assert not re.search(r"\de[+-]\d", text)


def test_what_is_not_available_enough_is_a_miss(shipped):
    assert ": miss." in on_paper(laptop("targets.available=99.99999 %"), shipped)
    assert ": pass." in on_paper(laptop("targets.available=50 %"), shipped)


def recorded():
    scenario = laptop()
    file = Recorded(file="requests.csv")
    traffic = scenario.traffic.model_copy(update={"rate": None, "recorded": file, "mix": {}})
    return scenario.model_copy(update={"traffic": traffic})


def test_recorded_traffic_has_no_sizes_and_says_why(shipped):
    text = on_paper(recorded(), shipped)
    assert "Not sized: traffic.recorded" in text
    assert "Availability cannot be said: traffic.mix" in text
