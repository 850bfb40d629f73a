"""What the test of equality draws contains everything, so that it cannot be true of nothing."""

from collections import Counter

import numpy as np
import pytest
from described_networks import how_to_run, network_of
from hypothesis import HealthCheck, given, settings
from independent import independent
from random_networks import descriptions

from model.engine import compiled_engine
from model.engine.codes import (
    Balancing,
    Discipline,
    Key,
    Kind,
    OnCrash,
    Outcome,
    Replica,
    StreamKind,
)
from model.engine.compiled.encoding import pools_of
from model.engine.disruptions import ActionKind
from model.engine.timeline import actions

PROGRAMS = 300
LEAST = 10  # programs with each thing

OPTIONS = {
    "a host": lambda program: program.stations.host >= 0,
    "several servers": lambda program: program.stations.servers > 1,
    "a bounded queue": lambda program: program.stations.queue_max >= 0,
    "no room to wait": lambda program: program.stations.queue_max == 0,
    "lifo above": lambda program: program.stations.lifo_above > 0,
    "drop expired": lambda program: program.stations.drop_expired > 0,
    "batches": lambda program: program.stations.batch_max > 1,
    "overhead": lambda program: program.stations.overhead >= 0,
    "polls": lambda program: program.stations.poll_s > 0,
    "crashes that are noticed later": lambda program: program.stations.noticed_after_s > 0,
    "primaries that are replaced later than a loss is noticed": lambda program: (
        program.stations.failover_s > program.stations.noticed_after_s
    ),
    "primaries that are replaced sooner": lambda program: (
        program.stations.failover_s < program.stations.noticed_after_s
    ),
    "plain stations": lambda program: program.stations.plain > 0,
    "weights": lambda program: [len(weights) > 0 for weights in program.stations.weights],
    "items": lambda program: program.steps.base >= 0,
    "the second copy": lambda program: program.steps.replica == 1,
    "any copy": lambda program: program.steps.replica == Replica.ANY,
    "the nearest copy": lambda program: program.steps.replica == Replica.NEAREST,
    "the primary copy": lambda program: program.steps.replica == Replica.PRIMARY,
    "the other copies": lambda program: program.steps.replica == Replica.FOLLOWER,
    "a copy by key": lambda program: copies_by_key(program).any(),
    "a probability of the request": lambda program: (
        (program.steps.kind == Kind.MAYBE) & (program.steps.attribute >= 0)
    ),
    "autoscaling": lambda program: [bool(program.scalings)],
    "autoscaling that never shrinks": lambda program: [not all_shrink(program)],
    "none needed": lambda program: program.steps.need == 0,
    "some needed": lambda program: program.steps.need == 1,
    "one after another": lambda program: program.steps.at_once == 1,
    "lanes": lambda program: program.steps.in_lanes > 0,
    "one lane": lambda program: (program.steps.in_lanes > 0) & (program.steps.at_once == 1),
    "lanes of a fork of which only some are needed": lambda program: (
        (program.steps.in_lanes > 0) & (program.steps.need > 0)
    ),
    "priorities": lambda program: program.steps.priority > 0,
    "retries": lambda program: program.calls.retries > 0,
    "a backoff": lambda program: program.calls.base_s > 0,
    "jitter": lambda program: program.calls.jitter > 0,
    "a budget": lambda program: program.calls.budget_ratio >= 0,
    "hedges": lambda program: program.calls.hedge_law >= 0,
    "breakers": lambda program: program.calls.breaker_failures > 0,
    "calls that cancel": lambda program: program.calls.cancels > 0,
    "steps taken otherwise": lambda program: taken_otherwise(program).any(),
    "members of caches": lambda program: program.caches.members > 1,
    "keys that expire": lambda program: np.isfinite(program.caches.ttl_s),
    "single flight": lambda program: program.caches.single_flight > 0,
    "lossy links": lambda program: program.links.loss > 0,
    "zones": lambda program: [program.zones > 1],
    "zones at several distances": lambda program: program.zone_ranks > 1,
    "zones of requests": lambda program: [program.zone_attribute >= 0],
    "forks in one event": lambda program: pools_of(program, [])["steps"]["collapses"] > 0,
    "arrivals in batches": lambda program: [stream.batch >= 0 for stream in program.streams],
    "periods": lambda program: [np.isfinite(stream.period_s) for stream in program.streams],
}
RESULTS = {
    "hits": lambda run: run.hits > 0,
    "more copies in use": lambda run: changes_of_copies(run) > 0,
    "fewer copies in use": lambda run: changes_of_copies(run) < 0,
    "misses": lambda run: run.misses > 0,
    "emitted requests": lambda run: run.requests.parent >= 0,
    "many attempts": lambda run: run.requests.attempts > 1,
    "visits in legs": lambda run: run.visits.leg > 0,
    "visits in second attempts": lambda run: run.visits.attempt % 256 > 1,
    "waiting": lambda run: run.visits.started_s > run.visits.arrived_s,
    "services that take longer than their work": lambda run: (
        run.visits.done_s - run.visits.started_s > run.visits.work_s + 0.1
    ),
    "equal instants": lambda run: np.diff(np.sort(run.visits.done_s)) == 0,
}


