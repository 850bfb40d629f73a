"""How available a scenario is, with intervals and a verdict, and which cause costs how much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from model.answers.availability.components import System, system_of
from model.answers.availability.counts import steady
from model.answers.availability.losses import Losses, losses_of
from model.answers.availability.outages import YEAR_S, Troubles, first_order
from model.answers.availability.years import FELT_MIN, REPETITIONS, Simulated, simulate
from model.answers.statistics import Interval, over_replications
from model.rules.targets import Verdict, verdict_of
from model.world.scenario import Endpoint, Scenario

YEAR_MIN = YEAR_S / 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one cause costs: the share of all requests that it fails, simulated and on paper."""

    cause: str
    lost: Interval
    on_paper: float  # exact but for outages of zones, regions and the like that meet

    @property
    def minutes_per_year(self) -> float:
        """The minutes a year of a whole outage that would fail as many."""
        return self.lost.value * YEAR_MIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """The answer: shares of requests lost, of all and by kind, and of time in which all is well."""

    years: float
    lost: Interval
    lost_by: Mapping[Endpoint, Interval]
    lost_on_paper: float
    well: Interval
    felt_min: float
    costs: tuple[Cost, ...]  # the largest first
    target: float
    verdict: Verdict

    @property
    def outage_minutes_per_year(self) -> float:
        """The minutes a year of a whole outage that would fail as many requests."""
        return self.lost.value * YEAR_MIN


def availability_of(
    scenario: Scenario,
    *,
    busy: Mapping[str, float] | None = None,
    falls_back: bool = True,
    repetitions: int = REPETITIONS,
    felt_min: float = FELT_MIN,
) -> Availability:
    """Return how available a scenario is over its simulated years; options as `system_of`.

    What is too rare to have struck in all these years counts as on paper towards the upper end
    of what is lost: years without it do not prove that it never comes.
    """
    system = system_of(scenario, busy=busy, falls_back=falls_back)
    years, target = scenario.availability.years, scenario.targets.available
    simulated = simulate(
        system, years=years, seed=scenario.seed, repetitions=repetitions, felt_min=felt_min
    )
    paper = on_paper(system, felt_min=felt_min)
    unseen = _unseen(system, simulated)
    lost = _interval(one.in_all(system.mix) for one in simulated.repetitions)
    lost = _raised(lost, unseen.in_all(system.mix))
    return Availability(
        years=years,
        lost=lost,
        lost_by={
            endpoint: _raised(
                _interval(one.of(endpoint) for one in simulated.repetitions), unseen.of(endpoint)
            )
            for endpoint in system.mix
        },
        lost_on_paper=paper.in_all(system.mix),
        well=_interval(one.well_share for one in simulated.repetitions),
        felt_min=felt_min,
        costs=tuple(sorted(_costs(system, simulated, paper), key=lambda c: -c.lost.value)),
        target=target,
        verdict=verdict_of(lost.low, lost.high, 1 - target),
    )


def on_paper(system: System, *, felt_min: float = FELT_MIN) -> Losses:
    """Return what is lost in exact steady states of components, and outages that never meet."""
    return _losses_on_paper(system, first_order(system), felt_min)


def _losses_on_paper(system: System, shares: Mapping[Troubles, float], felt_min: float) -> Losses:
    counts = {name: steady(component.members) for name, component in system.needed.items()}
    return losses_of(system, counts, shares, felt_min=felt_min)


def _unseen(system: System, simulated: Simulated) -> Losses:
    shares = {
        troubles: share
        for troubles, share in first_order(system).items()
        if troubles and not any(trouble.root in simulated.seen for trouble in troubles)
    }
    return _losses_on_paper(system, shares, FELT_MIN)


def _costs(system: System, simulated: Simulated, paper: Losses) -> Iterator[Cost]:
    causes = {cause for one in (paper, *simulated.repetitions) for cause in one.lost}
    for cause in sorted(causes):
        lost = _interval(one.by(cause, system.mix) for one in simulated.repetitions)
        cost = Cost(cause=cause, lost=lost, on_paper=paper.by(cause, system.mix))
        if cost.lost.high or cost.on_paper:
            yield cost


def _interval(shares: Iterable[float]) -> Interval:
    """Return the interval of a share over repetitions; a share ends at 0 and 1."""
    found = over_replications(list(shares), method="repetitions")
    return replace(found, low=max(0.0, found.low), high=min(1.0, found.high))


def _raised(interval: Interval, by: float) -> Interval:
    return replace(interval, high=min(1.0, interval.high + by))
