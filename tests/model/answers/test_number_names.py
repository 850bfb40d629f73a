"""Which numbers an answer can have, against those that answers have."""

from pathlib import Path

import pytest

from model.answers.number_names import refuse_unknown
from model.world.scenario import ScenarioError
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
CELEBRITY = "events=[{kind='celebrity-post', followers=500, at='1 s'}]"
FLOOD = "events=[{kind='image-flood', rate='1/s', at='1 s', lasts='1 s', size='2 MB'}]"
STOP = "events=[{kind='broker-stop', at='1 s', lasts='1 s'}]"
ENDLESS = "events=[{kind='broker-stop', at='0 s'}]"
CRASH = "events=[{kind='crash', station='user_db', at='1 s', lasts='1 s'}]"
COPIES = tuple(f"fleet.{table}.replicas=2" for table in ("user_store", "post_store"))


def laptop(*overrides):
    return load_scenario(LAPTOP, overrides)


@pytest.mark.parametrize(
    ("name", "overrides"),
    [
        ("newsfeed.p99", []),
        ("newsfeed.failed.during", [STOP]),
        ("all.late.after", [STOP]),
        ("lag.fanout.p95", []),
        ("lag.fanout.unended.during", [STOP]),
        ("lag.celebrity_0_fanout.unended", [CELEBRITY]),
        ("lag.flood_development.unended", [FLOOD]),
        ("lag.replication.post_db.p99.during", [STOP, *COPIES]),
        ("lag.replica.post_db.unended", COPIES),
        ("busiest.admission", []),
        ("lost_writes.user_db.per_year", COPIES),
        ("lost_writes.user_db", [CRASH, *COPIES]),
        ("lag.celebrity_0_fanout.p50", [CELEBRITY]),
        ("celebrity_0.p99", [CELEBRITY]),
        ("lag.flood_development.p99", [FLOOD]),
        ("flood.failed", [FLOOD]),
        ("busy.timeline_store.during", [STOP]),
        ("newsfeed.attempts.during", [STOP]),
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
        ("foo.admission", ": did you mean "),
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


IN_A_SLICE = "in a slice, which holds only some of what a request asks for"


@pytest.mark.parametrize(
    "name", ["busy.admission", "newsfeed.attempts", "newsfeed.expired", "post.lost.during"]
)
def test_what_a_slice_does_not_show_is_refused_with_the_reason(name):
    refuse_unknown(name, laptop(STOP))
    with pytest.raises(ScenarioError, match=f"'{name}' {IN_A_SLICE}"):
        refuse_unknown(name, laptop(STOP, "simulation.slice=2"))


@pytest.mark.parametrize("name", ["foo.admission", "newsfeed.attemts", "lost_writes.user_db"])
def test_what_no_slice_has_is_not_refused_for_the_slice(name):
    with pytest.raises(ScenarioError, match=f"no number '{name}'(?! in a slice)"):
        refuse_unknown(name, laptop("simulation.slice=2"))


def test_a_likely_name_is_of_the_same_part_of_the_run():
    with pytest.raises(ScenarioError, match=r"did you mean newsfeed.p99.during\?"):
        refuse_unknown("newsfed.p99.during", laptop(STOP))


@pytest.mark.parametrize(
    ("name", "overrides"),
    [
        ("newsfeed.p99.during", []),
        ("newsfeed.p99.before", [ENDLESS]),
        ("newsfeed.p99.after", [ENDLESS]),
    ],
)
def test_a_part_that_the_run_does_not_have_is_refused_with_the_reason(name, overrides):
    part = name.rpartition(".")[2]
    with pytest.raises(ScenarioError, match=f"no part of the run is '{part}' its events"):
        refuse_unknown(name, laptop(*overrides))


@pytest.mark.parametrize(
    ("name", "overrides"),
    [
        ("lag.replication.post_db.p99", []),  # which has one copy
        ("lag.replica.post_db.p99", []),
        ("lost_writes.user_db.per_crash", []),
        ("lost_writes.user_db.per_crash.during", [STOP, *COPIES]),
        ("lost_writes.user_db", [STOP, *COPIES]),  # which takes no server
        ("celebrity_0.late", [CELEBRITY]),  # a target is one of endpoints
        ("flood.late", [FLOOD]),
        ("lag.flood.p99", [FLOOD]),  # which somebody waits for
    ],
)
def test_what_a_scenario_cannot_show_is_refused(name, overrides):
    with pytest.raises(ScenarioError, match=f"has no number '{name}'"):
        refuse_unknown(name, laptop(*overrides))
