"""Every setting that is set before `up` takes effect, or is refused."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from model.world.scenario_files import load_scenario
from reference_impl.chassis.settings import PREFIX, Settings
from reference_impl.cli import add_verbs
from reference_impl.cluster import lifecycle
from reference_impl.cluster.environments import DECIDED_BY, OPTIONS, external_of, told_by
from reference_impl.cluster.errors import Refused
from reference_impl.cluster.home import Home
from reference_impl.cluster.members import plan_of, settings_of

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
SOCKETS = Path("/tmp/feedtwin-x")
NAMES = [its.name for its in fields(Settings)]
# One value for each that is not its default.
OTHER_THAN_DEFAULT = {
    "user_databases": "postgresql:///a postgresql:///b",
    "post_databases": "postgresql:///c postgresql:///d",
    "timeline_stores": "unix:///e unix:///f",
    "broker": "unix:///g",
    "session_store": "unix:///h",
    "objects": "s3://bucket",
    "secret": "x" * 32,
    "in_flight_max": "7",
    "connections_per_address": "8",
    "drain_notice_s": "0.5",
    "access_log": "1",
    "merge_authors_fresh_s": "0.25",
    "darkrooms": "2",
    "client_region": "us-east",
}


def environ_of(*names):
    return {f"{PREFIX}{name.upper()}": OTHER_THAN_DEFAULT.get(name, "1") for name in names}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in DECIDED_BY])
def test_a_setting_of_the_environment_is_what_every_process_is_told(name):
    scenario = load_scenario(LAPTOP)
    environ = environ_of(name)
    wanted = getattr(Settings.from_environment(environ), name)
    assert wanted != getattr(Settings(), name)
    plan = plan_of(scenario, SOCKETS, external_of(environ), services=True)
    services = [member for member in plan.members if not member.is_engine]
    told = [settings_of(member, plan.settings, scenario.fleet) for member in services]
    assert {getattr(settings, name) for settings in told} == {wanted}
    assert len(told) == len(services) > 10


@pytest.mark.parametrize("name", [name for name in DECIDED_BY if name not in OPTIONS])
def test_a_setting_that_something_else_decides_is_refused_with_what(name):
    with pytest.raises(Refused) as refused:
        external_of(environ_of(name))
    assert (
        str(refused.value)
        == f"{PREFIX}{name.upper()} has no effect here; instead: {DECIDED_BY[name]}"
    )


@pytest.mark.parametrize(
    ("name", "value"), [("rate_limits", "false"), ("timelines_by", "post"), ("page_limit", "7")]
)
def test_what_a_refusal_says_instead_has_that_effect(name, value):
    key = DECIDED_BY[name].removeprefix("--set ")
    scenario = load_scenario(LAPTOP, [f"{key}={value}"])
    plan = plan_of(scenario, SOCKETS, Settings(), services=True)
    assert str(getattr(plan.settings, name)).lower() == value


@pytest.mark.parametrize(
    ("environ", "words", "is_timed"),
    [
        ({}, [], True),
        ({"FEEDTWIN_SERVER_TIMING": "0"}, [], False),
        ({"FEEDTWIN_SERVER_TIMING": "0"}, ["--server-timing"], True),
        ({"FEEDTWIN_SERVER_TIMING": "1"}, ["--no-server-timing"], False),
    ],
)
def test_the_option_is_by_default_what_its_variable_says(monkeypatch, environ, words, is_timed):
    asked = {}

    def up(*_, **options):
        asked.update(options)
        raise Refused("not now")

    monkeypatch.setattr(lifecycle, "up", up)
    app = typer.Typer()
    add_verbs(app)
    CliRunner().invoke(app, ["up", str(LAPTOP), *words], env=environ)
    assert asked["server_timing"] is is_timed


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {*DECIDED_BY, "secret"}])
def test_a_cluster_is_another_if_a_setting_is(name):
    told = told_by(external_of(environ_of(name)))
    assert told.keys() == {name}
    assert json.loads(json.dumps(told)) == told, "it is compared with what was written down"


def test_what_is_not_set_is_not_told():
    assert told_by(external_of({"FEEDTWIN_BROKER": "", "PATH": "/bin"})) == {}


def test_the_secret_is_not_written_down_with_the_rest():
    assert told_by(external_of(environ_of("secret"))) == {}


def test_a_secret_that_is_given_is_kept_in_place_of_the_one_made(tmp_path):
    home = Home(folder=tmp_path)
    made = home.secret()
    assert home.secret() == made
    assert home.secret("x" * 32) == "x" * 32
    assert home.secret() == "x" * 32


def test_a_cluster_with_other_settings_is_another(up, stores):
    given = {"FEEDTWIN_IN_FLIGHT_MAX": "7", "FEEDTWIN_SECRET": "x" * 32}
    cluster = up(environ=stores | given)
    assert lifecycle.running(cluster.home.folder) == replace(
        cluster, settings=replace(cluster.settings, secret="x" * 32)
    )
    assert (cluster.settings.in_flight_max, cluster.settings.secret) == (7, "x" * 32)
    order = json.loads(cluster.home.order_of("gateway-1").read_text())["environment"]
    assert {name: order[name] for name in given} == given
    up(environ=stores | {"FEEDTWIN_IN_FLIGHT_MAX": "7"})  # the secret of before will do
    with pytest.raises(Refused, match="differing in external;"):
        up(environ=stores)
    with pytest.raises(Refused, match="differing in secret;"):
        up(environ=stores | given | {"FEEDTWIN_SECRET": "y" * 32})


def test_a_notice_that_leaves_no_time_to_drain_is_refused():
    assert external_of({f"{PREFIX}DRAIN_NOTICE_S": "4.5"}).drain_notice_s == 4.5
    with pytest.raises(Refused, match=r"DRAIN_NOTICE_S may be 4\.75 s at most"):
        external_of({f"{PREFIX}DRAIN_NOTICE_S": "4.8"})
