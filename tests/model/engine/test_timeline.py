"""When what happens to the fleet, before any request comes."""

import numpy as np
import pytest
from scipy import stats

from model.engine import timeline
from model.engine.disruptions import ActionKind
from model.engine.network import Network
from model.engine.refusals import NetworkError
from model.world.counts import ConstantCount
from model.world.failures import (
    Again,
    Autoscale,
    CacheWipe,
    Crash,
    HostSlowDown,
    MessageLag,
    MessageLoss,
    Once,
    Resize,
    SlowDown,
    Spread,
    ZoneLoss,
)
from model.world.journeys import Delay, Journey
from model.world.laws import Constant, Exponential

CRASH, REPAIR, SPEED, HOST_SPEED, LOSS, LAG, SERVERS, WIPE, SPREAD, SCALE = ActionKind
UP_S, DOWN_S, MEMBERS, SPELLS = 10.0, 2.0, 200, 50
MISTAKEN = 1e-4  # how often a sound test of chance would fail, if the seed were not fixed


def network(members=2):
    """Station "a" with members from 0 on; and "b" after it, with one."""
    return (
        Network()
        .host("box", cores=2)
        .station("a", servers=4, members=members)
        .station("b", host="box")
        .link("cable", rtt=0.1)
        .link("radio", rtt=0.1, loss=0.25)
    )


def happening(*failures, until_s=100.0, parts=None, seed=1, replication=0):
    """(when, what, whom, how much) of all that happens, in order."""
    parts = parts or network()
    for failure in failures:
        parts.failure(failure)
    found = timeline.actions(parts.build(), seed=seed, replication=replication, until_s=until_s)
    return [(one.at_s, one.kind, one.target, one.value) for one in found]


def between(begin_s, end_s):
    return Once(at_s=begin_s, for_s=end_s - begin_s)


def crash(begin_s, end_s, **more):
    return Crash(station="b", when=between(begin_s, end_s), **more)


def slow(factor, begin_s, end_s, station="b"):
    return SlowDown(station=station, factor=factor, when=between(begin_s, end_s))


def test_what_happens_once_begins_and_ends():
    assert happening(crash(3.0, 5.0)) == [(3.0, CRASH, 2, 1.0), (5.0, REPAIR, 2, 0.0)]


def test_what_happens_for_good_never_ends():
    assert happening(Crash(station="b", when=Once(at_s=3.0))) == [(3.0, CRASH, 2, 1.0)]


def test_without_members_named_it_happens_to_all_of_the_station_and_to_no_other():
    when = Once(at_s=3.0)
    assert happening(Crash(station="a", when=when)) == [(3.0, CRASH, 0, 1.0), (3.0, CRASH, 1, 1.0)]
    assert happening(Crash(station="a", when=when, members=(1,))) == [(3.0, CRASH, 1, 1.0)]


@pytest.mark.parametrize(
    ("crashes", "down_s", "up_s"),
    [
        ([crash(1.0, 4.0), crash(2.0, 6.0)], 1.0, 6.0),
        ([crash(2.0, 3.0), crash(1.0, 6.0)], 1.0, 6.0),
        ([crash(1.0, 4.0), crash(1.0, 4.0)], 1.0, 4.0),
        ([crash(1.0, 4.0), crash(4.0, 6.0)], 1.0, 6.0),  # it is not up in between, for no time
    ],
)
def test_a_member_is_up_when_no_crash_holds_it_down(crashes, down_s, up_s):
    assert happening(*crashes) == [(down_s, CRASH, 2, 1.0), (up_s, REPAIR, 2, 0.0)]


def test_slow_downs_multiply_while_they_last():
    assert happening(slow(0.5, 1.0, 5.0), slow(0.25, 2.0, 6.0), slow(0.0, 3.0, 4.0)) == [
        (1.0, SPEED, 2, 0.5),
        (2.0, SPEED, 2, 0.125),
        (3.0, SPEED, 2, 0.0),
        (4.0, SPEED, 2, 0.125),
        (5.0, SPEED, 2, 0.25),
        (6.0, SPEED, 2, 1.0),
    ]


