"""The share of requests answered in time over all states, against queues and independent fates."""

import math
from itertools import pairwise

import numpy as np
import pytest

from model.answers.availability import availability_of
from model.answers.availability.joined import (
    InState,
    Joined,
    Source,
    joined_of,
    over_states,
    sources_of,
)
from model.answers.availability.losses import SEVERAL
from model.answers.availability.state_runs import Shortfall
from model.answers.availability.states import ALL_WELL, State
from model.answers.questions import simulated
from model.answers.statistics import Interval, over_replications
from model.rules.targets import Verdict
from model.world.scenario.events import Crash
from model.world.scenario.fleet import Edges, Index, Instances


def in_state(answer, name):
    return next(one for one in answer.in_states if one.state.name == name)


@pytest.fixture(scope="module")
def module_joined():
    """What was answered before, by what was asked: runs take time."""
    return {}


@pytest.fixture
def joined(logins, module_joined):
    def of(users, **more):
        key = users, *more.items()
        if key not in module_joined:
            module_joined[key] = joined_of(*logins(users, **more))
        return module_joined[key]

    return of


def test_answers_in_time_are_those_of_each_queue_as_often_as_it_is_so_small(joined, late_share):
    answer = joined(3)
    chances = {one.state.name: one.state.probability for one in answer.in_states}
    left = {ALL_WELL: 3, "user: one down": 2}
    lost = math.fsum(chances[name] * late_share(150 / users) for name, users in left.items())
    # Of the rest it is known that no more than all of it is late: some 1 % of the time.
    rest = 1 - sum(chances[name] for name in left)
    assert rest < 0.015
    assert answer.late_or_failed.low <= lost + rest
    assert answer.late_or_failed.high >= lost
    # It is not as if all were always well.
    assert answer.late_or_failed.low > 1.1 * late_share(150 / 3)


def test_where_the_others_cannot_take_the_load_fewer_are_answered_in_time_than_at_all(
    logins, joined
):
    scenario, _ = logins(2, rate=120)
    answer = joined(2, rate=120, duration="4 s", replications=6)
    one_down = in_state(answer, "user: one down")
    # The one left has two threads for the work of 2.4, and falls further and further back.
    assert one_down.shortfall.late_or_failed.low > 0.8
    lost = one_down.state.probability * one_down.shortfall.late_or_failed.low
    assert answer.late_or_failed.low > lost > 0.05
    assert availability_of(scenario).lost.high < 0.01


def test_on_paper_the_load_is_that_of_the_run_in_which_all_is_well(joined):
    # 120 a second of 20 ms are 2.4 of three instances: two of them leave a sixth.
    answer = joined(3, works_at="user", rate=120, replications=12)
    failing = in_state(answer, "user: one down").state.failing_share
    assert failing == pytest.approx(1 - 2 / 2.4, rel=0.2)
    assert in_state(joined(3), "user: one down").state.failing_share < 0.001


def test_what_was_simulated_is_said(logins):
    said: list[str] = []
    joined_of(*logins(2, duration="1 s", replications=2), report=said.append, runs_max=2)
    assert said == ["simulating logins, all well", "simulating logins, user: one down"]


def test_what_is_too_rare_to_be_run_is_bounded_by_all(logins):
    answer = joined_of(*logins(2, duration="1 s", replications=2), runs_max=1)
    one_down = in_state(answer, "user: one down")
    assert one_down.source is Source.BOUND
    assert one_down.shortfall.late_or_failed.high == 1
    assert answer.late_or_failed.high > one_down.state.probability


def levels(rng, members, *, every_s, repair_s, until_s):
    """How many of equal members are down from when on: a birth and death process."""
    now_s, down, changes = 0.0, rng.binomial(members, repair_s / (every_s + repair_s)), []
    while now_s < until_s:
        changes.append((now_s, int(down)))
        fails, repairs = (members - down) / every_s, down / repair_s
        now_s += rng.exponential(1 / (fails + repairs))
        down += 1 if rng.random() < fails / (fails + repairs) else -1
    return [*changes, (until_s, 0)]


def crashes(station, changes):
    """The same as events: the first `n` members are down as long as `n` or more are."""
    since_s = {}
    for (_, before), (at_s, down) in pairwise([(0.0, 0), *changes]):
        for level in range(before, down):
            since_s[level + 1] = at_s
        for level in range(down, before):
            begun_s = since_s.pop(level + 1)
            crash = Crash(kind="crash", station=station, members=level + 1)
            yield crash.model_copy(update={"at": begun_s, "lasts": at_s - begun_s})


@pytest.mark.verify
def test_states_weighted_by_how_likely_they_are_agree_with_a_fleet_that_lives_through_them(
    logins, joined, late_share
):
    scenario, calibration = logins(3, warmup="2 s", duration="198 s", replications=2)
    rng, lost = np.random.default_rng(20261126), []
    for _ in range(8):
        gone = levels(rng, 3, every_s=300, repair_s=10, until_s=200)
        gates = levels(rng, 101, every_s=300, repair_s=10, until_s=200)
        events = (*crashes("user", gone), *crashes("password", gone), *crashes("gateway", gates))
        lived = scenario.model_copy(update={"events": events})
        lost.append(simulated(lived, calibration).numbers["all.late"].value)
    seen, answer = over_replications(lost), joined(3)
    assert seen.low <= answer.late_or_failed.high
    assert seen.high >= answer.late_or_failed.low
    assert seen.low > late_share(150 / 3), "as if nothing ever failed"


