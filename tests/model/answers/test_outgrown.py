"""What is said where a run outgrows what an engine holds."""

from pathlib import Path

import pytest

from model.answers import predict
from model.answers.outgrown import too_much_refused
from model.engine.limits import TooMuch
from model.world.scenario import ScenarioError
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
VISITS = "at 3.2 s: more than 16,777,216 visits: run with keep_visits=False"


def refused(*overrides):
    scenario = load_scenario(LAPTOP, ["simulation.duration=4 s", *overrides])
    with pytest.raises(ScenarioError) as refusal, too_much_refused(scenario):
        raise TooMuch(VISITS)
    return str(refusal.value)


def test_it_is_said_in_one_line_which_part_is_too_much_and_what_to_shorten():
    assert refused("fleet.placement=dedicated", "simulation.slice=64") == (
        "laptop: 1/64 of the fleet is more than one run holds (at 3.2 s: more than 16,777,216"
        " visits): shorten simulation.duration, which is 4 s, or raise simulation.slice"
    )


def test_where_nothing_is_sliced_it_is_the_whole_fleet():
    assert refused().startswith("laptop: the whole fleet is more than one run holds")


def test_other_errors_pass():
    with pytest.raises(KeyError), too_much_refused(load_scenario(LAPTOP)):
        raise KeyError


def test_a_prediction_says_it_too(learnt_on, monkeypatch):
    def replicate(*_, **__):
        raise TooMuch(VISITS)

    monkeypatch.setattr(predict, "replicate", replicate)
    scenario = load_scenario(LAPTOP)
    with pytest.raises(ScenarioError, match="the whole fleet is more than one run holds"):
        predict.predict(scenario, learnt_on(scenario))