def test_after_slow_downs_the_speed_is_one_to_the_last_bit():
    factors = (0.1, 0.3, 0.7)
    ups = happening(*(slow(factor, 1.0 + factor, 5.0 - factor) for factor in factors))
    assert ups[-1] == (4.9, SPEED, 2, 1.0)


def test_slow_hosts_multiply_too_and_are_not_members():
    half, quarter = (
        HostSlowDown(host="box", factor=factor, when=Once(at_s=1.0)) for factor in (0.5, 0.25)
    )
    assert happening(half, quarter) == [(1.0, HOST_SPEED, 0, 0.125)]


def lossy(probability, begin_s, end_s, link="radio"):
    return MessageLoss(link=link, probability=probability, when=between(begin_s, end_s))


def test_a_link_loses_by_the_worst_of_what_happens_and_its_own():
    losses = lossy(0.5, 1.0, 5.0), lossy(0.75, 2.0, 3.0), lossy(0.125, 6.0, 7.0)
    assert happening(*losses) == [
        (1.0, LOSS, 1, 0.5),
        (2.0, LOSS, 1, 0.75),
        (3.0, LOSS, 1, 0.5),
        (5.0, LOSS, 1, 0.25),
    ]


def test_lags_add_up():
    lags = [
        MessageLag(link="cable", extra_s=extra_s, when=between(begin_s, end_s))
        for extra_s, begin_s, end_s in ((0.5, 1.0, 4.0), (0.25, 2.0, 3.0))
    ]
    assert happening(*lags) == [
        (1.0, LAG, 0, 0.5),
        (2.0, LAG, 0, 0.75),
        (3.0, LAG, 0, 0.5),
        (4.0, LAG, 0, 0.0),
    ]


def sized(servers, at_s):
    return Resize(station="a", servers=servers, at_s=at_s, members=(1,))


@pytest.mark.parametrize("backwards", [False, True])
def test_of_several_sizes_the_latest_counts_in_whatever_order_they_are_listed(backwards):
    sizes = [sized(3, 1.0), sized(0, 2.0), sized(4, 3.0), sized(4, 4.0), sized(7, 5.0)]
    assert happening(*(sizes[::-1] if backwards else sizes)) == [
        (1.0, SERVERS, 1, 3.0),
        (2.0, SERVERS, 1, 0.0),
        (3.0, SERVERS, 1, 4.0),
        (5.0, SERVERS, 1, 7.0),
    ]


def test_of_sizes_at_one_instant_the_last_that_is_listed_counts():
    assert happening(sized(3, 1.0), sized(5, 1.0)) == [(1.0, SERVERS, 1, 5.0)]


def test_what_changes_nothing_does_not_happen():
    assert happening(sized(4, 1.0), slow(1.0, 1.0, 2.0), lossy(0.25, 1.0, 2.0)) == []


def test_changes_at_one_instant_come_as_one():
    assert happening(slow(0.5, 1.0, 3.0), slow(0.25, 3.0, 4.0), slow(0.5, 3.0, 4.0)) == [
        (1.0, SPEED, 2, 0.5),
        (3.0, SPEED, 2, 0.125),
        (4.0, SPEED, 2, 1.0),
    ]
    assert happening(slow(0.5, 1.0, 3.0), slow(0.5, 3.0, 4.0)) == [
        (1.0, SPEED, 2, 0.5),
        (4.0, SPEED, 2, 1.0),
    ]


def test_what_is_shorter_than_a_clock_can_tell_does_not_happen():
    blink = Crash(station="b", when=Once(at_s=1e9, for_s=1e-9))
    assert happening(blink, until_s=2e9) == []


@pytest.mark.parametrize(
    ("until_s", "seen"), [(3.0, []), (3.5, [CRASH]), (5.0, [CRASH]), (5.5, [CRASH, REPAIR])]
)
def test_what_would_happen_at_the_end_of_the_run_or_later_does_not(until_s, seen):
    assert [kind for _, kind, _, _ in happening(crash(3.0, 5.0), until_s=until_s)] == seen


