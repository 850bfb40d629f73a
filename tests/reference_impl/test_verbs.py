"""The verbs about a cluster that runs: policy, dead letters, scale, and more that status says."""

from __future__ import annotations

import dataclasses
import json

import pytest
import redis
import typer
from typer.testing import CliRunner

from model.rules.fanouts import late_streams
from model.rules.policy import FeedPolicy, Strategy
from model.world.scenario import Fleet
from reference_impl.chassis import queues
from reference_impl.chassis.events import POST_EVENTS, USER_EVENTS
from reference_impl.chassis.groups import (
    DEAD_ENTRY,
    DEAD_ERROR,
    DEAD_GROUP,
    DEAD_TRIES,
    dead_stream,
)
from reference_impl.chassis.queues import STREAMS
from reference_impl.cli import add_verbs
from reference_impl.cluster import lifecycle
from reference_impl.cluster.clusters import Cluster
from reference_impl.cluster.home import Home
from reference_impl.cluster.members import services_of

AT_UP = FeedPolicy(influencer_followers_min=200)
AT_S = 1_790_000_000  # 2026-09-21T14:13:20 UTC


@pytest.fixture
def broker(engines):
    """A database of the session's broker, and nothing in it."""
    with redis.Redis.from_url(f"{engines.broker}?db=9") as server:
        server.flushdb()
        yield server


@pytest.fixture
def cluster(engines, broker, tmp_path, monkeypatch):
    """A cluster that is said to run: of its processes only the broker does."""
    settings = dataclasses.replace(
        engines.settings, broker=f"{engines.broker}?db=9", policy=AT_UP.to_json()
    )
    fleet = Fleet.model_validate({"zones": 2})
    cluster = Cluster(
        home=Home(folder=tmp_path),
        sockets=tmp_path,
        settings=settings,
        members=services_of(fleet, tmp_path),
        made_from={"fleet": fleet.model_dump(mode="json"), "services": True},
    )
    monkeypatch.setattr(lifecycle, "running", lambda home: cluster)
    return cluster


@pytest.fixture
def feedtwin():
    app = typer.Typer()
    add_verbs(app)
    return lambda *arguments: CliRunner().invoke(app, arguments)


def values_of(shown):
    return {row["field"]: (row["value"], row["at_up"]) for row in json.loads(shown.stdout)}


def test_the_policy_is_shown_beside_the_one_at_up(cluster, feedtwin):
    feedtwin("policy", "set", "strategy=pull")
    shown = feedtwin("policy", "show", "--format", "json")
    assert shown.exit_code == 0
    assert values_of(shown)["strategy"] == ("pull", "hybrid")
    assert values_of(shown)["influencer_followers_min"] == (200, 200)
    assert values_of(shown).keys() == dataclasses.asdict(FeedPolicy()).keys()


def test_setting_the_policy_changes_it_and_shows_it(cluster, feedtwin):
    result = feedtwin("policy", "set", "strategy=per_edge", "edges_fresh_s=7", "--format", "json")
    assert result.exit_code == 0
    assert values_of(result)["edges_fresh_s"] == (7, 3600)
    assert cluster.policy_now() == dataclasses.replace(
        AT_UP, strategy=Strategy.PER_EDGE, edges_fresh_s=7
    )


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("strategy=shove", "strategy must be push or pull"),
        ("strategy=shove", "'shove'"),
        ("inactive_after_s=0", "inactive_after_s must be above 0, got 0"),
        ("stratgy=pull", "no field 'stratgy'"),
        ("timelines_by=post", "timelines_by is fixed while it runs: feedtwin up --replace"),
        ("strategy", "FIELD=VALUE"),
        ("=pull", "FIELD=VALUE"),
    ],
)
def test_a_policy_that_cannot_be_meant_ends_with_2(cluster, feedtwin, said, words):
    result = feedtwin("policy", "set", said)
    assert result.exit_code == 2
    assert words in result.stderr
    assert cluster.policy_now() == AT_UP


