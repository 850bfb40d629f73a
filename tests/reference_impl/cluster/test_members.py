from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pytest

from model.rules.policy import FeedPolicy, Strategy
from model.world.scenario import Index, Instances, Policy
from model.world.scenario_files import load_scenario
from reference_impl.chassis.policies import default_policy
from reference_impl.chassis.settings import Settings
from reference_impl.cluster.errors import Refused
from reference_impl.cluster.feed_policy import FIXED
from reference_impl.cluster.members import (
    MODULES,
    plan_of,
    refuse_other_counts,
    services_of,
    settings_of,
)

SOCKETS = Path("/tmp/feedtwin-x")


@pytest.fixture
def laptop():
    return load_scenario(Path(__file__).parents[3] / "scenarios" / "laptop.toml")


def plan(laptop, given=None, *, services=True):
    return plan_of(laptop, SOCKETS, given or Settings(), services=services)


def member_of(planned, name):
    return next(member for member in planned.members if member.name == name)


def test_the_laptop_has_two_shards_of_each_store_and_two_gateways_and_timelines(laptop):
    counts = Counter(member.station for member in plan(laptop).members)
    pairs = ("user_db", "post_db", "timeline_store", "gateway", "timeline")
    assert {name for name, count in counts.items() if count == 2} == set(pairs)
    singles = counts.keys() - set(pairs)
    assert singles == {"broker", "session_store", *MODULES} - set(pairs)
    assert all(counts[name] == 1 for name in singles)


def test_engines_come_first_and_names_are_unique(laptop):
    members = plan(laptop).members
    assert [member.is_engine for member in members] == [True] * 8 + [False] * 15
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


@pytest.mark.parametrize("name", ["gateway-2", "frontdoor-1"])
def test_only_gateways_and_the_front_door_listen_on_tcp_and_tell_their_port(laptop, name):
    planned = plan(laptop)
    public = settings_of(member_of(planned, name), planned.settings, laptop.fleet)
    assert public.listen == "tcp:127.0.0.1:0"
    assert public.port_file == f"/tmp/feedtwin-x/{name}.port"
    others = (member for member in planned.members if not member.is_engine)
    for member in others:
        told = settings_of(member, planned.settings, laptop.fleet)
        assert member.is_public or not told.listen.startswith("tcp")


def test_the_policy_is_the_scenarios(laptop):
    changed = {"strategy": Strategy.PULL, "timelines_by": "post", "follows_kept": "follower"}
    changed |= {"originals": "drop", "rate_limits": False, "timeline_cap": 33, "page_limit": 7}
    asked = laptop.model_copy(update={"policy": laptop.policy.model_copy(update=changed)})
    told = plan(asked).settings
    assert default_policy(told.policy) == asked.policy.of_feeds
    fixed = {name: getattr(told, name) for name in FIXED}
    assert fixed == {name: changed[name] for name in FIXED}


def test_every_field_of_a_scenarios_policy_is_set_while_it_runs_or_fixed_or_simulated():
    set_while_it_runs = {name.removesuffix("_s") for name in asdict(FeedPolicy())}
    assert set(Policy.model_fields) == {*set_while_it_runs, *FIXED, "protections"}


def test_the_instances_of_every_service_are_dealt_over_the_zones(laptop):
    fleet = laptop.fleet.model_copy(update={"zones": 2, "post": Instances(instances=3)})
    zones = {member.name: member.zone for member in services_of(fleet, SOCKETS)}
    dealt = [zones[name] for name in ("post-1", "post-2", "post-3")]
    assert dealt == ["zone-1", "zone-2", "zone-1"]
    assert zones["timeline-2"] == "zone-2"
    assert zones["user-1"] == "zone-1"


def test_every_service_knows_its_zone_and_the_address_book(laptop):
    planned = plan(laptop)
    for member in planned.members:
        told = settings_of(member, planned.settings, laptop.fleet)
        assert (told.zone, told.addresses) == (member.zone, "/tmp/feedtwin-x/addresses.json")


def test_engines_alone_have_no_address_book(laptop):
    assert plan(laptop, services=False).settings.addresses == ""


def test_a_gateway_has_a_place_of_its_own_for_what_is_not_public(laptop):
    planned = plan(laptop)
    gateway = member_of(planned, "gateway-2")
    told = settings_of(gateway, planned.settings, laptop.fleet)
    assert told.internal_listen == gateway.internal_address == "unix:/tmp/feedtwin-x/gateway-2.sock"


def test_a_gateway_has_a_place_where_its_neighbours_ask_it(laptop):
    planned = plan(laptop)
    gateway = member_of(planned, "gateway-2")
    told = settings_of(gateway, planned.settings, laptop.fleet)
    assert told.neighbours_listen == "unix:/tmp/feedtwin-x/gateway-2.in.sock"
    assert told.neighbours_listen == planned.settings.gateway_urls[1]


def test_there_is_one_edge_for_each_zone_and_each_knows_its_region(laptop):
    fleet = laptop.fleet.model_copy(update={"zones": 3, "regions": ("eu-west", "us-east")})
    planned = plan(laptop.model_copy(update={"fleet": fleet}))
    edges = [member for member in planned.members if member.station == "cdn"]
    assert [edge.zone for edge in edges] == ["zone-1", "zone-2", "zone-3"]
    dealt = ("zone-1=eu-west", "zone-2=us-east", "zone-3=eu-west")
    assert planned.settings.zone_regions == dealt


def test_each_shard_of_the_index_is_told_which_it_is_and_where_the_others_are(laptop):
    fleet = laptop.fleet.model_copy(update={"search": Index(shards=2)})
    planned = plan(laptop.model_copy(update={"fleet": fleet}))
    told = settings_of(member_of(planned, "search-2"), planned.settings, fleet)
    assert told.search_shard == 2
    assert told.search_urls[1] == told.listen


def test_everybody_else_answers_that_where_they_serve(laptop):
    planned = plan(laptop)
    for name in ("timeline-2", "fanout-1", "relay-1"):
        member = member_of(planned, name)
        told = settings_of(member, planned.settings, laptop.fleet)
        assert told.listen == member.internal_address == f"unix:/tmp/feedtwin-x/{name}.sock"
        assert told.internal_listen == ""


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
