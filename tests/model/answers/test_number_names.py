"""Which numbers an answer can have, against those that answers have."""

from pathlib import Path

import pytest

from model.answers.number_names import refuse_unknown
from model.world.scenario import ScenarioError
from model.world.scenario.traffic import Recorded
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
CELEBRITY = "events=[{kind='celebrity-post', followers=500, at='1 s'}]"
FLOOD = "events=[{kind='image-flood', rate='1/s', at='1 s', lasts='1 s', size='2 MB'}]"


def laptop(*overrides):
    return load_scenario(LAPTOP, overrides)


@pytest.mark.parametrize(
    ("name", "overrides"),
    [
        ("newsfeed.p99", []),
        ("newsfeed.failed.during", []),
        ("all.late.after", []),
        ("lag.fanout.p95", []),
        ("lag.replication.post_db.p99.during", []),
        ("busiest.admission", []),
        ("lost_writes.user_db.per_year", []),
        ("lag.celebrity_0_fanout.p50", [CELEBRITY]),
        ("celebrity_0.p99", [CELEBRITY]),
        ("lag.flood_development.p99", [FLOOD]),
        ("flood.failed", [FLOOD]),
    ],
)
def test_what_an_answer_can_have_is_known(name, overrides):
    refuse_unknown(name, laptop(*overrides))


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("newsfeed.p98", "newsfeed.p9"),
        ("newsfeed.p99.beforre", "newsfeed.p99"),
        ("lag.fan.p99", "lag.fanout.p99"),
        ("busy.postdb", "busy.post_db"),
        ("celebrity_0.p99", ""),
    ],
)
def test_what_no_answer_has_is_refused_with_what_is_like_it(name, near):
    with pytest.raises(ScenarioError, match=rf"has no number '{name}'.*{near}"):
        refuse_unknown(name, laptop())


def test_what_nobody_asks_for_has_no_number():
    quiet = laptop("traffic.mix={newsfeed=1.0}")
    refuse_unknown("newsfeed.p99", quiet)
    with pytest.raises(ScenarioError, match=r"has no number 'search.p99'"):
        refuse_unknown("search.p99", quiet)
    with pytest.raises(ScenarioError, match=r"has no number 'lag.fanout.p99'"):
        refuse_unknown("lag.fanout.p99", quiet)


def test_of_recorded_traffic_any_number_may_come():
    recorded = Recorded(file="requests.csv")
    scenario = laptop()
    traffic = scenario.traffic.model_copy(update={"rate": None, "recorded": recorded, "mix": {}})
    refuse_unknown("search.p99", scenario.model_copy(update={"traffic": traffic}))
