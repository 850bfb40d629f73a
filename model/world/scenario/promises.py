"""What is promised, how often things fail, what they cost, how they grow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from model.world.quantities import SECONDS_PER_UNIT, Count, Seconds, Share
from model.world.scenario.tables import Table, said
from model.world.scenario.traffic import Endpoint

DAY_S, MINUTE_S, YEAR_S = 86_400.0, 60.0, SECONDS_PER_UNIT["y"]
STRIKES_MAX = 1_000_000  # of one thing, in all years: each is simulated


class Targets(Table):
    """What is promised; the design document's figures by default."""

    measured_at: Literal["gateway", "client"] = said(
        "gateway", "where: from the last byte in to the last byte out there, or where people are"
    )

    general_p99: Annotated[Seconds, Field(gt=0)] = said(0.5, "of all but the newsfeed")
    newsfeed_p99: Annotated[Seconds, Field(gt=0)] = said(1.0, "of a page of the newsfeed")
    available: Annotated[Share, Field(gt=0, lt=1)] = said(0.9999, "share of requests answered well")

    def p99_of(self, endpoint: Endpoint) -> float:
        """Return the target for the 99th percentile of `endpoint`, in seconds."""
        return self.newsfeed_p99 if endpoint is Endpoint.NEWSFEED else self.general_p99


class Failing(Table):
    """How often one thing fails, and how long until it is there again: no longer than it was."""

    every: Annotated[Seconds, Field(ge=MINUTE_S)] = said(
        90 * DAY_S, "mean time that one is there until it fails; at least repair"
    )
    repair: Annotated[Seconds, Field(gt=0)] = said(5 * MINUTE_S, "mean time until it is repaired")

    @model_validator(mode="after")
    def _is_there_more_than_not(self) -> Failing:
        if self.every < self.repair:
            raise ValueError(
                f"every must be at least repair, which is {self.repair:g} s, got {self.every:g} s"
            )
        return self

    @property
    def per_year(self) -> float:
        """How often a year one fails."""
        return YEAR_S / (self.every + self.repair)


def _failing(every: str, repair: str) -> Failing:
    return Failing.model_validate({"every": every, "repair": repair})


class Incidents(Table):
    """What people break by changing things."""

    per_year: float = said(10.0, "how many", ge=0, le=10_000)
    lasting: Annotated[Seconds, Field(gt=0)] = said(5 * MINUTE_S, "each, on average")
    share: Annotated[Share, Field(gt=0)] = said(1.0, "of requests that fail meanwhile")

    @model_validator(mode="after")
    def _leave_time(self) -> Incidents:
        if self.per_year * self.lasting >= YEAR_S:
            raise ValueError(
                f"lasting must leave some of a year: {self.per_year:g} of {self.lasting:g} s do not"
            )
        return self


class Availability(Table):
    """How often things fail over the years.

    The defaults are judgement, not measurement: an instance every three months, a server every
    year, a zone every three years, a region every twenty; ten bad changes a year of five minutes.
    Zones, regions, incidents and common causes must leave some time in which none of them
    strikes, and each may strike a million times in all years.
    """

    years: Annotated[Count, Field(ge=1, le=100_000)] = said(1_000, "that are simulated")
    instance: Failing = said(Failing(), "a process of a service")
    server: Failing = said(_failing("365 d", "2 h"), "a server of a store")
    zone: Failing = said(_failing("1095 d", "2 h"), "a zone")
    region: Failing = said(_failing("7300 d", "4 h"), "a region")
    common_cause: Share = said(
        0.05, "share of failures of one thing that take all of its kind along (beta factor)"
    )
    repair_crews: Annotated[Count, Field(ge=0, le=10_000)] = said(
        0, "repairs of one kind that go on at once; 0: all of them"
    )
    incidents: Incidents = said(Incidents(), "changes that go wrong")

    @model_validator(mode="after")
    def _can_be_lived_through(self) -> Availability:
        for what, per_year in self._strikes():
            if self.years * per_year > STRIKES_MAX:
                raise ValueError(
                    f"years: {what} would strike {self.years * per_year:,.0f} times in"
                    f" {self.years:,} years, and {STRIKES_MAX:,} times are simulated at most"
                )
        return self

    def _strikes(self) -> Iterator[tuple[str, float]]:
        """Yield what takes many things along at once, and how often a year."""
        yield "zone", self.zone.per_year
        yield "region", self.region.per_year
        yield "incidents", self.incidents.per_year
        yield "common_cause of instance", self.common_cause * self.instance.per_year
        yield "common_cause of server", self.common_cause * self.server.per_year


class Prices(Table):
    """What things cost, in one currency.

    The defaults are of the order of the list prices of large clouds on demand; put in your own.
    """

    core_hour: float = said(0.04, "one core for an hour", ge=0)
    memory_gb_month: float = said(2.5, "a gigabyte of memory for a month", ge=0)
    disk_gb_month: float = said(0.08, "a gigabyte of disk for a month", ge=0)
    object_gb_month: float = said(0.021, "a gigabyte of the object store for a month", ge=0)
    egress_gb: float = said(0.02, "a gigabyte sent to people by the edges", ge=0)
    region_gb: float = said(0.02, "a gigabyte sent from one region to another", ge=0)
    revenue_per_active_user_day: float = said(0.03, "earned by one user who comes, a day", ge=0)


class Growth(Table):
    """How the platform grows."""

    users_per_year: float = said(0.2, "users more after a year, over users now", ge=0, le=100)
    requests_per_year: float = said(0.0, "requests per user likewise", ge=0, le=100)
    years: Annotated[Count, Field(ge=1, le=50)] = said(10, "that are looked at")
    busy_max: Annotated[Share, Field(gt=0, lt=1)] = said(
        0.66, "how busy a station may be at the peak before it has run out"
    )
    storage_max: Annotated[Share, Field(gt=0, le=1)] = said(
        0.8, "how full memory and disks may be before they have run out"
    )
    keeps_years: float = said(5.0, "years for which images are kept", gt=0, le=100)
    replay: Annotated[Seconds, Field(gt=0)] = said(
        3 * DAY_S, "for how long the broker keeps events"
    )
