from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from model.world.scenario_files import load_scenario
from reference_impl.chassis.settings import Settings
from reference_impl.cluster.errors import Refused
from reference_impl.cluster.members import plan_of, refuse_other_counts, settings_of

SOCKETS = Path("/tmp/feedtwin-x")
OWN = Settings(secret="s", objects="file:///objects", server_timing=True)


@pytest.fixture
def laptop():
    return load_scenario(Path(__file__).parents[3] / "scenarios" / "laptop.toml")


def plan(laptop, external=None, *, services=True):
    return plan_of(laptop, SOCKETS, external or Settings(), own=OWN, services=services)


def member_of(planned, name):
    return next(member for member in planned.members if member.name == name)


def test_the_laptop_has_two_shards_of_each_store_and_two_gateways_and_timelines(laptop):
    counts = Counter(member.station for member in plan(laptop).members)
    pairs = ("user_db", "post_db", "timeline_store", "gateway", "timeline")
    singles = ("broker", "session_store", "user", "follow", "post", "media", "fanout", "relay")
    assert counts == dict.fromkeys(pairs, 2) | dict.fromkeys(singles, 1)


def test_engines_come_first_and_names_are_unique(laptop):
    members = plan(laptop).members
    assert [member.is_engine for member in members] == [True] * 8 + [False] * 10
    assert len({member.name for member in members}) == len(members)


def test_every_address_in_the_settings_is_one_of_a_member(laptop):
    planned = plan(laptop)
    told = planned.settings
    listed = [*told.user_databases, *told.post_databases, *told.timeline_stores]
    listed += [told.broker, told.session_store, *told.user_urls, *told.timeline_urls]
    assert set(listed) <= {member.address for member in planned.members}
    assert len(told.timeline_urls) == 2


def test_sockets_fit_what_the_kernel_takes(laptop):
    longest = SOCKETS.with_name("feedtwin-12345678") / "timeline_store-4096.sock"
    assert len(str(longest.parent / "post_db-4096" / ".s.PGSQL.5432")) <= 103
    assert len(str(longest)) <= 103


def test_only_a_gateway_listens_on_tcp_and_tells_its_port(laptop):
    planned = plan(laptop)
    gateway = settings_of(member_of(planned, "gateway-2"), planned.settings, laptop.fleet)
    assert (gateway.listen, gateway.port_file) == (
        "tcp:127.0.0.1:0",
        "/tmp/feedtwin-x/gateway-2.port",
    )
    others = (member for member in planned.members if not member.is_engine)
    for member in others:
        told = settings_of(member, planned.settings, laptop.fleet)
        assert member.station == "gateway" or not told.listen.startswith("tcp")


def test_the_policy_is_the_scenarios(laptop):
    assert plan(laptop).settings.influencer_followers_min == 200


def test_nothing_of_a_kind_is_started_that_runs_elsewhere(laptop):
    external = Settings(user_databases=("postgresql://a", "postgresql://b"), broker="redis://c")
    planned = plan(laptop, external)
    stations = {member.station for member in planned.members}
    assert stations.isdisjoint({"user_db", "broker"})
    assert planned.settings.user_databases == ("postgresql://a", "postgresql://b")
    assert planned.settings.broker == "redis://c"


def test_another_number_of_servers_than_shards_is_refused(laptop):
    external = Settings(post_databases=("postgresql://a",))
    with pytest.raises(Refused, match=r"FEEDTWIN_POST_DATABASES names 1 servers, the scenario 2"):
        refuse_other_counts(laptop.fleet, external)


def test_without_services_there_are_engines_only(laptop):
    assert all(member.is_engine for member in plan(laptop, services=False).members)
