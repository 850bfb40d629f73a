"""What was recorded, at another speed, and as the mix and rate of a scenario."""

from pathlib import Path
from typing import Any

import pytest

from model.world.scenario import Endpoint
from model.world.scenario.traffic import Recorded
from model.world.scenario_files import load_scenario
from model.world.traffic import replays
from model.world.traffic.replays import as_recorded

LAPTOP = Path(__file__).parents[4] / "scenarios" / "laptop.toml"


def replay_of(of, *, until_s):
    return replays.replay_of(of, until_s=until_s)


@pytest.fixture
def scenario(tmp_path):
    file = tmp_path / "requests.csv"
    rows = "".join(f"{at_s},{'post' if at_s % 4 == 0 else 'newsfeed'}\n" for at_s in range(1, 41))
    file.write_text("at_s,endpoint\n" + rows)
    of = load_scenario(LAPTOP)
    recorded = Recorded(file=str(file))
    said: dict[str, Any] = {"rate": None, "mix": {}, "recorded": recorded}
    return of.model_copy(update={"traffic": of.traffic.model_copy(update=said)})


def test_a_scenario_that_gives_a_rate_has_nothing_recorded():
    of = load_scenario(LAPTOP)
    assert replay_of(of, until_s=1.0) is None
    assert as_recorded(of) is of


def test_a_recording_takes_less_time_the_faster_it_is(scenario):
    recorded = scenario.traffic.recorded.model_copy(update={"faster": 4.0})
    traffic = scenario.traffic.model_copy(update={"recorded": recorded})
    fast = replay_of(scenario.model_copy(update={"traffic": traffic}), until_s=10.0)
    assert fast.at_s[:3].tolist() == [0.25, 0.5, 0.75]
    assert (fast.covers_s, fast.per_s) == (10.0, 4.0)


def test_a_rate_beside_a_recording_says_how_fast_it_is(scenario):
    fast = replay_of(scenario.at_rate(8.0), until_s=5.0)
    assert (fast.covers_s, fast.per_s) == (5.0, 8.0)


def test_a_scenario_as_recorded_has_the_recordings_mix_and_rate(scenario):
    of = as_recorded(scenario)
    assert of.traffic.mix == {Endpoint.NEWSFEED: 0.75, Endpoint.POST: 0.25}
    assert of.requests_per_s == 1.0
    same, plain = replay_of(of, until_s=40.0), replay_of(scenario, until_s=40.0)
    assert same.at_s.tolist() == plain.at_s.tolist()
    assert as_recorded(scenario.at_rate(8.0)).requests_per_s == 8.0