def hedged_pairs(run):
    """First attempts of hedged reads, and the hedges beside them: rows of visits."""
    visits, calls = run.visits, run.program.steps.call
    hedged = np.flatnonzero(run.program.steps.kind == Kind.CALL)
    hedged = hedged[run.program.calls.hedge_law[calls[hedged]] >= 0]
    rows = {}
    for row in np.flatnonzero(np.isin(visits.step, hedged + 1)).tolist():
        place = (visits.request[row], visits.step[row], visits.leg[row], visits.attempt[row])
        rows[tuple(map(int, place))] = row
    pairs = [
        (row, rows[request, step, leg, attempt + 1])
        for (request, step, leg, attempt), row in rows.items()
        if attempt % 256 == 1 and (request, step, leg, attempt + 1) in rows
    ]
    return np.array(pairs, np.int64).reshape(-1, 2).T


def hedges_at_another_copy(run):
    first, hedge = hedged_pairs(run)
    return run.visits.member[first] != run.visits.member[hedge]


def hedges_begun_by_a_failure(run):
    first, hedge = hedged_pairs(run)
    visits = run.visits
    failed = np.isin(visits.outcome[first], (Outcome.REFUSED, Outcome.LOST))
    return failed & (visits.arrived_s[hedge] == visits.done_s[first])


def taken_otherwise(program):
    """Whether each step is one that is taken only when a call around it has failed."""
    steps, inside = program.steps, np.zeros(len(program.steps.kind), bool)
    for call in np.flatnonzero(steps.kind == Kind.CALL):
        inside[steps.otherwise[call] : steps.end[call]] = True
    return inside


def copies_by_key(program):
    """Whether each step chooses a copy at random, by a key of the request."""
    steps, stations = program.steps, program.stations
    at_random = stations.balancing[steps.station] == Balancing.RANDOM
    chosen = np.isin(steps.replica, (Replica.ANY, Replica.NEAREST))
    return chosen & at_random & (steps.key == Key.REQUEST)


def all_shrink(program):
    return all(scaling.shrinks for scaling in program.scalings)


def changes_of_copies(run):
    copies = run.copies_in_use
    each = [copies.count[copies.station == station] for station in np.unique(copies.station)]
    return np.concatenate([np.empty(0, np.int64), *map(np.diff, each)])


RESULTS |= {
    "hedges at another copy": hedges_at_another_copy,
    "hedges begun by a failure": hedges_begun_by_a_failure,
    "visits made otherwise": lambda run: taken_otherwise(run.program)[run.visits.step],
}


@pytest.fixture(scope="module")
def seen():
    """How many of the programs drawn have each thing, or show it when they run."""
    counted: Counter[str] = Counter()

    @settings(
        max_examples=PROGRAMS,
        derandomize=True,
        backend=independent(),
        deadline=None,
        database=None,
        # Each is run as well, and nothing fails here that could be made smaller.
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(description=descriptions())
    def count(description):
        program, how = network_of(description).build(), how_to_run(description)
        run = compiled_engine.simulate(program, **how)
        counted.update(words_in(program) | words_shown(run) | words_of_actions(program, how))

    count()
    return counted


def words_in(program):
    steps, stations = program.steps, program.stations
    choosing = np.isin(steps.kind, (Kind.VISIT, Kind.HOLD))
    cached = steps.kind == Kind.CACHED
    return (
        names_in(Kind, steps.kind)
        | names_in(Key, steps.key[choosing])
        | {f"{key} of a cache" for key in names_in(Key, steps.key[cached])}
        | names_in(Discipline, stations.discipline)
        | names_in(Balancing, stations.balancing)
        | names_in(OnCrash, stations.on_crash)
        | {named(stream.kind) for stream in program.streams}
        | showing(OPTIONS, program)
    )


def words_shown(run):
    return (
        {f"{outcome} of requests" for outcome in names_in(Outcome, run.requests.outcome)}
        | {f"{outcome} of visits" for outcome in names_in(Outcome, run.visits.outcome)}
        | showing(RESULTS, run)
    )


def words_of_actions(program, how):
    return {named(action.kind) for action in actions(program, **how)}


def names_in(enum, column):
    return {named(enum(value)) for value in np.unique(column).tolist()}


def named(word):
    """Name a word, because words of different kinds may be equal: all are numbers."""
    return f"{type(word).__name__}.{word.name}"


def showing(questions, subject):
    return {what for what, holds in questions.items() if np.any(holds(subject))}


@pytest.mark.parametrize(
    "enum", [Kind, Key, Discipline, Balancing, OnCrash, StreamKind, ActionKind]
)
def test_every_word_of_the_grammar_is_drawn(seen, enum):
    rare = {word: seen[named(word)] for word in enum if seen[named(word)] < LEAST}
    assert not rare, f"of {PROGRAMS} programs so few have these: {rare}"


def test_every_key_of_a_cache_is_drawn(seen):
    few = {key: seen[f"{named(key)} of a cache"] for key in Key}
    rare = {key: count for key, count in few.items() if count < LEAST}
    assert not rare, f"of {PROGRAMS} programs so few have these: {rare}"


def test_every_option_is_drawn(seen):
    rare = {option: seen[option] for option in OPTIONS if seen[option] < LEAST}
    assert not rare, f"of {PROGRAMS} programs so few have these: {rare}"


def test_every_outcome_and_effect_shows(seen):
    outcomes = [f"{named(one)} of {what}" for what in ("requests", "visits") for one in Outcome]
    shown = [*RESULTS, *outcomes]
    rare = {effect: seen[effect] for effect in shown if seen[effect] < LEAST}
    assert not rare, f"in the runs of {PROGRAMS} programs these are so few: {rare}"
