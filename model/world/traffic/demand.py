"""How many requests come over time, of which kind and from where: the rates of a scenario."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from model.rules.regions import REGIONS
from model.world.days import HOUR_S, Curve, curve_near, curve_of_all
from model.world.scenario import Endpoint, Scenario, ScenarioError
from model.world.scenario.events import FlashCrowd
from model.world.scenario.traffic import Day

Floats = NDArray[np.float64]

DAYS_MAX = 7  # of a curve: 10,080 pieces of a minute
CHANGE_OF_A_PIECE = 0.01  # of the rate of a day's curve, where it is steepest
PIECES_PER_HOUR_MAX = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Requests of all the world, in pieces of constant rate; the last goes on for ever.

    Seconds count from the beginning of the run, which is that of its warm-up.
    """

    endpoints: tuple[Endpoint, ...]
    regions: tuple[str, ...]  # of the people who send them
    since_s: Floats  # (pieces,): when each begins, rising from 0
    per_s: Floats  # (pieces,): requests of all kinds, from everywhere
    kinds: Floats  # (pieces, endpoints): share of each kind
    places: Floats  # (pieces, regions): share of each region

    def of(self, endpoint: Endpoint, region: str) -> Floats:
        """Return the requests per second of one kind from one region, piece by piece."""
        kind, place = self.endpoints.index(endpoint), self.regions.index(region)
        rates: Floats = self.kinds[:, kind] * self.per_s * self.places[:, place]
        return rates

    def cut_at(self, edges_s: Iterable[float]) -> Demand:
        """Return the same rates with pieces that begin at these instants too."""
        since_s = np.union1d(self.since_s, np.array([*edges_s]))
        piece = np.searchsorted(self.since_s, since_s, side="right") - 1
        return self._with(since_s, self.per_s[piece], self.kinds[piece], self.places[piece])

    def multiplied(self, times: Floats) -> Demand:
        """Return so many times as much of each kind in each piece; `times` is (pieces, kinds)."""
        wanted = self.kinds * times
        before, after = self.kinds.sum(axis=1), wanted.sum(axis=1)
        growth = np.divide(after, before, out=np.ones_like(after), where=before > 0)
        kinds = np.divide(wanted, growth[:, None], out=wanted, where=growth[:, None] > 0)
        return self._with(self.since_s, self.per_s * growth, kinds, self.places)

    def _with(self, since_s: Floats, per_s: Floats, kinds: Floats, places: Floats) -> Demand:
        return Demand(
            endpoints=self.endpoints,
            regions=self.regions,
            since_s=since_s,
            per_s=per_s,
            kinds=kinds,
            places=places,
        )


def demand_of(scenario: Scenario, *, until_s: float) -> Demand:
    """Return the rates of a scenario that gives a rate, following the hours if it has a `day`.

    With a day, `rate` is that of the world's busiest hour.  With `requests_per_active_day` the
    mean of the day is what they add up to, and the curve's own peak stands for `peak_to_mean`.
    A piece of the curve has its exact mean, so that days add up.  A longer `until_s` only adds
    pieces.  Raises ScenarioError for a longer run than `DAYS_MAX` with a day.
    """
    shares, day = people_by_region(scenario), scenario.traffic.day
    mix = scenario.traffic.mix
    if day is None:
        since_s, per_s = np.zeros(1), np.array([scenario.requests_per_s])
        places = np.array([[*shares.values()]])
    else:
        since_s, by_region = _following(day, shares, until_s)
        mean_per_s = _mean_of_day_per_s(scenario, world_curve(scenario, day))
        per_s = mean_per_s * by_region.sum(axis=1)
        places = by_region / by_region.sum(axis=1, keepdims=True)
    return Demand(
        endpoints=tuple(mix),
        regions=tuple(shares),
        since_s=since_s,
        per_s=per_s,
        kinds=np.tile([*mix.values()], (len(since_s), 1)),
        places=places,
    )


