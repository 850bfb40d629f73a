import itertools

import numpy as np
import pytest

from model.answers.availability.components import Members, Pool, Shards, dealt
from model.answers.availability.counts import Counted
from model.answers.availability.needs import Access, Need
from model.answers.availability.unanswered import any_of, moving, shards_lost, unanswered, unnoticed

NO_ZONE: frozenset[int] = frozenset()


def members(count):
    return Members(name="it", count=count, every_s=1e6, repair_s=600.0)


def store(*, shards=3, copies=2, acks=1, zones=3):
    return Shards(
        members=members(shards * copies),
        shards=shards,
        copies=copies,
        acks=acks,
        failover_s=15.0,
        zones=zones,
    )


def counted(*failures_per_s):
    shares = np.full(len(failures_per_s), 1 / len(failures_per_s))
    return Counted(time_share=shares, failures_per_s=np.asarray(failures_per_s))


def lost_by_enumeration(of, down, zones_down, copies_needed):
    """Average over all choices of `down` servers which share of shards has too few copies up."""
    servers = [(shard, copy) for shard in range(of.shards) for copy in range(of.copies)]
    shares = []
    for dead in itertools.combinations(servers, down):
        up = [
            sum(
                (shard, copy) not in dead and (shard + copy) % of.zones not in zones_down
                for copy in range(of.copies)
            )
            for shard in range(of.shards)
        ]
        shares.append(np.mean([n < copies_needed for n in up]))
    return np.mean(shares)


def lost_on_paper(of, access, zones_down, levels):
    by_zones, by_chance = shards_lost(of, access, frozenset(zones_down), counted(*[0] * levels))
    return by_zones + (1 - by_zones) * by_chance


@pytest.mark.parametrize("zones_down", [set(), {0}, {0, 2}, {0, 1, 2}])
@pytest.mark.parametrize(("copies", "acks"), [(1, 1), (2, 1), (3, 1), (3, 2), (3, 3)])
def test_shards_are_lost_as_often_as_all_choices_of_servers_say(copies, acks, zones_down):
    of = store(copies=copies, acks=acks)
    for access, needed in ((Access.READ, 1), (Access.WRITE, acks)):
        found = lost_on_paper(of, access, zones_down, 4)
        expected = [lost_by_enumeration(of, down, zones_down, needed) for down in range(4)]
        assert found == pytest.approx(expected)


def test_copies_in_fewer_zones_than_copies_share_one():
    of = store(shards=2, copies=3, zones=2)
    found = lost_on_paper(of, Access.READ, {0}, 3)
    assert found[0] == 0
    assert found == pytest.approx([lost_by_enumeration(of, down, {0}, 1) for down in range(3)])


def test_a_page_of_twenty_posts_meets_one_lost_shard_of_a_hundred_as_any_of_twenty_does():
    assert any_of(0.01, 20) == pytest.approx(1 - 0.99**20)


def met_by_enumeration(of, down, keys):
    """Average over all choices of servers, and of shards for keys, which requests fail."""
    servers = [(shard, copy) for shard in range(of.shards) for copy in range(of.copies)]
    shares = []
    for dead in itertools.combinations(servers, down):
        lost = sum(
            all((shard, copy) in dead for copy in range(of.copies)) for shard in range(of.shards)
        )
        shares.append(1 - (1 - lost / of.shards) ** keys)
    return np.mean(shares)


@pytest.mark.parametrize("copies", [1, 2, 3])
@pytest.mark.parametrize("keys", [1, 2, 20])
def test_a_request_meets_lost_shards_as_often_as_all_choices_say(copies, keys):
    of, levels = store(shards=4, copies=copies), copies + 1
    found = unanswered(of, Need(station="it", keys=keys), NO_ZONE, counted(*[0] * levels))
    expected = [met_by_enumeration(of, down, keys) for down in range(levels)]
    # Exact but for the chance that a few servers lose two shards.
    assert found == pytest.approx(expected, rel=0.08)