def test_at_one_instant_kinds_have_an_order_and_targets_within_them():
    failures = [
        sized(1, 2.0),
        MessageLag(link="cable", extra_s=0.5, when=Once(at_s=2.0)),
        lossy(0.5, 2.0, 3.0),
        HostSlowDown(host="box", factor=0.5, when=Once(at_s=2.0)),
        slow(0.5, 2.0, 3.0, station="b"),
        slow(0.5, 2.0, 3.0, station="a"),
        Crash(station="b", when=between(1.0, 2.0)),
        Crash(station="a", when=Once(at_s=2.0)),
    ]
    at_two = [(kind, target) for at_s, kind, target, _ in happening(*failures) if at_s == 2.0]
    assert at_two == [
        (CRASH, 0), (CRASH, 1), (REPAIR, 2), (SPEED, 0), (SPEED, 1), (SPEED, 2),
        (HOST_SPEED, 0), (LOSS, 1), (LAG, 0), (SERVERS, 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "down"),
    [
        # Copy r of shard s stands in zone s + r, modulo 3; members 0..5 are (0, 0), (0, 1), (1, 0),
        # (1, 1), (2, 0), (2, 1) of "store", and 6..9 the shards of "web".
        (0, {0, 5, 6, 9}),
        (1, {1, 2, 7}),
        (2, {3, 4, 8}),
    ],
)
def test_a_lost_zone_takes_down_exactly_the_members_that_stand_in_it(zone, down):
    parts = Network().station("store", members=3, replicas=2).station("web", members=4).zones(3)
    lost = happening(ZoneLoss(zone=zone, when=between(1.0, 2.0)), parts=parts)
    assert {target for at_s, kind, target, _ in lost if (at_s, kind) == (1.0, CRASH)} == down
    assert {target for at_s, kind, target, _ in lost if (at_s, kind) == (2.0, REPAIR)} == down
    assert len(lost) == 2 * len(down)


def test_a_zone_that_comes_back_does_not_repair_what_has_crashed_besides():
    parts = Network().station("web", members=4).zones(2)
    besides = Crash(station="web", when=between(2.0, 5.0), members=(1,))
    assert happening(ZoneLoss(zone=1, when=between(1.0, 3.0)), besides, parts=parts) == [
        (1.0, CRASH, 1, 1.0),
        (1.0, CRASH, 3, 1.0),
        (3.0, REPAIR, 3, 0.0),
        (5.0, REPAIR, 1, 0.0),
    ]


def test_what_comes_again_begins_anew_after_it_has_ended():
    when = Again(every=Constant(value=3.0), lasting=Constant(value=1.0))
    assert happening(Crash(station="b", when=when), until_s=11.5) == [
        (3.0, CRASH, 2, 1.0),
        (4.0, REPAIR, 2, 0.0),
        (7.0, CRASH, 2, 1.0),
        (8.0, REPAIR, 2, 0.0),
        (11.0, CRASH, 2, 1.0),
    ]


def test_what_lasts_no_time_never_happens():
    when = Again(every=Constant(value=3.0), lasting=Constant(value=0.0))
    assert happening(Crash(station="b", when=when)) == []


BREAKING = Crash(
    station="a", when=Again(every=Exponential(mean=UP_S), lasting=Exponential(mean=DOWN_S))
)


@pytest.fixture(scope="module")
def spells():
    """Up and down times, in seconds: a row per member, its first spells in order."""
    # Long enough that no member has fewer: 50 spells take 600 s on average, deviation 72 s.
    changes = happening(BREAKING, until_s=1_500.0, parts=network(members=MEMBERS))
    of_member = [
        np.diff([0.0] + [at_s for at_s, _, target, _ in changes if target == member])
        for member in range(MEMBERS)
    ]
    first = np.array([lengths_s[: 2 * SPELLS] for lengths_s in of_member])
    return first[:, 0::2], first[:, 1::2]


