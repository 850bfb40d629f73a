"""Simulated years against closed forms, and against a fleet followed thing by thing."""

from dataclasses import replace
from heapq import heapify, heappop, heappush

import numpy as np
import pytest

from model.answers.availability import closed_forms
from model.answers.availability.components import Members, system_of
from model.answers.availability.needs import Need
from model.answers.availability.outages import YEAR_S
from model.answers.availability.years import simulate
from model.world.scenario import Endpoint

DAY_S, HOUR_S = 86_400.0, 3_600.0
OFTEN = {"every": "20 d", "repair": "10 h"}
AT_ONCE = {"links": {"noticed_after": "0 s"}}
GATEWAYS = {"gateway": {"instances": 2}, **AT_ONCE}


def lost_in(scenario, endpoint=Endpoint.FOLLOW, **options):
    years = options.pop("years", 400)
    found = simulate(system_of(scenario, **options), years=years, seed=11)
    return [losses.of(endpoint) for losses in found.repetitions]


def agrees(values, exact, interval, *, within):
    low, high = interval(values)
    assert low <= exact <= high
    assert high - low < 2 * within * exact, "too noisy to prove anything"


def members(count, *, every_s=20 * DAY_S, **given):
    return Members(name="it", count=count, every_s=every_s, repair_s=10 * HOUR_S, **given)


def test_bad_changes_cost_what_they_do_on_paper(quiet, interval):
    lost = lost_in(quiet(incidents={"per_year": 10, "lasting": "5 min"}))
    agrees(lost, 1 - closed_forms.after_outages(10, 300), interval, within=0.1)


def test_four_zone_losses_a_year_cost_a_third_for_half_a_minute_each(quiet, interval):
    fleet = {"zones": 3, "links": {"noticed_after": "30 s"}}
    for name in ("gateway", "follow", "user"):
        fleet[name] = {"instances": 3}
    for name in ("user_store", "timeline_store"):
        fleet[name] = {"replicas": 3, "failover": "0 s"}
    zone = {"every": f"{3 / 4 * YEAR_S / DAY_S} d", "repair": "1 h"}
    lost = lost_in(quiet(fleet=fleet, zone=zone))
    agrees(lost, 1 - closed_forms.after_outages(4, 30, 1 / 3), interval, within=0.15)


def test_services_in_series_are_as_available_as_their_product(quiet, interval):
    # Gateway, follow and user, one of each: a follow needs all three.
    fleet = {"gateway": {"instances": 1}, **AT_ONCE}
    one = closed_forms.availability(20 * DAY_S, 10 * HOUR_S)
    lost = lost_in(quiet(fleet=fleet, instance=OFTEN))
    agrees(lost, 1 - closed_forms.series([one] * 3), interval, within=0.1)


def only_gateways(quiet, count, needed, **failing):
    """Time in which fewer than `needed` gateways are up; nothing else is needed."""
    fleet = {"gateway": {"instances": count}, **AT_ONCE}
    instance = {"every": "5 d", "repair": "10 h"}
    scenario = quiet(fleet=fleet, instance=instance, **failing)
    system = system_of(scenario, busy={"gateway": needed / count})
    alone = replace(system, needs={Endpoint.FOLLOW: (Need(station="gateway"),)})
    found = simulate(alone, years=400, seed=12, felt_min=0.0)
    return [1 - losses.well_share for losses in found.repetitions]


@pytest.mark.parametrize("crews", [0, 1, 2])
def test_three_of_five_are_up_as_often_as_machine_repair_says(quiet, interval, crews):
    lost = only_gateways(quiet, 5, 3, repair_crews=crews)
    its = members(5, every_s=5 * DAY_S, crews=crews)
    agrees(lost, 1 - closed_forms.k_of_members(3, its), interval, within=0.25)


def test_two_that_fail_together_now_and_then_are_worse_than_independent(quiet, interval):
    lost = lost_in(
        quiet(fleet=GATEWAYS, mix="login", instance=OFTEN, common_cause=0.1), Endpoint.LOGIN
    )
    # A login needs both gateway and user; the one user service has no other to fail with.
    user = closed_forms.availability(20 * DAY_S, 10 * HOUR_S)
    gateways = closed_forms.k_of_members(1, members(2, common_share=0.1))
    agrees(lost, 1 - user * gateways, interval, within=0.1)
    independent = closed_forms.parallel([user] * 2)
    assert interval(lost)[0] > 1 - user * independent


