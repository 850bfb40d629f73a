"""Retries that keep a service down after a stall is over, and what brings it up again.

One queue that serves 100 per second stands still for ten seconds.  Callers wait half a second and
try again twice at once; what they have abandoned is served nevertheless.  Requests that meet a
queue longer than that cost three services each, so beyond 100 / 3 per second the queue feeds
itself: the stall ends, and nobody is answered ever again (N. Bronson et al., "Metastable Failures
in Distributed Systems", HotOS 2021).
"""

from dataclasses import dataclass

import pytest

from model.engine.codes import Outcome
from model.engine.engines import Engine
from model.engine.network import Network
from model.engine.parts import FIRST_COME, Queue
from model.engine.replications import replicate
from model.world.failures import Once, SlowDown
from model.world.journeys import Backoff, Budget, Call, Journey, Visit
from model.world.laws import Constant, Exponential

SEEDS = 8
STALL_S, STALL_END_S = 60.0, 70.0
SOON_S, LATER_S = (60.0, 120.0), (390.0, 510.0)  # after the stall
AT_ONCE = Backoff()

GOOD, SLOW, GONE = "recovers", "recovers slowly", "stays at nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    queue: Queue = FIRST_COME
    retries: int = 2
    backoff: Backoff = AT_ONCE
    budget: Budget | None = None


# What happens at 25, 30, 50 and 70 requests per second.
RATES_PER_S = 25, 30, 50, 70
TABLE = {
    "nothing": (Protection(), GOOD, SLOW, GONE, GONE),
    "backoff with jitter": (
        Protection(backoff=Backoff(base_s=0.1, jitter=True)), GOOD, SLOW, GONE, GONE,
    ),
    "no retries": (Protection(retries=0), GOOD, GOOD, GOOD, GOOD),
    "a queue of 40": (Protection(queue=Queue(limit=40)), GOOD, GOOD, GOOD, GOOD),
    "skipping what is stale": (Protection(queue=Queue(drop_expired=True)), GOOD, GOOD, GOOD, GOOD),
    "the newest first": (Protection(queue=Queue(order="lifo")), GOOD, GOOD, GOOD, GOOD),
    "a retry budget of 10 %": (Protection(budget=Budget(ratio=0.1)), GOOD, GOOD, GOOD, GOOD),
}  # fmt: skip
CELLS = [
    pytest.param(protection, rate_per_s, fate, id=f"{name}-{rate_per_s}-{fate}")
    for name, (protection, *fates) in TABLE.items()
    for rate_per_s, fate in zip(RATES_PER_S, fates, strict=True)
]


def program(protection, rate_per_s):
    call = Call(
        steps=Visit(station="service", work=Exponential(mean=0.01)),
        deadline=Constant(value=0.5),
        retries=protection.retries,
        backoff=protection.backoff,
        budget=protection.budget,
    )
    stall = Once(at_s=STALL_S, for_s=STALL_END_S - STALL_S)
    network = Network().station("service", queue=protection.queue)
    network.journey(Journey(name="request", steps=call))
    network.arrivals("request", rate_per_s=rate_per_s)
    return network.failure(SlowDown(station="service", factor=0.0, when=stall)).build()


def goodput(run, span_s):
    """Share of requests answered of those that arrived so long after the stall."""
    begin_s, end_s = (STALL_END_S + edge_s for edge_s in span_s)
    requests = run.requests
    then = (requests.arrived_s >= begin_s) & (requests.arrived_s < end_s)
    return float((requests.outcome[then] == Outcome.DONE).mean())


def goodputs(protection, rate_per_s, spans_s, engine=Engine.COMPILED, seeds=SEEDS):
    """Goodput in each span (first) and for each seed (last); ten seconds more for late answers."""
    found = replicate(
        program(protection, rate_per_s),
        lambda run: [goodput(run, span_s) for span_s in spans_s],
        seed=1,
        until_s=STALL_END_S + spans_s[-1][1] + 10.0,
        replications=seeds,
        keep_visits=False,
        engine=engine,
    )
    return list(zip(*found, strict=True))


@pytest.mark.parametrize(("protection", "rate_per_s", "fate"), CELLS)
def test_what_becomes_of_a_service_after_a_stall(protection, rate_per_s, fate):
    soon, later = goodputs(protection, rate_per_s, (SOON_S, LATER_S))
    if fate == GONE:
        assert max(soon + later) <= 0.01
    elif fate == SLOW:
        assert sum(soon) / SEEDS < 0.9
        assert min(later) >= 0.99
    else:
        assert min(soon + later) >= 0.99


@pytest.mark.parametrize(("name", "fate"), [("nothing", GONE), ("a queue of 40", GOOD)])
def test_the_engine_to_read_says_the_same(name, fate):
    protection, *_ = TABLE[name]
    (soon,) = goodputs(protection, 70, (SOON_S,), engine=Engine.SIMPY, seeds=2)
    assert max(soon) <= 0.01 if fate == GONE else min(soon) >= 0.99


def test_without_a_stall_the_unprotected_service_is_good_at_all_these_rates():
    span_s = (-STALL_END_S + 10.0, -STALL_END_S + STALL_S - 2.0)  # before it
    protection, *_ = TABLE["nothing"]
    for rate_per_s in RATES_PER_S:
        assert min(goodputs(protection, rate_per_s, (span_s,))[0]) >= 0.99
