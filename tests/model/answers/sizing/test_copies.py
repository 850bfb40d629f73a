"""Copies: who serves which share of the reads of a shard, and that each does all writes."""

import numpy as np
import pytest

from model.answers.sizing.copies import done_at_busiest, done_in_all, read_shares

ALL = [(zones, copies) for zones in range(1, 6) for copies in range(1, 6)]


def share(done):
    return done["timeline_store"].reads[0].value


@pytest.mark.parametrize(("zones", "copies"), ALL)
def test_every_read_is_served_once(asked, zones, copies):
    shares = read_shares(asked(fleet={"zones": zones}), copies)
    assert shares.shape == (zones, copies)
    assert shares.sum(axis=1) == pytest.approx(np.ones(zones))


@pytest.mark.parametrize(("zones", "copies"), [each for each in ALL if 1 < each[1] <= each[0]])
def test_copies_in_as_many_zones_of_a_region_share_reads_evenly(asked, zones, copies):
    assert read_shares(asked(fleet={"zones": zones}), copies) == pytest.approx(1 / copies)


def test_in_one_zone_the_first_copy_serves_all(asked):
    scenario = asked()
    assert read_shares(scenario, 3).tolist() == [[1, 0, 0]]
    assert done_at_busiest(scenario)["timeline_store"].reads == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"policy": {"protections": {"hedge_after": "1 s"}}},
        {"fleet": {"gateway": {"instances": 2, "autoscaling": {"max": 4}}}},
    ],
)
def test_in_one_zone_any_copy_serves_where_copies_are_chosen(asked, changes):
    assert share(done_at_busiest(asked(**changes))) == pytest.approx(1 / 2)


def test_two_copies_in_one_of_two_zones_share_what_the_third_serves_alone(asked):
    shares = read_shares(asked(fleet={"zones": 2}), 3)
    assert shares == pytest.approx(np.array([[1 / 4, 1 / 2, 1 / 4]] * 2))


def test_each_region_reads_at_the_copy_in_it(asked):
    people = {"regions": {"eu-west": 0.7, "us-east": 0.3}}
    scenario = asked(people=people, fleet={"zones": 2, "regions": ["eu-west", "us-east"]})
    assert read_shares(scenario, 2) == pytest.approx(np.array([[0.7, 0.3], [0.3, 0.7]]))
    assert share(done_at_busiest(scenario)) == pytest.approx(0.7)


@pytest.mark.parametrize(("zones", "copies", "left"), [(2, 2, 1), (3, 2, 1), (3, 3, 2), (4, 3, 2)])
def test_with_a_zone_lost_the_copies_that_are_left_share_them(asked, zones, copies, left):
    fleet = {"zones": zones, "timeline_store": {"replicas": copies}}
    done = done_at_busiest(asked(fleet=fleet), zone_is_lost=True)["timeline_store"]
    assert (done.reads[0].value if done.reads else 1) == pytest.approx(1 / left)
    lost = read_shares(asked(fleet=fleet), copies, lost=(0,))
    assert lost.sum(axis=1) == pytest.approx(np.ones(zones))
    assert lost[0, 0] == 0


def test_a_shard_of_which_no_copy_is_left_serves_nobody(asked):
    shares = read_shares(asked(fleet={"zones": 2}), 1, lost=(0,))
    assert shares.tolist() == [[0], [1]]


def test_each_copy_does_all_writes(asked):
    done = done_in_all(asked())
    assert {name: each.writes[0].value for name, each in done.items()} == {
        "user_db": 2, "post_db": 3, "timeline_store": 2,
    }  # fmt: skip
    assert all(not each.writes for each in done_at_busiest(asked()).values())


def test_what_has_one_copy_does_all_once(asked):
    fleet = {store: {"replicas": 1} for store in ("user_store", "post_store", "timeline_store")}
    assert done_at_busiest(asked(fleet=fleet | {"zones": 2})) == {}