@pytest.mark.parametrize(("copies", "acks"), [(1, 1), (2, 1), (3, 2)])
def test_writes_of_a_key_are_those_of_a_shard_on_paper(quiet, interval, copies, acks):
    store = {"shards": 4, "replicas": copies, "acks": acks, "failover": "10 min"}
    scenario = quiet(fleet={"user_store": store}, server=OFTEN, mix={"login": 0.5, "follow": 0.5})
    found = simulate(system_of(scenario), years=400, seed=13)
    readable = closed_forms.shard_readable(members(copies))
    writable = closed_forms.shard_writable(members(copies), 600.0, acks)
    sessions = closed_forms.shard_readable(members(1))
    assert writable < readable or copies == 1
    reads = [losses.of(Endpoint.LOGIN) for losses in found.repetitions]
    writes = [losses.of(Endpoint.FOLLOW) for losses in found.repetitions]
    # A login reads two keys and writes a session, a follow writes two and reads a session.
    # Of two keys, one in four times both are on the same of four shards.
    for lost, shard in ((reads, readable), (writes, writable)):
        both = shard / 4 + shard**2 * 3 / 4
        agrees(lost, 1 - both * sessions, interval, within=0.1)


def ups_and_downs(rng, every_s, repair_s, span_s):
    """Yield the instants at which one thing goes down, up, down, ..."""
    now_s, is_up = 0.0, True
    while (now_s := now_s + rng.exponential(every_s if is_up else repair_s)) < span_s:
        yield now_s
        is_up = not is_up


def thing_by_thing(rng, gateway_every_s, span_s):
    """Follow every zone, gateway and server of two zones by itself; return the failing share."""
    things: dict[tuple[str, object], tuple[float, float]] = {
        **{("zone", z): (60 * DAY_S, DAY_S) for z in range(2)},
        **{("gateway", i): (gateway_every_s, 10 * HOUR_S) for i in range(2)},
        **{("server", (s, c)): (20 * DAY_S, 10 * HOUR_S) for s in range(3) for c in range(2)},
    }
    events = [(t, key) for key, law in things.items() for t in ups_and_downs(rng, *law, span_s)]
    heapify(events)
    heappush(events, (span_s, ("zone", 0)))
    down: set[tuple[str, object]] = set()
    before_s = lost_s = 0.0
    while events:
        now_s, key = heappop(events)
        lost_s += (now_s - before_s) * failing(down)
        before_s = now_s
        down ^= {key}
    return lost_s / span_s


def failing(down):
    def is_up(key, zone):
        return key not in down and ("zone", zone) not in down

    if not any(is_up(("gateway", i), i % 2) for i in range(2)):
        return 1.0
    readable = [any(is_up(("server", (s, c)), (s + c) % 2) for c in range(2)) for s in range(3)]
    return 1 - np.mean(readable) ** 2  # a login reads two keys


@pytest.mark.parametrize("gateways_fail_every_d", [20, 100_000])
def test_zones_copies_and_instances_are_those_of_a_fleet_followed_thing_by_thing(
    quiet, gateways_fail_every_d
):
    fleet = {
        "zones": 2,
        "gateway": {"instances": 2},
        "user": {"instances": 2_000},  # never all down beside a zone
        "user_store": {"shards": 3, "replicas": 2, "failover": "0 s"},
        "timeline_store": {"replicas": 8, "failover": "0 s"},  # and with it the session store
        **AT_ONCE,
    }
    zone = {"every": "60 d", "repair": "1 d"}
    instance = {"every": f"{gateways_fail_every_d} d", "repair": "10 h"}
    scenario = quiet(fleet=fleet, mix="login", instance=instance, server=OFTEN, zone=zone)
    simulated = lost_in(scenario, Endpoint.LOGIN)
    rng = np.random.default_rng(3)
    followed = [thing_by_thing(rng, gateways_fail_every_d * DAY_S, 25 * YEAR_S) for _ in range(20)]
    difference = np.mean(simulated) - np.mean(followed)
    error = np.sqrt(np.var(simulated, ddof=1) / 20 + np.var(followed, ddof=1) / 20)
    assert abs(difference) < 3.5 * error
    assert error < 0.05 * np.mean(followed), "too noisy to prove anything"


def test_the_same_seed_lives_through_the_same_years(quiet):
    scenario = quiet(instance=OFTEN)
    assert lost_in(scenario, years=20) == lost_in(scenario, years=20)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"years": 0}, "years must be positive, got 0"),
        ({"years": 1, "repetitions": 1}, "repetitions must be at least 2, got 1"),
        ({"years": 1, "felt_min": 1.0}, r"felt_min must be in \[0, 1\), got 1.0"),
    ],
)
def test_years_that_nobody_can_simulate_are_refused(quiet, options, complaint):
    with pytest.raises(ValueError, match=complaint):
        simulate(system_of(quiet()), seed=1, **options)
