import pytest

from model.answers.availability.components import Pool, Shards, dealt, system_of
from model.answers.availability.needs import Access
from model.world.scenario import Endpoint, ScenarioError


def test_instances_are_dealt_over_zones_in_turn():
    assert dealt(8, 3) == (3, 3, 2)
    assert dealt(1, 3) == (1, 0, 0)


def test_zones_are_dealt_over_regions_in_turn(quiet):
    fleet = {"zones": 3, "regions": ["eu-west", "us-east"]}
    assert system_of(quiet(fleet=fleet)).region_of_zone == ("eu-west", "us-east", "eu-west")


def test_a_store_has_a_server_for_each_copy_of_each_shard(quiet):
    store = {"shards": 5, "replicas": 3, "acks": 2, "failover": "20 s"}
    found = system_of(quiet(fleet={"user_store": store})).components["user_db"]
    assert isinstance(found, Shards)
    assert (found.members.count, found.copies, found.acks, found.failover_s) == (15, 3, 2, 20.0)


def test_sessions_are_copied_as_timelines_are(quiet):
    fleet = {"placement": "dedicated", "gateway": {"instances": 7}}
    fleet["timeline_store"] = {"shards": 3, "replicas": 2}
    found = system_of(quiet(fleet=fleet)).components["session_store"]
    assert isinstance(found, Shards)
    assert (found.shards, found.copies) == (7, 2)


def test_a_busy_pool_needs_as_many_instances_as_are_busy(quiet):
    fleet = {"gateway": {"instances": 10}}
    found = system_of(quiet(fleet=fleet), busy={"gateway": 0.55}).components["gateway"]
    assert isinstance(found, Pool)
    assert found.needed == pytest.approx(5.5)


def test_crews_and_common_causes_come_from_the_scenario(quiet):
    fleet = {"gateway": {"instances": 2}, "user": {"instances": 1}}
    components = system_of(quiet(fleet=fleet, repair_crews=3, common_cause=0.2)).components
    assert components["gateway"].members.crews == 3
    assert components["gateway"].members.common_share == 0.2
    assert components["user"].members.common_share == 0  # there are no others to take along


def test_without_falling_back_a_page_needs_the_timeline_store(quiet):
    with_it, without = (
        system_of(quiet(mix="newsfeed"), falls_back=falls_back) for falls_back in (True, False)
    )
    assert "timeline_store" not in with_it.needed
    assert "timeline_store" in without.needed


def test_a_page_reads_as_many_keys_as_it_has_posts(quiet):
    scenario = quiet(mix="newsfeed")
    needs = system_of(scenario).needs[Endpoint.NEWSFEED]
    (posts,) = [need for need in needs if need.station == "post_db"]
    assert (posts.keys, posts.access) == (scenario.policy.page_limit, Access.READ)


def test_recorded_traffic_has_no_mix_to_weigh_by(quiet):
    scenario = quiet()
    recorded = scenario.model_copy(
        update={"traffic": scenario.traffic.model_validate({"recorded": {"file": "a.csv"}})}
    )
    with pytest.raises(ScenarioError, match=r"traffic\.mix: .* it is empty"):
        system_of(recorded)


def test_a_pool_cannot_be_busier_than_all_of_its_time(quiet):
    with pytest.raises(ScenarioError, match=r"busy: .* got 1\.2 of gateway"):
        system_of(quiet(), busy={"gateway": 1.2})


def test_not_every_failure_can_be_one_of_all(quiet):
    with pytest.raises(ScenarioError, match=r"availability\.common_cause: must be below 1"):
        system_of(quiet(common_cause=1.0))
