"""Calls in SimPy: attempts with deadlines, hedges, retries, budgets and breakers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from math import inf

from model.engine.codes import NONE, At, Draw, Outcome
from model.engine.program import Program
from model.engine.simpy_clock import Moment
from model.engine.simpy_steps import delay_order
from model.engine.simpy_walks import Step, Walk, Walks
from model.engine.stations import (
    attempt_of,
    backoff_s,
    breaker_opens,
    tokens_after_attempt,
)
from model.world.chance import unit


class _State(Enum):
    CLOSED = 0
    OPEN = 1
    HALF_OPEN = 2


class Breaker:
    """Refuses the rounds of one step while too many failed."""

    def __init__(self, *, failures: int, open_s: float) -> None:
        self._failures_max, self._open_s = failures, open_s
        self._state, self._failures, self._until_s = _State.CLOSED, 0, 0.0

    def lets_through(self, now_s: float) -> bool:
        """Say whether a round may begin; the first after the pause is for trial."""
        if self._state is _State.CLOSED:
            return True
        if self._state is _State.HALF_OPEN or now_s < self._until_s:
            return False
        self._state = _State.HALF_OPEN
        return True

    def succeeded(self) -> None:
        """Count a round that has succeeded."""
        self._state, self._failures = _State.CLOSED, 0

    def failed(self, now_s: float) -> None:
        """Count a round that has failed."""
        self._failures += 1
        if breaker_opens(self._failures, self._failures_max, self._state is _State.HALF_OPEN):
            self._state, self._until_s = _State.OPEN, now_s + self._open_s


class Budget:
    """Retries that the first attempts of one step have paid for."""

    def __init__(self, *, ratio: float, burst: float) -> None:
        self._ratio, self._burst, self._tokens = ratio, burst, 0.0

    def first_attempt(self) -> None:
        """Add what a first attempt is worth."""
        self._tokens = tokens_after_attempt(self._tokens, self._ratio, self._burst)

    def takes_retry(self) -> bool:
        """Take a token, if there is a whole one."""
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How the attempts of one step are repeated: a row of `program.Calls`."""

    retries: int
    base_s: float
    factor: float
    cap_s: float
    jitter: bool
    budget: Budget | None
    hedge: Callable[[float], float] | None
    breaker: Breaker | None
    cancels: bool


@dataclass(slots=True, kw_only=True, eq=False)
class Call:
    """One walk at a call."""

    walk: Walk
    step: Step
    terms: Terms
    begun: int = 0  # attempts
    failed: int = 0  # rounds

    def chance(self, number: int, draw: int) -> float:
        """Return the chance of a draw that goes with an attempt."""
        walk = self.walk
        attempt = attempt_of(walk.attempt, number)
        return unit(walk.request.chance, self.step.path_hash, walk.leg, attempt, draw)


@dataclass(slots=True, kw_only=True, eq=False)
class Round:
    """An attempt, and perhaps a hedge beside it: the first to succeed is the answer."""

    calls: Calls
    call: Call
    first: int  # number of its first attempt
    expires_s: float
    stops_s: float
    walk: Walk | None = None  # its first attempt
    running: int = 0
    over: bool = False

    @property
    def is_hedged(self) -> bool:
        """Whether its second attempt has begun."""
        return self.call.begun > self.first

    def told(self, _walk: Walk, outcome: Outcome) -> None:
        """Hear how an attempt has ended; what comes late does not matter."""
        if self.over:
            return
        self.running -= 1
        if outcome == Outcome.DONE:
            self.over = True
            self.calls.succeeded(self.call)
        elif self.running == 0:
            self.calls.all_failed(self, outcome)


@dataclass(slots=True, kw_only=True, eq=False)
class _Otherwise:
    """Who waits for the steps that are taken when the last attempt has failed."""

    walks: Walks
    call: Call

    def told(self, _walk: Walk, outcome: Outcome) -> None:
        """Hear how they have ended, and so the call."""
        self.walks.clock.next((self.walks.leave, self.call.walk, outcome))