def share(value, low, high):
    return Interval(value=value, low=low, high=high, confidence=0.95, n=1, method="given")


CRASH = (Crash(kind="crash", station="search"),)


def state(name, probability, failing=0.0, events=CRASH):
    return State(name=name, probability=probability, failing_share=failing, events=events)


def given(name, probability, late, source=Source.RUN, **more):
    shortfall = Shortfall(failed=share(0.0, 0.0, 0.0), late_or_failed=share(*late))
    return InState(state=state(name, probability, **more), source=source, shortfall=shortfall)


# A fleet of which half is something whole.
EVEN = {
    name: Instances(instances=count)
    for name, count in {"gateway": 102, "user": 4, "follow": 2, "post": 2, "media": 2,
                        "timeline": 2, "fanout": 2, "pipeline": 2}.items()
} | {"cdn": Edges(instances=2), "search": Index(shards=2)}  # fmt: skip


def late(one):
    return one.late_or_failed


@pytest.mark.parametrize("source", [Source.BOUND, Source.MORE])
def test_independent_runs_are_added_in_squares_and_bounds_as_they_are(source):
    found = over_states(
        [
            given(ALL_WELL, 0.8, (0.1, 0.0, 0.2), events=()),
            given("run", 0.1, (0.5, 0.1, 0.8)),
            given("bound", 0.1, (0.3, 0.3, 1.0), source=source),
        ],
        late,
    )
    assert found.value == pytest.approx(0.08 + 0.05 + 0.03)
    assert found.low == pytest.approx(found.value - math.hypot(0.08, 0.04))
    assert found.high == pytest.approx(found.value + math.hypot(0.08, 0.03) + 0.07)


def test_what_is_on_paper_has_the_luck_of_all_well():
    found = over_states(
        [
            given(ALL_WELL, 0.8, (0.5, 0.4, 0.6), events=()),
            given("incidents", 0.2, (0.5, 0.4, 0.6), source=Source.PAPER, events=()),
        ],
        late,
    )
    assert (found.low, found.high) == pytest.approx((0.4, 0.6))


def test_a_share_ends_at_nothing_and_at_all():
    found = over_states([given(ALL_WELL, 1.0, (0.5, -1.0, 2.0), events=())], late)
    assert (found.low, found.high) == (0, 1)


STATES = [
    state(ALL_WELL, 0.9, events=()),
    state("often", 0.05),
    state("seldom", 0.04),
    state("sure", 0.005, failing=1 - 1e-12),
    state("incidents", 0.004, failing=0.5, events=()),
    state("never", 1e-9),
    state(SEVERAL, 0.001 - 1e-9, events=()),
]


def test_the_likeliest_states_are_run_and_the_negligible_never(quiet):
    assert sources_of(STATES, quiet(), runs_max=9) == {
        ALL_WELL: Source.RUN,
        "often": Source.RUN,
        "seldom": Source.RUN,
        "sure": Source.PAPER,
        "incidents": Source.PAPER,
        "never": Source.BOUND,
        SEVERAL: Source.BOUND,
    }


def test_no_more_are_run_than_are_allowed(quiet):
    sources = sources_of(STATES, quiet(), runs_max=1)
    assert [name for name, source in sources.items() if source is Source.RUN] == [ALL_WELL, "often"]
    assert sources["seldom"] is Source.BOUND


def test_what_a_slice_can_only_overstate_is_bounded_by_its_run(quiet):
    scenario = quiet()
    runs = scenario.simulation.model_copy(update={"slice": 4})
    sliced = scenario.model_copy(update={"simulation": runs})
    assert sources_of(STATES, sliced)["often"] is Source.MORE


def test_a_slice_says_what_is_lost_at_most_where_less_is(logins):
    scenario, calibration = logins(4, rate=200, replications=6)
    fleet = scenario.fleet.model_copy(update=EVEN)
    runs = scenario.simulation.model_copy(update={"slice": 2})
    sliced = scenario.model_copy(update={"fleet": fleet, "simulation": runs})
    one_down = in_state(joined_of(sliced, calibration, runs_max=2), "user: one down")
    # Half of a slice of two is down, so that the other falls back; of four it would be a quarter.
    assert one_down.source is Source.MORE
    assert one_down.shortfall.late_or_failed.value < 0.1
    assert one_down.shortfall.late_or_failed.high > 0.9


def test_answered_and_in_time_are_both_judged_by_the_target():
    answer = Joined(
        in_states=(), failed=share(1e-5, 0.0, 5e-5), late_or_failed=share(1e-3, 5e-4, 2e-3),
        target=0.9999,
    )  # fmt: skip
    assert answer.verdict(answer.failed) is Verdict.PASS
    assert answer.verdict(answer.late_or_failed) is Verdict.MISS