@pytest.mark.parametrize(("which", "mean_s"), [(0, UP_S), (1, DOWN_S)])
def test_up_and_down_times_have_the_laws_that_were_asked_for(spells, which, mean_s):
    lengths_s = spells[which].ravel()
    assert stats.kstest(lengths_s, stats.expon(scale=mean_s).cdf).pvalue > MISTAKEN
    half_width_s = stats.norm.isf(MISTAKEN / 2) * lengths_s.std() / np.sqrt(lengths_s.size)
    assert lengths_s.mean() == pytest.approx(mean_s, abs=half_width_s)
    assert half_width_s < 0.05 * mean_s, "too noisy to prove anything"


def test_every_member_has_luck_of_its_own(spells):
    up_s, _ = spells
    assert len(np.unique(up_s[:, 0])) == MEMBERS
    assert stats.kstest(up_s[:, 0], stats.expon(scale=UP_S).cdf).pvalue > MISTAKEN
    # Were members alike in anything, the means of their sums would vary more than chance allows.
    sums_s = up_s.sum(axis=0)
    assert sums_s.std() < 2 * UP_S * np.sqrt(MEMBERS)


def test_down_times_do_not_depend_on_the_up_times_before_them(spells):
    up_s, down_s = spells
    assert stats.spearmanr(up_s.ravel(), down_s.ravel()).pvalue > MISTAKEN
    assert stats.spearmanr(up_s[:, :-1].ravel(), up_s[:, 1:].ravel()).pvalue > MISTAKEN


def test_the_same_happens_whatever_is_asked_of_the_fleet_and_whatever_else_is_in_it():
    busy = network().station("c", members=5)
    busy.journey(Journey(name="walk", steps=Delay(time=Constant(value=1.0))))
    busy.arrivals("walk", rate_per_s=5.0)
    assert happening(BREAKING, parts=busy) == happening(BREAKING)


def test_a_longer_run_begins_as_the_shorter_one():
    short, long = happening(BREAKING, until_s=50.0), happening(BREAKING, until_s=500.0)
    assert 0 < len(short) < len(long)
    assert long[: len(short)] == short


@pytest.mark.parametrize("other", [{"seed": 2}, {"replication": 1}])
def test_another_run_has_other_luck(other):
    assert not {at_s for at_s, *_ in happening(BREAKING)} & {
        at_s for at_s, *_ in happening(BREAKING, **other)
    }


def test_two_breakdowns_of_one_member_have_luck_of_their_own():
    once, twice = happening(BREAKING), happening(BREAKING, BREAKING)
    assert {at_s for at_s, *_ in twice} - {at_s for at_s, *_ in once}


def test_more_breakdowns_than_anybody_can_mean_are_refused(monkeypatch):
    monkeypatch.setattr(timeline, "SPELLS_MAX", 25)
    when = Again(every=Constant(value=3.0), lasting=Constant(value=1.0))
    often = Crash(station="b", when=when)
    assert len(happening(often, until_s=4.0 * 25)) == 49  # the 25th repair comes too late
    with pytest.raises(NetworkError, match="more than 25 disruptions of one target"):
        happening(often, until_s=4.0 * 25 + 3.5)


def test_each_wipe_of_a_cache_happens_and_those_of_one_instant_are_one():
    parts = network().keys("page", law=ConstantCount(count=0)).cache("c", keys="page", capacity=1)
    wipes = [CacheWipe(cache="c", at_s=at_s) for at_s in (5.0, 3.0, 5.0)]
    assert happening(*wipes, parts=parts) == [(3.0, WIPE, 0, 1.0), (5.0, WIPE, 0, 1.0)]


def test_shards_are_spread_when_their_number_changes():
    spreads = [
        Spread(station="a", shards=n, at_s=at_s) for n, at_s in ((1, 3.0), (1, 4.0), (2, 5.0))
    ]
    assert happening(*spreads) == [(3.0, SPREAD, 0, 1.0), (5.0, SPREAD, 0, 2.0)]


def test_a_scaled_station_is_looked_at_at_multiples_before_the_end():
    scale = Autoscale(
        station="b", every_s=0.3, busy_target=0.5, start_up_s=0.0, copies_min=1, copies_max=1
    )
    looks = [(look * 0.3, SCALE, 0, 0.0) for look in (1, 2, 3)]
    assert happening(scale, until_s=1.2) == looks
    assert happening(scale, until_s=0.3) == []
