"""What protects calls, reads and requests: deadlines, retries, budgets, breakers, hedges, limits.

Nothing of it is there unless the wiring is guarded.
"""

from __future__ import annotations

from dataclasses import replace

from model.rules.deliveries import PAUSE_MAX_S, PAUSE_S
from model.world.journeys import Backoff, Breaker, Budget, Call, Hold, Step, Visit
from model.world.laws import Constant
from model.world.scenario import Protections
from model.world.scenario.traffic import ClientRetries
from model.world.wiring import ADMISSION, CALLED, DOOR, Wiring

# Between retries of a call: twice as long each time, with full jitter.
CALL_BACKOFF = Backoff(base_s=0.05, factor=2.0, cap_s=1.0, jitter=True)
RETRIES = 126  # of an event whose store is away: ten minutes of them, and all that engines count
DELIVERY_BACKOFF = Backoff(base_s=PAUSE_S, factor=2.0, cap_s=PAUSE_MAX_S)


def call_guarded(wiring: Wiring, station: str, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Return a call of a service by another with what the policy puts around it.

    Nobody calls gateways, edges and workers: these are left as they are.  Whose bulkhead it is
    that a call takes a place in follows from the request's gateway.
    """
    if not wiring.is_guarded or station not in CALLED:
        return steps
    how = wiring.protections
    if how.bulkhead_max:
        bulkhead = bulkhead_of(station)
        steps = (_held(wiring, bulkhead, steps, name="bulkhead"),)
    call = Call(
        steps=steps,
        deadline=_seconds(how.call_deadline),
        retries=how.retries,
        backoff=CALL_BACKOFF,
        budget=_budget(how),
        breaker=_breaker(how),
        cancels=how.drops_late_work,
        name=f"call_{station}",
    )
    return (call,)


def read_hedged(wiring: Wiring, step: Visit) -> Step:
    """Return a read of a store, asked of another copy too when the first is slow or fails.

    In one zone any copy will do; of several the nearest, and then the nearest of the others.
    """
    after_s = wiring.protections.hedge_after
    if not after_s or wiring.copies.get(step.station, 1) < 2:
        return step
    read = step if wiring.is_spread else replace(step, replica="any")
    return Call(steps=read, hedge_after=Constant(value=after_s), name=f"hedge_{step.station}")


def request_guarded(
    wiring: Wiring, steps: tuple[Step, ...], *, is_admitted: bool
) -> tuple[Step, ...]:
    """Return a request as its client sends it: let in, in time, and tried again when it fails.

    Who tries again after its zone is known to be lost is sent to the nearest that is left.  Only
    what goes through a gateway `is_admitted` by it.
    """
    if wiring.is_spread:
        door = Visit(station=DOOR, work=Constant(value=0.0), replica=wiring.copy)
        steps = (door, *steps)
    if not wiring.is_guarded:
        return steps
    how, retries = wiring.protections, wiring.retries
    if how.in_flight_max and is_admitted:
        steps = (_held(wiring, ADMISSION, steps, name="admitted"),)
    if how.deadline:
        until = _seconds(how.deadline)
        steps = (Call(steps=steps, deadline=until, cancels=how.drops_late_work, name="in_time"),)
    if retries.times:
        steps = (_patient(retries, steps),)
    return steps


def _held(wiring: Wiring, station: str, steps: tuple[Step, ...], *, name: str) -> Hold:
    """Return the steps with a place taken meanwhile that the request's gateway has so many of."""
    return Hold(station=station, steps=steps, key="gateway", replica=wiring.copy, name=name)


def _patient(retries: ClientRetries, steps: tuple[Step, ...]) -> Call:
    """Return a request that is sent again when it fails, or when nobody answers for too long."""
    pause = Backoff(base_s=retries.backoff, factor=2.0, cap_s=60.0, jitter=retries.jitter)
    return Call(
        steps=steps,
        deadline=_seconds(retries.patience),
        retries=retries.times,
        backoff=pause,
        name="client",
    )


def delivered(wiring: Wiring, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Return the handling of an event, repeated until it succeeds: what is away is waited out."""
    if not wiring.is_guarded or not steps:
        return steps
    return (Call(steps=steps, retries=RETRIES, backoff=DELIVERY_BACKOFF, name="delivery"),)


def bulkhead_of(station: str) -> str:
    """Return the station that stands for the calls of a service under way at once."""
    return f"bulkhead_{station}"


def semaphores() -> tuple[str, ...]:
    """Return the stations that count what a gateway has under way: they are no machines."""
    return (ADMISSION, *map(bulkhead_of, CALLED))


def _seconds(seconds: float) -> Constant | None:
    return Constant(value=seconds) if seconds else None


def _budget(how: Protections) -> Budget | None:
    return None if how.retry_budget is None else Budget(ratio=how.retry_budget)


def _breaker(how: Protections) -> Breaker | None:
    if not how.breaker_failures:
        return None
    return Breaker(failures=how.breaker_failures, open_s=how.breaker_open)
