"""How often things fail: what cannot be answered is refused with its field and value."""

from pathlib import Path

import pytest

from model.world.scenario import ScenarioError
from model.world.scenario.promises import STRIKES_MAX, YEAR_S
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[4] / "scenarios" / "laptop.toml"


@pytest.mark.parametrize("what", ["instance", "server", "zone", "region"])
def test_nothing_fails_more_often_than_every_minute(what):
    with pytest.raises(ScenarioError) as refusal:
        load_scenario(LAPTOP, [f"availability.{what}={{every='1 us', repair='1 us'}}"])
    said = f"availability.{what}.every: must be at least 1 min, got '1 us'"
    assert str(refusal.value).endswith(said)


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        (
            "server={every='59 min', repair='1 h'}",
            "availability.server: every must be at least repair, which is 3600 s, got 3540 s",
        ),
        (
            "incidents={per_year=8766, lasting='1 h'}",
            "incidents: lasting must leave some of a year: 8766 of 3600 s do not",
        ),
        ("incidents={per_year=1001, lasting='1 s'}", "years: incidents would strike 1,001,000"),
        ("zone={every='5 h', repair='3 h'}", "years: zone would strike 1,095,750 times in 1,000"),
        ("region={every='5 h', repair='3 h'}", "years: region would strike 1,095,750 times"),
        ("instance={every='20 min'}", "years: common_cause of instance would strike 1,051,920"),
        ("server={every='20 min'}", "years: common_cause of server would strike 1,051,920"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_its_field_and_value(override, complaint):
    with pytest.raises(ScenarioError) as refusal:
        load_scenario(LAPTOP, [f"availability.{override}"])
    assert complaint in str(refusal.value)


def test_what_is_there_as_long_as_not_and_a_million_strikes_can_be_answered():
    strikes = YEAR_S * 100 / STRIKES_MAX / 2
    failing = load_scenario(
        LAPTOP,
        [
            f"availability.zone={{every='{strikes} s', repair='{strikes} s'}}",
            "availability.years=100",
        ],
    ).availability
    assert failing.years * failing.zone.per_year == pytest.approx(STRIKES_MAX)


def test_even_in_the_most_years_the_defaults_can_be_answered():
    assert load_scenario(LAPTOP, ["availability.years=100000"]).availability.years == 100_000