class Calls:
    """Makes the calls of all walks of one run."""

    def __init__(self, program: Program, walks: Walks) -> None:
        self._walks, self._clock = walks, walks.clock
        self._terms = [_read_terms(program, row) for row in range(len(program.calls.retries))]

    def call(self, walk: Walk, step: Step) -> bool:
        """Begin the first round."""
        self._begin_round(Call(walk=walk, step=step, terms=self._terms[step.call]))
        return False

    def _begin_round(self, call: Call) -> None:
        breaker, budget = call.terms.breaker, call.terms.budget
        now_s, walk, number = self._clock.now, call.walk, call.begun + 1
        if breaker is not None and not breaker.lets_through(now_s):
            self._give_up(call, Outcome.REFUSED)
            return
        if budget is not None and number == 1:
            budget.first_attempt()
        deadline_s = now_s + _deadline_s(call, number)
        stops_s = min(walk.stops_s, deadline_s) if call.terms.cancels else walk.stops_s
        expires_s = min(walk.expires_s, deadline_s)
        one = Round(calls=self, call=call, first=number, expires_s=expires_s, stops_s=stops_s)
        if deadline_s < inf:
            self._clock.at(deadline_s, _timer_order(At.DEADLINE, one), self._deadline, one)
        if call.terms.hedge is not None:
            hedge_s = now_s + call.terms.hedge(call.chance(number, Draw.HEDGE))
            self._clock.at(hedge_s, _timer_order(At.HEDGE, one), self._hedge, one)
        one.walk = self._begin_attempt(one)

    def _begin_attempt(self, one: Round) -> Walk:
        call, walk = one.call, one.call.walk
        call.begun += 1
        one.running += 1
        self._walks.ledger.attempt_began(walk.request.row)
        inside = self._walks.inside(walk, one)
        inside.end = call.step.otherwise
        inside.attempt = attempt_of(walk.attempt, call.begun)
        inside.expires_s, inside.stops_s = one.expires_s, one.stops_s
        self._clock.next((self._walks.proceed, inside))
        return inside

    def _hedge(self, moment: Moment) -> None:
        one: Round = moment.subject
        if not one.over and not one.is_hedged:  # so its first attempt is still under way
            self._begin_hedge(one)

    def _begin_hedge(self, one: Round) -> None:
        """Begin a second attempt, that avoids the copy at which the first is, or was at last."""
        first = one.walk
        assert first is not None
        beside = self._begin_attempt(one)
        if self._walks.steps[first.at].station is not None:
            beside.avoids = first.member

    def _deadline(self, moment: Moment) -> None:
        one: Round = moment.subject
        if not one.over:
            one.over = True
            self.failed(one, Outcome.EXPIRED)

    def succeeded(self, call: Call) -> None:
        """Go on after a round that has succeeded."""
        if call.terms.breaker is not None:
            call.terms.breaker.succeeded()
        self._clock.next((self._walks.go_on, call.walk))

    def all_failed(self, one: Round, outcome: Outcome) -> None:
        """Hedge at once after a first attempt that has failed; or the round has."""
        hedges = one.call.terms.hedge is not None and not one.is_hedged
        if hedges and self._clock.now < one.expires_s:
            self._begin_hedge(one)
        else:
            one.over = True
            self.failed(one, outcome)

    def failed(self, one: Round, outcome: Outcome) -> None:
        """Begin another round after one that has failed, now or later; or give up."""
        call, terms, now_s = one.call, one.call.terms, self._clock.now
        call.failed += 1
        if terms.breaker is not None:
            terms.breaker.failed(now_s)
        if call.failed <= terms.retries:
            wait_s = _wait_s(one)
            in_time = now_s + wait_s < call.walk.expires_s
            if in_time and (terms.budget is None or terms.budget.takes_retry()):
                self._retry(call, wait_s)
                return
        self._give_up(call, outcome)

    def _give_up(self, call: Call, outcome: Outcome) -> None:
        """Take the steps instead of the attempts, if there are any; or fail alike."""
        if call.step.otherwise == call.step.end:
            self._clock.next((self._walks.end, call.walk, outcome))
            return
        instead = self._walks.inside(call.walk, _Otherwise(walks=self._walks, call=call))
        instead.at = call.step.otherwise
        self._clock.next((self._walks.proceed, instead))

    def _retry(self, call: Call, wait_s: float) -> None:
        if wait_s == 0:
            self._clock.next((self._begin_round, call))
        else:
            at_s = self._clock.now + wait_s
            self._clock.at(at_s, delay_order(call.walk), self._backed_off, call)

    def _backed_off(self, moment: Moment) -> None:
        self._begin_round(moment.subject)


def _deadline_s(call: Call, number: int) -> float:
    """Return how long an attempt may take; infinite without a deadline."""
    if call.step.quantile is not None:
        return call.step.quantile(call.chance(number, Draw.VALUE))
    attribute = call.step.attribute
    return call.walk.request.attributes[attribute] if attribute != NONE else inf


def _wait_s(one: Round) -> float:
    """Return the time from a failed round to the next."""
    call, terms = one.call, one.call.terms
    wait_s = backoff_s(call.failed, terms.base_s, terms.factor, terms.cap_s)
    return wait_s * call.chance(one.first, Draw.BACKOFF) if terms.jitter else wait_s


def _timer_order(at: At, one: Round) -> tuple[int, ...]:
    walk = one.call.walk
    return at, 0, walk.request.uid, walk.at, walk.leg, walk.attempt, one.first


def _read_terms(program: Program, row: int) -> Terms:
    calls = program.calls
    ratio, failures, hedge = calls.budget_ratio[row], calls.breaker_failures[row], calls.hedge_law
    burst, open_s = calls.budget_burst[row], calls.breaker_open_s[row]
    return Terms(
        retries=int(calls.retries[row]),
        base_s=float(calls.base_s[row]),
        factor=float(calls.factor[row]),
        cap_s=float(calls.cap_s[row]),
        jitter=bool(calls.jitter[row]),
        budget=Budget(ratio=float(ratio), burst=float(burst)) if ratio >= 0 else None,
        hedge=program.laws[hedge[row]].quantile if hedge[row] != NONE else None,
        breaker=Breaker(failures=int(failures), open_s=float(open_s)) if failures else None,
        cancels=bool(calls.cancels[row]),
    )