def crowded(demand: Demand, scenario: Scenario, *, warmup_s: float) -> Demand:
    """Return the rates with the flash crowds of the scenario; those at one time multiply."""
    crowds = [event for event in scenario.events if isinstance(event, FlashCrowd)]
    spans_s = [(warmup_s + c.at, warmup_s + c.at + (c.lasts or np.inf)) for c in crowds]
    edges_s = [edge_s for span_s in spans_s for edge_s in span_s if edge_s < np.inf]
    cut = demand.cut_at(edges_s)
    times = np.ones_like(cut.kinds)
    for crowd, (since_s, until_s) in zip(crowds, spans_s, strict=True):
        meanwhile = (cut.since_s >= since_s) & (cut.since_s < until_s)
        wanted = np.array([e in (crowd.endpoints or cut.endpoints) for e in cut.endpoints])
        times[np.outer(meanwhile, wanted)] *= crowd.times
    return cut.multiplied(times)


def people_by_region(scenario: Scenario) -> dict[str, float]:
    """Return the share of people in each region: all in the fleet's first, if nothing is said."""
    return dict(scenario.people.regions) or {scenario.fleet.regions[0]: 1.0}


def world_curve(scenario: Scenario, day: Day) -> Curve:
    """Return how the rate of the whole world follows the hours.

    People of one region, or of one longitude, have a peak over mean of 1 + (p - 1) / (p + 1),
    given their `peak_over_trough` p.  Published for a global base are 1.6 to 1.7, with a maximum
    over minimum of 3 to 4 (B. Brazil, robustperception.io): a cosine has 1.6 where the latter is
    4, and so people all near one longitude have with p = 4.  Where they are spread, the same
    peak needs more swing at home: half in eu-west and half in us-east reach 1.6 to 1.7 with
    p from 7 to 13; evenly over all of `REGIONS` they stay below 1.32 whatever p is.
    """
    shares = people_by_region(scenario)
    return curve_of_all((share, _near(region, day)) for region, share in shares.items())


def busiest_per_s(scenario: Scenario) -> float:
    """Return the requests per second of the world's busiest hour, before any event."""
    day = scenario.traffic.day
    if day is None:
        return scenario.requests_per_s
    world = world_curve(scenario, day)
    return _mean_of_day_per_s(scenario, world) * world.peak_over_mean


def _mean_of_day_per_s(scenario: Scenario, world: Curve) -> float:
    return scenario.requests_per_s / world.peak_over_mean


def _following(day: Day, shares: dict[str, float], until_s: float) -> tuple[Floats, Floats]:
    """Return when pieces of the day begin, and each region's part of the world's mean rate."""
    if until_s > DAYS_MAX * 24 * HOUR_S:
        raise ScenarioError(
            f"simulation.duration: at most {DAYS_MAX} days where traffic.day is given,"
            f" got {until_s / HOUR_S:,.0f} hours with the warm-up"
        )
    curves = {region: _near(region, day) for region in shares}
    of_all = curve_of_all((share, curves[region]) for region, share in shares.items())
    begins = of_all.busiest_hour if day.starts_at is None else day.starts_at
    steady_hours = min(c.hours_to_change_by(CHANGE_OF_A_PIECE) for c in curves.values())
    piece_hours = min(max(steady_hours, 1 / PIECES_PER_HOUR_MAX), 24.0)
    count = max(1, int(np.ceil(until_s / (piece_hours * HOUR_S))))
    hours = begins + np.arange(count + 1) * piece_hours
    by_region = [
        [shares[region] * curve.between(*between) for region, curve in curves.items()]
        for between in pairwise(hours.tolist())
    ]
    return np.arange(count, dtype=np.float64) * (piece_hours * HOUR_S), np.array(by_region)


def _near(region: str, day: Day) -> Curve:
    return curve_near(
        REGIONS[region].longitude,
        peak_hour=day.peak_hour,
        peak_over_trough=day.peak_over_trough,
    )