def test_a_request_meets_what_zones_lost_key_by_key():
    of = store(shards=3, copies=1)
    found = unanswered(of, Need(station="it", keys=2), frozenset({0}), counted(0))
    assert found == pytest.approx([1 - (2 / 3) ** 2])


def pool(count, needed=1.0, zones=3):
    return Pool(members=members(count), per_zone=dealt(count, zones), needed=needed)


def test_one_instance_left_takes_all_where_capacity_is_not_looked_at():
    failing = unanswered(pool(3), Need(station="it"), NO_ZONE, counted(0, 0, 0, 0))
    assert failing == pytest.approx([0, 0, 0, 1])


def test_without_headroom_a_lost_zone_fails_the_excess():
    # Twelve instances, ten of them busy; eight are left, and take eight tenths.
    failing = unanswered(pool(12, needed=10), Need(station="it"), frozenset({1}), counted(0))
    assert failing == pytest.approx([0.2])


@pytest.mark.parametrize("down", [0, 1, 2, 3])
def test_instances_down_may_stand_in_the_lost_zone(down):
    of = pool(5, needed=3)
    zones = [0, 1, 2, 0, 1]
    shares = [
        max(0.0, 1 - sum(zones[i] != 0 and i not in dead for i in range(5)) / 3)
        for dead in itertools.combinations(range(5), down)
    ]
    found = unanswered(of, Need(station="it"), frozenset({0}), counted(0, 0, 0, 0))
    assert found[down] == pytest.approx(np.mean(shares))


def test_of_a_great_many_down_about_as_many_are_in_the_lost_zone_as_of_all():
    of, many = pool(6_000, needed=4_000), counted(*[0] * 2_001)
    found = unanswered(of, Need(station="it"), frozenset({0}), many)[-1]
    assert found == pytest.approx(1 - 4_000 * 2 / 3 / 4_000, rel=1e-6)
    # As an exact sum has it, for fewer.
    few, fewer = pool(600, needed=400), counted(*[0] * 201)
    exact = unanswered(few, Need(station="it"), frozenset({0}), fewer)[-1]
    assert found == pytest.approx(exact, rel=1e-6)


def test_only_those_who_need_it_fail():
    failing = unanswered(pool(1), Need(station="it", share=0.4), NO_ZONE, counted(0, 0))
    assert failing == pytest.approx([0, 0.4])


def test_until_it_is_noticed_requests_still_go_to_an_instance_that_is_down():
    # One failure in 1000 s with all four up, noticed long before it is repaired.
    passing = unnoticed(pool(4), counted(1e-3, 0), noticed_after_s=5.0)
    assert passing.failing_share == pytest.approx(1 / 4)
    assert passing.time_share == pytest.approx(5e-3, rel=0.01)


def test_what_is_repaired_before_it_is_noticed_fails_no_longer():
    passing = unnoticed(pool(4), counted(1e-4, 0), noticed_after_s=1e9)
    assert passing.time_share == pytest.approx(1e-4 * 600)


def test_the_last_instance_is_not_counted_twice():
    assert unnoticed(pool(1), counted(1e-3, 0), noticed_after_s=5.0).failing_share == 0


def test_more_failures_than_there_is_time_fail_more_at_once():
    passing = unnoticed(pool(4), counted(1.0, 0), noticed_after_s=2.0)
    assert passing.time_share == 1
    assert passing.failing_share == pytest.approx(0.5, rel=0.01)


def test_one_server_in_three_takes_the_writes_of_its_shard():
    passing = moving(store(shards=10, copies=3), counted(1e-3, 0))
    assert passing.failing_share == pytest.approx(1 / 3 / 10)


def test_a_shard_of_one_copy_moves_nowhere():
    passing = moving(store(copies=1), counted(1e-3, 0))
    assert (passing.time_share, passing.failing_share) == (0, 0)
