"""Year by year, what of this fleet runs out, and what of it first."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from model.answers.sizing.figures import Figure
from model.answers.sizing.resources import GrowsWith, Resource
from model.answers.sizing.storage import Storage
from model.world.scenario import Scenario
from model.world.scenario.promises import Growth


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """How full one resource is at the end of each year, from today (year 0) on."""

    resource: Resource
    shares: tuple[float, ...]  # of all that there is; NaN if the use is not known
    lasts_years: float | None  # until it is fuller than it may be; None if it lasts, or who knows

    @property
    def room(self) -> Figure:
        """How many times today's use, once all has filled up, there is room for."""
        return self.resource.multiple

    @property
    def runs_out(self) -> int | None:
        """The first year in which it is fuller than it may be; None if it lasts, or who knows."""
        full = self.resource.full.value
        return next((year for year, share in enumerate(self.shares) if share > full), None)

    @property
    def is_known(self) -> bool:
        """Whether anything can be said of it."""
        return self.resource.used.is_known


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Every resource of a fleet, those first that run out first."""

    horizons: tuple[Horizon, ...]

    @property
    def first(self) -> Horizon | None:
        """What runs out first of what is known; None if all of it lasts."""
        return next((each for each in self.horizons if each.runs_out is not None), None)


def outlook_of(scenario: Scenario, resources: Iterable[Resource], stored: Storage) -> Outlook:
    """Return how full each resource becomes as the platform grows and the fleet does not.

    Requests grow with users and with requests per user.  Everything else stays as it is: how wide
    requests fan out, how posts are delivered, what each visit works.
    """
    horizons = [_horizon_of(resource, scenario.growth, stored) for resource in resources]
    return Outlook(horizons=tuple(sorted(horizons, key=_when)))


def _horizon_of(resource: Resource, growth: Growth, stored: Storage) -> Horizon:
    def share(year: float) -> float:
        return resource.share.value * factor(resource.grows_with, year, growth, stored)

    return Horizon(
        resource=resource,
        shares=tuple(map(share, range(growth.years + 1))),
        lasts_years=_lasts_years(share, resource.full.value, growth.years),
    )


def _lasts_years(share: Callable[[float], float], full: float, years: int) -> float | None:
    """Return when a share that grows is first more than may be, within so many years."""
    from scipy.optimize import brentq

    over = next((year for year in range(years + 1) if share(year) > full), None)
    if not over:
        return over
    return float(brentq(lambda year: share(year) - full, over - 1, over))


def factor(grows_with: GrowsWith, year: float, growth: Growth, stored: Storage) -> float:
    """Return the use so many years from today over that which the sizing says.

    The sizing has posts kept as long as `growth.keeps_years` at today's rate; at first there are
    only those that were there when traffic starts, and these stay.
    """
    users = 1 + growth.users_per_year
    match grows_with:
        case GrowsWith.USERS:
            return float(users**year)
        case GrowsWith.REQUESTS:
            return float((users * (1 + growth.requests_per_year)) ** year)
        case GrowsWith.POSTS:
            years = _years_of_posts(year, growth)
            now, each = stored.posts_now.value, stored.posts_a_year.value
            whole = now + each * growth.keeps_years
            return (now + each * years) / whole if whole else 0.0


def _years_of_posts(year: float, growth: Growth) -> float:
    """Return how many times today's posts of a year are kept: their rate's integral over time."""
    rate = math.log((1 + growth.users_per_year) * (1 + growth.requests_per_year))
    since = max(0.0, year - growth.keeps_years)
    if rate == 0:
        return year - since
    return (math.exp(rate * year) - math.exp(rate * since)) / rate


def _when(horizon: Horizon) -> tuple[bool, float, float]:
    """Sort by the year, then by the room that is left; what nobody knows comes last."""
    year = math.inf if horizon.runs_out is None else float(horizon.runs_out)
    return not horizon.is_known, year, horizon.room.value if horizon.room.is_known else math.inf
