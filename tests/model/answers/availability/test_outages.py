import pytest

from model.answers.availability.components import system_of
from model.answers.availability.outages import (
    NONE,
    YEAR_S,
    Cause,
    Phase,
    first_order,
    lived_through,
    seen_in,
    zones_down,
)
from model.answers.availability.years import stream
from model.world.scenario import ScenarioError

ZONES = {"every": "100 d", "repair": "10 h"}


def share_of(shares, holds):
    return sum(share for troubles, share in shares.items() if holds(troubles))


def is_down(zone):
    return lambda troubles: zone in zones_down(troubles)


def has(cause, phase):
    return lambda troubles: any(t.cause is cause and t.phase is phase for t in troubles)


def lives(system, n=20, years=50):
    return [lived_through(system, years * YEAR_S, stream(7, i, "outages")) for i in range(n)]


@pytest.fixture
def zonal(quiet):
    fleet = {"zones": 3, "links": {"noticed_after": "60 s"}}
    fleet["user_store"] = {"replicas": 2, "failover": "300 s"}
    return system_of(quiet(fleet=fleet, zone=ZONES))


def test_a_zone_is_down_as_often_as_its_times_say(zonal, interval):
    low, high = interval([share_of(life, is_down(1)) for life in lives(zonal)])
    assert low <= 10 / (100 * 24 + 10) <= high
    assert high - low < 0.35 * 10 / 2410


@pytest.mark.parametrize(("phase", "seconds"), [(Phase.UNNOTICED, 60.0), (Phase.FAILOVER, 300.0)])
def test_the_phases_of_a_loss_last_as_long_as_said(zonal, interval, phase, seconds):
    losses_per_s = 3 / (2410 * 3600)
    low, high = interval([share_of(life, has(Cause.ZONE, phase)) for life in lives(zonal)])
    assert low <= losses_per_s * seconds <= high * 1.01  # some are over before
    assert high - low < 0.2 * losses_per_s * seconds


def test_shares_of_time_add_up_to_all_of_it(zonal):
    assert sum(lives(zonal, n=1)[0].values()) == pytest.approx(1)
    assert sum(first_order(zonal).values()) == pytest.approx(1)


def test_on_paper_each_zone_is_down_for_its_share_alone(zonal):
    shares = first_order(zonal)
    assert share_of(shares, is_down(2)) == pytest.approx(10 / 2410)
    unnoticed = share_of(shares, has(Cause.ZONE, Phase.UNNOTICED))
    assert unnoticed == pytest.approx(3 * 60 / (2410 * 3600), rel=0.01)
    roots = [{trouble.root for trouble in troubles} for troubles in shares]
    assert max(map(len, roots)) == 1


def test_a_region_takes_all_of_its_zones_and_no_others(quiet):
    fleet = {"zones": 5, "regions": ["eu-west", "us-east"]}
    system = system_of(quiet(fleet=fleet, region=ZONES))
    lost = {zones_down(troubles) for troubles in first_order(system)}
    assert lost == {frozenset(), frozenset({0, 2, 4}), frozenset({1, 3})} | {
        frozenset({zone}) for zone in range(5)
    }


def test_outages_that_must_meet_have_no_paper(quiet):
    half = {"every": "10 h", "repair": "10 h"}
    assert first_order(system_of(quiet(fleet={"zones": 1}, zone=half)))[NONE] == pytest.approx(0.5)
    with pytest.raises(ScenarioError, match=r"none of them strikes, got 1.5 of all time"):
        first_order(system_of(quiet(fleet={"zones": 3}, zone=half)))


def test_incidents_come_as_often_as_said(quiet, interval):
    system = system_of(quiet(incidents={"per_year": 50, "lasting": "1 h"}))
    shares = [share_of(life, has(Cause.INCIDENT, Phase.DOWN)) for life in lives(system)]
    low, high = interval(shares)
    assert low <= 50 / (50 + 24 * 365.25) <= high
    assert high - low < 0.1 * 50 / 8766


def test_components_of_one_have_no_common_cause(quiet):
    fleet = {"gateway": {"instances": 2}, "follow": {"instances": 1}}
    failing = {"common_cause": 0.5, "instance": ZONES}
    troubles = {t for one in first_order(system_of(quiet(fleet=fleet, **failing))) for t in one}
    common = {trouble.which for trouble in troubles if trouble.cause is Cause.COMMON}
    assert "gateway" in common
    assert "follow" not in common


def test_what_no_request_needs_strikes_nobody(quiet):
    fleet = {"timeline": {"instances": 8}}
    failing = {"common_cause": 0.5, "instance": ZONES}
    troubles = {t for one in first_order(system_of(quiet(fleet=fleet, **failing))) for t in one}
    assert "timeline" not in {trouble.which for trouble in troubles}


def test_only_what_has_struck_was_seen(zonal):
    assert seen_in({NONE: 1.0}) == set()
    assert seen_in(lives(zonal, n=1)[0]) == {(Cause.ZONE, "", zone) for zone in range(3)}
