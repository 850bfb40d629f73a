"""What a request goes through, as data: a tree of a few kinds of step.

A journey can be drawn, bounded on paper, executed by any engine, and matched by name to what the
services measure.  Every step has a path, such as `newsfeed/each/post_db`: the journey, then the
name of each step around it, then its own.  A step is named by its station or its kind unless it
is given a name; among equal neighbours the second becomes `post_db-2`.  Paths are what chance
and records refer to: adding a step elsewhere changes neither.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TypeAlias

from model.world.attributes import Count, Probability, Time
from model.world.keys import RANDOM, Key
from model.world.laws import Constant, Law

PRIORITIES = 8  # classes of urgency at a station: 0 goes first, 7 last
_NOTHING = Constant(value=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Queue at one member of a station, and be served there for `work` seconds.

    `key` says which shard, as `world.keys` has it.
    `replica` says which copy of the shard: "primary" (the first that is up), "any" (the station's
    balancing chooses), "nearest" (any of those in the request's own zone, or the nearest that has
    one), or a number.
    `priority` is 0 (first) to 7 (last) at stations that go by it.
    """

    station: str
    work: Time
    key: Key = RANDOM
    replica: str | int = "primary"
    priority: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A visit with the work of `count` items: `base` once, and `per_item` for each, in seconds."""

    station: str
    base: Law
    per_item: Law
    count: Count
    key: Key = RANDOM
    replica: str | int = "primary"
    priority: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Write to a shard with replicas: to the primary first, then to all others at once.

    Goes on as soon as `acks` copies have it: 1 is asynchronous, all of them synchronous.  Copies
    that are known to be down are left out, and not waited for.
    """

    station: str
    work: Time
    acks: int
    key: Key = RANDOM
    priority: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Queue for a server of a station, keep it while taking the steps, and give it back.

    A connection, a worker's slot, a semaphore: it is not at work itself, but nobody else has it.
    """

    station: str
    steps: Steps
    key: Key = RANDOM
    replica: str | int = "primary"
    priority: int = 0
    name: str = "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """Let time pass, in seconds, that nobody else has to wait for."""

    time: Time
    name: str = "delay"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Send a message of `size` bytes one way over a link (`Network.link`)."""

    link: str
    size: Time = _NOTHING  # bytes
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """Begin all branches at once, and go on when `need` of them have succeeded (None: all).

    Branches that are then still under way go on unheeded.  When too many have failed for
    `need` to be reached, the step fails at once.
    """

    branches: tuple[Steps, ...]
    need: int | None = None
    name: str = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForEach:
    """Begin `count` legs of the same steps, and go on when `need` have succeeded (None: all).

    At most `at_once` of them run at the same time (0: all); 1 is one after another.  The rest
    is as for `AllOf`; if there are fewer legs than `need`, all of them are needed.  A later leg
    begins when any other has ended; `in_lanes`, when the one that is `at_once` before it has.
    """

    count: Count
    body: Steps
    at_once: int = 0
    in_lanes: bool = False
    need: int | None = None
    name: str = "each"


@dataclass(frozen=True, slots=True, kw_only=True)
class WithProbability:
    """Take the steps of `then` with this probability, and none otherwise.

    An `Attribute` is the probability of each request: at 0 never, at 1 or above always.
    """

    p: Probability
    then: Steps
    name: str = "maybe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cached:
    """Ask a cache (`Network.cache`) for a key of its set; on a miss take the steps, and store it.

    The key is the one that visits by the name of the same set have in this leg.  With single
    flight, whoever misses what another is fetching waits for that one, and fails with it.
    """

    cache: str
    miss: Steps
    member: Key = RANDOM
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How long to wait before a retry: `base_s` times `factor` per retry before, at most `cap_s`.

    With jitter, anything from 0 to that, equally likely ("full jitter").
    """

    base_s: float = 0.0
    factor: float = 2.0
    cap_s: float = 60.0
    jitter: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Retries allowed per first attempt, all requests of the step together, saved up to `burst`."""

    ratio: float
    burst: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """Refuse all calls of the step for `open_s` after so many failures in a row.

    Then one call is let through: if it succeeds all are again, if it fails none are for as long.
    """

    failures: int
    open_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Take the steps as an attempt that may fail or come late, and be tried again.

    An attempt that has not ended `deadline` seconds after it began is given up: what it began
    goes on without anybody waiting for it, or takes no further step if `cancels` (the deadline
    travels along).  Then, or when it has failed, another one begins after the backoff, at most
    `retries` times, within the budget, and while the calls around it have time left.
    `hedge_after` seconds without an answer, or a failure, begin a second attempt beside the first,
    that goes to another copy; the first to succeed is the answer (J. Dean and L. A. Barroso, "The
    Tail at Scale", CACM 2013; N. Eisen and E. Gribkoff, "gRPC Retry Design", gRPC proposal A6,
    2017, section "Hedging Policy").
    When the last attempt has failed, or the breaker refuses, the steps of `otherwise` are taken
    instead, if there are any; the call then ends as they do.
    """

    steps: Steps
    deadline: Time | None = None
    retries: int = 0
    backoff: Backoff = Backoff()
    budget: Budget | None = None
    hedge_after: Law | None = None
    breaker: Breaker | None = None
    cancels: bool = False
    otherwise: Steps = ()
    name: str = "call"


@dataclass(frozen=True, slots=True, kw_only=True)
class Emit:
    """Start another journey, with the attributes of this request, and do not wait for it."""

    journey: str
    name: str = ""


Step: TypeAlias = (
    Visit
    | Batch
    | Write
    | Hold
    | Delay
    | Link
    | AllOf
    | ForEach
    | WithProbability
    | Cached
    | Call
    | Emit
)
Steps: TypeAlias = Step | tuple[Step, ...]  # one step, or several one after another


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """The steps of one kind of request, or of one asynchronous activity."""

    name: str
    steps: Steps


def sequence(steps: Steps) -> tuple[Step, ...]:
    """Return the steps one after another, also if there is only one."""
    return steps if isinstance(steps, tuple) else (steps,)


def own_name(step: Step) -> str:
    """Return the name of a step, before equal neighbours are told apart."""
    match step:
        case Visit(station=place) | Batch(station=place) | Write(station=place):
            return step.name or place
        case Link(link=place) | Cached(cache=place):
            return step.name or place
        case Emit(journey=journey, name=name):
            return name or f"emit_{journey}"
        case _:
            return step.name


def names_among(steps: tuple[Step, ...]) -> list[str]:
    """Return the last parts of the paths of neighbouring steps.

    >>> names_among((Emit(journey="a"), Emit(journey="b"), Emit(journey="a")))
    ['emit_a', 'emit_b', 'emit_a-2']
    """
    seen: Counter[str] = Counter()
    names = []
    for name in map(own_name, steps):
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return names
