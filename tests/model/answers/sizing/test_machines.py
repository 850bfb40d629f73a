"""Machines: what more people, more zones and the loss of one do to what a fleet needs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.answers.sizing.figures import given as figure
from model.answers.sizing.machines import roles_of
from model.answers.sizing.memory import memory_of
from model.answers.sizing.rates import rates_of
from model.answers.sizing.storage import storage_of
from model.answers.sizing.worked import Loads, Worked

LOADS = {
    "gateway": figure(10.0, "cores busy", "test"),
    "timeline_store": figure(3.0, "cores busy", "test"),
    "post_db": figure(7.0, "cores busy", "test"),
}


@pytest.fixture
def role(asked):
    """Return one role of the fleet with these changes, at given loads, however many zones."""

    def make(name, loads=LOADS, of_all=0.0, **changes):
        scenario = asked(**changes)
        mean, _ = rates_of(scenario, "no journeys are needed here")
        stored, memory = storage_of(scenario, mean), memory_of(scenario, mean)
        alike = Loads(busy=loads, of_all={name: of_all})
        worked = Worked(usually=alike, less_a_zone=alike, in_all=loads)
        roles = roles_of(scenario, worked, stored=stored, memory=memory)
        return next(r for r in roles if r.name == name)

    return make


def test_processes_are_so_many_that_each_is_busy_as_it_may_be(role):
    gateway = role("gateway", fleet={"gateway": {"instances": 20}})
    assert gateway.needed.value == 20  # 10 cores, half of each
    assert gateway.is_enough
    assert not role("gateway", fleet={"gateway": {"instances": 19}}).is_enough


@pytest.mark.parametrize(("zones", "needed"), [(2, 40), (3, 30), (4, 27), (8, 23)])
def test_with_a_zone_lost_the_others_bear_the_load(role, zones, needed):
    enough = role("gateway", fleet={"zones": zones, "gateway": {"instances": needed}})
    assert enough.needed_less_a_zone.value == needed
    assert enough.survives_a_zone
    # Dealt in turn, the fullest zone has the most, and what is left is still enough.
    assert needed - -(-needed // zones) >= enough.needed.value
    fewer = role("gateway", fleet={"zones": zones, "gateway": {"instances": needed - 1}})
    assert not fewer.survives_a_zone


def test_one_more_zone_never_makes_the_loss_of_one_dearer(role):
    costs = [role("gateway", fleet={"zones": z}).needed_less_a_zone.value for z in range(2, 9)]
    assert costs == sorted(costs, reverse=True)


def test_where_there_is_one_zone_its_loss_is_not_sized_for(role):
    alone = role("gateway")
    assert alone.survives_a_zone is None
    assert "nothing is left when it is lost" in alone.needed_less_a_zone.formula


def test_a_store_survives_a_zone_only_by_copies_in_another(role):
    enough = {"zones": 2, "machine": {"memory": "900 GB"}}
    copied = role("timeline_store", fleet=enough | {"timeline_store": {"shards": 8, "replicas": 2}})
    assert copied.survives_a_zone
    alone = role("timeline_store", fleet=enough | {"timeline_store": {"shards": 40, "replicas": 1}})
    assert alone.is_enough
    assert not alone.survives_a_zone


STORE = "timeline_store"
READS = {"mix": {"newsfeed": 1.0}, "requests_per_active_day": 864}
AMPLE = {"machine": {"memory": "9 TB"}, "timeline_store": {"shards": 4, "replicas": 2}}


def test_copies_in_two_zones_share_reads_and_the_one_that_is_left_does_them_all(sized):
    spread, alone = (
        next(r for r in sized(traffic=READS, fleet=AMPLE | zones).roles if r.name == STORE)
        for zones in ({"zones": 2}, {"zones": 1})
    )
    assert alone.resources[0].used.value == pytest.approx(2 * spread.resources[0].used.value)
    assert spread.needed.value == pytest.approx(alone.needed.value / 2, abs=2)
    assert spread.needed_less_a_zone.value == alone.needed.value


def test_the_scarcest_of_cores_memory_and_disk_says_how_many_servers_it_takes(role):
    assert role("timeline_store").binds == "memory"
    fleet = {"machine": {"memory": "900 GB"}}
    assert role("timeline_store", fleet=fleet).binds == "cores"
    assert role("timeline_store", fleet=fleet).needed.value == 2 * 6  # 3 cores, half of each
    tiny = {"machine": {"disk": "50 GB", "memory": "900 GB"}}
    assert role("post_db", fleet=tiny).binds == "disk"
    assert (
        role("post_db", fleet={"machine": {"disk": "90 TB", "memory": "900 GB"}}).binds
        == "connections"
    )


def test_what_is_too_full_is_not_enough_even_if_something_else_is_not_known(asked, learnt):
    from model.answers.sizing import sizing_of

    sizing = sizing_of(asked(), learnt(but={("newsfeed", "timeline_store")}))
    store = next(role for role in sizing.roles if role.name == "timeline_store")
    assert not store.needed.is_known
    assert store.is_enough is False
    assert store.binds == ""


STORES = ("user_store", "post_store", "timeline_store")
ONE_COPY = {store: {"replicas": 1} for store in STORES}
TWO_COPIES = {store: {"replicas": 2} for store in STORES}
ONE_HOST = {"placement": "shared", "cores": 4}


def test_processes_that_share_a_host_share_its_cores_memory_and_disk(sized):
    sizing = sized(fleet=ONE_COPY | ONE_HOST)
    host = sizing.roles[-1]
    assert [resource.what for resource in host.resources] == ["cores", "memory", "disk"]
    others = [r for role in sizing.roles[:-1] for r in role.resources if r.what != "threads"]
    alone = {each.role: each.used.value for each in others}
    assert host.resources[0].used.value == pytest.approx(sum(alone.values()))
    assert host.resources[0].each.value == 4


def test_a_shared_host_has_all_copies_and_does_the_writes_of_each(sized):
    one, two = (sized(fleet=copies | ONE_HOST).roles[-1] for copies in (ONE_COPY, TWO_COPIES))
    # Of reads, the broker and objects there is no more than before.
    for once, twice in zip(one.resources, two.resources, strict=True):
        assert once.used.value < twice.used.value < 2 * once.used.value, once.what


@settings(max_examples=25, deadline=None)
@given(st.floats(0.1, 100), st.floats(1, 50))
def test_more_load_never_needs_fewer(load, times):
    from model.answers.sizing.resources import GrowsWith, Resource

    def needed(cores):
        return Resource(
            role="gateway",
            what="cores",
            used=figure(cores, "cores busy", "test"),
            each=figure(1, "cores each", "test"),
            members=figure(4, "processes", "test"),
            full=figure(0.66, "busy at most", "test"),
            grows_with=GrowsWith.REQUESTS,
        ).needed.value

    assert needed(load * times) >= needed(load)


def test_more_users_never_need_fewer_machines(sized):
    small, large = sized(), sized(people={"users": "70 M"})
    for before, after in zip(small.roles, large.roles, strict=True):
        assert after.needed.value >= before.needed.value, before.name
    for name in ("timelines", "rows of users and follows, one copy", "cost of objects"):
        assert large.figure(name).value > small.figure(name).value