@pytest.mark.parametrize(
    "words",
    [
        ("policy", "show"),
        ("policy", "set", "strategy=pull"),
        ("dead",),
        ("replay", POST_EVENTS),
        ("scale", "timeline", "2"),
    ],
)
def test_where_nothing_runs_a_verb_ends_with_6(feedtwin, tmp_path, monkeypatch, words):
    monkeypatch.setenv("FEEDTWIN_HOME", str(tmp_path / "nowhere"))
    result = feedtwin(*words)
    assert result.exit_code == 6
    assert "nothing runs in" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("words", [("policy", "show"), ("dead",), ("replay", POST_EVENTS)])
def test_a_broker_that_is_away_ends_with_6(cluster, feedtwin, monkeypatch, words):
    settings = dataclasses.replace(cluster.settings, broker="unix:///nowhere/broker.sock")
    without = dataclasses.replace(cluster, settings=settings)
    monkeypatch.setattr(lifecycle, "running", lambda home: without)
    result = feedtwin(*words)
    assert result.exit_code == 6
    assert "broker" in result.stderr


@pytest.fixture
def letters(broker):
    """Two dead letters of posts and one of users."""
    for second, (stream, kind) in enumerate(
        [
            (POST_EVENTS, "post.created"),
            (POST_EVENTS, "post.deleted"),
            (USER_EVENTS, "user.deleted"),
        ]
    ):
        fields = {
            "event_id": f"post_db-1:{second}",
            "kind": kind,
            DEAD_ENTRY: "5-0",
            DEAD_GROUP: "timeline",
            DEAD_TRIES: 5,
            DEAD_ERROR: "ValueError: no such thing",
        }
        broker.xadd(dead_stream(stream), fields, id=f"{AT_S + second}000-0")


def listed(result):
    return [(row["stream"], row["kind"]) for row in json.loads(result.stdout)]


def test_dead_letters_are_listed_with_who_gave_up_when_and_why(cluster, letters, feedtwin):
    result = feedtwin("dead", POST_EVENTS, "--format", "json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)[1] == {
        "stream": POST_EVENTS,
        "letter": f"{AT_S + 1}000-0",
        "set_aside": "2026-09-21T14:13:21+00:00",
        "group": "timeline",
        "tries": 5,
        "kind": "post.deleted",
        "event": "post_db-1:1",
        "error": "ValueError: no such thing",
    }
    assert listed(result) == [(POST_EVENTS, "post.created"), (POST_EVENTS, "post.deleted")]
    assert "2 dead letters" in result.stderr


def test_those_of_every_stream_are_listed_if_none_is_named(cluster, letters, feedtwin):
    result = feedtwin("dead", "--format", "json", "--limit", "1")
    assert listed(result) == [(USER_EVENTS, "user.deleted"), (POST_EVENTS, "post.created")]
    assert "3 dead letters, 2 shown" in result.stderr


def test_replayed_letters_are_in_their_stream_again(cluster, letters, feedtwin, broker):
    result = feedtwin("replay", POST_EVENTS)
    assert result.exit_code == 0
    assert f"2 put back into {POST_EVENTS}" in result.stderr
    kinds = [fields[b"kind"] for _, fields in broker.xrange(POST_EVENTS)]
    assert kinds == [b"post.created", b"post.deleted"]
    assert broker.xlen(dead_stream(POST_EVENTS)) == 0
    assert broker.xlen(dead_stream(USER_EVENTS)) == 1


def test_one_letter_can_be_replayed(cluster, letters, feedtwin, broker):
    feedtwin("replay", POST_EVENTS, f"{AT_S + 1}000-0")
    assert [fields[b"kind"] for _, fields in broker.xrange(POST_EVENTS)] == [b"post.deleted"]


def test_a_letter_that_is_not_there_ends_with_2(cluster, letters, feedtwin, broker):
    result = feedtwin("replay", POST_EVENTS, "7-0", f"{AT_S}000-0")
    assert result.exit_code == 2
    assert "1 put back" in result.stderr
    assert "7-0" in result.stderr


