"""How the number of people who are there follows the hours of a day, near one place and all over.

Each place has a cosine of its local hour.  Cosines of one period add up to a cosine, so that the
world's curve, its busiest hour and its peak over its mean are exact, with nothing sampled.
"""

from __future__ import annotations

import cmath
from collections.abc import Iterable
from dataclasses import dataclass
from math import cos, inf, sin, sqrt, tau

HOURS = 24
HOUR_S = 3_600.0
DEGREES_PER_HOUR = 15.0  # of longitude: the sun's, whatever the law of a country says
FLAT = 1e-12  # a swing below it is rounding: such a curve is flat and has no busiest hour


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A rate over its mean of the day: 1 + swing * cos(hours since the busiest)."""

    swing: float  # in 0..1
    busiest_hour: float  # UTC

    @property
    def peak_over_mean(self) -> float:
        """The rate at the busiest hour, over the mean of the day."""
        return 1 + self.swing

    def between(self, since_hour: float, until_hour: float) -> float:
        """Return the mean of the curve between two hours (UTC), exact; the hours may go on."""
        since, until = (self._angle(hour) for hour in (since_hour, until_hour))
        return 1 + self.swing * (sin(until) - sin(since)) / (until - since)

    def at(self, hour: float) -> float:
        """Return the curve at an hour (UTC)."""
        return 1 + self.swing * cos(self._angle(hour))

    def hours_to_change_by(self, share: float) -> float:
        """Return in how many hours, where it is steepest, the curve changes by this share.

        The slope of 1 + a cos x over its value is at most a / sqrt(1 - a**2).
        """
        if self.swing < FLAT:
            return inf
        steepest_per_hour = self.swing / sqrt(1 - self.swing**2) * tau / HOURS
        return share / steepest_per_hour

    def _angle(self, hour: float) -> float:
        return (hour - self.busiest_hour) * tau / HOURS


def curve_near(longitude: float, *, peak_hour: float, peak_over_trough: float) -> Curve:
    """Return the curve of people who live near a longitude, given their peak by the local hour.

    >>> curve_near(150.0, peak_hour=20.0, peak_over_trough=3.0)
    Curve(swing=0.5, busiest_hour=10.0)
    """
    return Curve(
        swing=(peak_over_trough - 1) / (peak_over_trough + 1),
        busiest_hour=(peak_hour - longitude / DEGREES_PER_HOUR) % HOURS,
    )


def curve_of_all(curves: Iterable[tuple[float, Curve]]) -> Curve:
    """Return the curve of all together, given the share of each, adding up to 1.

    Cosines of one period add up as the vectors (phasors) of their amplitude and phase do.
    """
    total = sum(
        (share * cmath.rect(of.swing, of.busiest_hour * tau / HOURS) for share, of in curves),
        start=0j,
    )
    swing, angle = cmath.polar(total)
    if swing < FLAT:
        return Curve(swing=0.0, busiest_hour=0.0)
    return Curve(swing=swing, busiest_hour=angle * HOURS / tau % HOURS)