@pytest.mark.parametrize("verb", ["dead", "replay"])
def test_an_unknown_stream_ends_with_2_and_says_which_there_are(cluster, feedtwin, verb):
    result = feedtwin(verb, "events:pots")
    assert result.exit_code == 2
    assert all(stream in result.stderr for stream in STREAMS)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["timeline", "0"], "instances of timeline must be in 1..64, got 0"),
        (["relay", "2"], "service must be one of"),
        (["timeline", "many"], "valid integer"),
        (["timeline"], "Missing argument"),
    ],
)
def test_what_cannot_be_scaled_ends_with_2(feedtwin, arguments, words):
    result = feedtwin("scale", *arguments)
    assert result.exit_code == 2
    assert words in result.stderr


def test_status_shows_where_the_gateways_listen(cluster, feedtwin):
    (cluster.sockets / "gateway-1.port").write_text("8080")
    for form in ("json", "csv", "table"):
        result = feedtwin("status", "--format", form)
        assert "http://127.0.0.1:8080" in result.stdout
    urls = {
        row["name"]: row["url"] for row in json.loads(feedtwin("status", "--format", "json").stdout)
    }
    assert urls.pop("gateway-1") == "http://127.0.0.1:8080"
    assert set(urls.values()) == {None}, "those that have not said, and those that nobody may ask"


def test_status_shows_the_zones_where_there_are_several(cluster, feedtwin):
    result = feedtwin("status", "--format", "json")
    zones = {row["name"]: row["zone"] for row in json.loads(result.stdout)}
    assert (zones["gateway-1"], zones["gateway-2"]) == ("zone-1", "zone-2")


def test_status_shows_none_where_there_is_one(cluster, feedtwin, monkeypatch):
    fleet = Fleet().model_dump(mode="json")
    one = dataclasses.replace(cluster, made_from={"fleet": fleet})
    monkeypatch.setattr(lifecycle, "running", lambda home: one)
    rows = json.loads(feedtwin("status", "--format", "json").stdout)
    assert "zone" not in rows[0]


def test_status_tells_of_who_is_ready_but_not_called(cluster, feedtwin, monkeypatch):
    half = dataclasses.replace(cluster, uncalled=frozenset({"user-1"}))
    monkeypatch.setattr(lifecycle, "running", lambda home: half)
    monkeypatch.setattr(Cluster, "why_not_ready", lambda *_: None)
    result = feedtwin("status", "--format", "json")
    said = {row["name"]: row["why_not"] for row in json.loads(result.stdout) if row["why_not"]}
    assert said.keys() == {"user-1"}
    assert "nobody is sent there" in said["user-1"]
    assert result.exit_code == 6


def test_status_warns_of_more_dead_letters_than_anybody_should_leave_alone(
    cluster, letters, feedtwin, monkeypatch
):
    monkeypatch.setattr(queues, "DEAD_MANY", 1)
    said = feedtwin("status").stderr
    assert f"{POST_EVENTS}: 2 dead letters (too many: they fill the broker)" in said
    assert f"{USER_EVENTS}: 1 dead letters: feedtwin dead {USER_EVENTS}" in said


def test_what_waits_for_a_timeline_server_has_dead_letters_too(cluster, broker, feedtwin):
    stream = late_streams(1)[0]
    broker.xadd(dead_stream(stream), {"post_id": "1", DEAD_GROUP: "timeline", DEAD_ERROR: "x"})
    [row] = json.loads(feedtwin("dead", stream, "--format", "json").stdout)
    assert (row["stream"], row["tries"]) == (stream, None)


def test_status_says_which_streams_wait(cluster, broker, letters, feedtwin):
    broker.xadd(POST_EVENTS, {"kind": "post.created"}, id=f"{AT_S}000-0")
    broker.xgroup_create(POST_EVENTS, "timeline", id="0")
    said = feedtwin("status").stderr
    assert f"{POST_EVENTS}: timeline has 1 to do, the oldest for" in said
    assert f"{POST_EVENTS}: 2 dead letters: feedtwin dead {POST_EVENTS}" in said
    assert f"{USER_EVENTS}: 1 dead letters" in said
    assert "events:follow" not in said
