"""How a scenario is executed: for real, in simulation, in variants, and what is expected of it."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

from pydantic import Field, model_validator

from model.world.quantities import (
    Count,
    PerSecond,
    Seconds,
    Share,
    parse_seconds,
    parse_share,
)
from model.world.scenario.tables import Table, asked, said


class Load(Table):
    """How the real services are loaded, and when a measurement counts."""

    levels: Annotated[tuple[Annotated[PerSecond, Field(gt=0)], ...], Field(min_length=1)] = said(
        (50.0,), "rates at which the demo measures, lowest first"
    )
    warmup: Annotated[Seconds, Field(ge=0, le=3600)] = said(5.0, "before anything counts")
    duration: Annotated[Seconds, Field(ge=1, le=86_400)] = said(25.0, "of what counts")
    in_flight_max: Annotated[Count, Field(ge=1, le=10_000)] = said(
        512, "requests under way, beyond which the generator sends none"
    )
    request_timeout: Annotated[Seconds, Field(gt=0, le=300)] = said(10.0, "for one answer")
    lateness_p99_max: Annotated[Seconds, Field(gt=0)] = said(
        0.010, "by which the generator may be late"
    )
    achieved_rate_min: Annotated[Share, Field(gt=0)] = said(0.99, "of the rate asked for")

    @model_validator(mode="after")
    def _levels_differ(self) -> Load:
        if len(set(self.levels)) < len(self.levels):
            raise ValueError("levels must differ: one of two equal ones would be learnt from")
        return self


class Simulation(Table):
    """How long and how often the model runs, and which part of the shards it walks through."""

    warmup: Annotated[Seconds, Field(ge=0)] = said(5.0, "before anything counts")
    duration: Annotated[Seconds, Field(gt=0)] = said(25.0, "of what counts")
    replications: Annotated[Count, Field(ge=2, le=1000)] = said(10, "independent runs")
    slice: Annotated[Count, Field(ge=1, le=100_000)] = said(
        1, "simulate this part of the shards, at full width: 32 means one of 32"
    )


class Expectation(Table):
    """One thing that is expected of the answer, and can be checked."""

    that: str = asked(
        "which number: newsfeed.p99 (or p50, p95), newsfeed.failed, busy.timeline_store,"
        " lag.fanout.p99, … as the report names them"
    )
    variant: str = said("", "of which variant; left out: of the scenario itself")
    below: str | None = said(None, 'at most this, with its unit: "1 s", "5 %"')
    above: str | None = said(None, "at least this, with its unit")
    times: str | None = said(
        None, "below or above are then so many times this variant's number, such as base"
    )
    of: str | None = said(
        None,
        "below or above are then so many times this number, such as newsfeed.p99.before,"
        " of the same variant, or of that in times",
    )

    @model_validator(mode="after")
    def _has_a_limit(self) -> Expectation:
        if self.below is None and self.above is None:
            raise ValueError("give below or above, or both")
        return self

    @model_validator(mode="after")
    def _leaves_room(self) -> Expectation:
        if self.below is not None and self.above is not None and _is_less(self.below, self.above):
            raise ValueError(
                f"below must not be less than above, got {self.below!r} and {self.above!r}"
            )
        return self


def _is_less(one: str, other: str) -> bool:
    """Say which of two times, shares or plain numbers is less; no if they are not two of a kind."""
    for read in (parse_seconds, parse_share, float):
        with suppress(ValueError):
            return read(one) < read(other)
    return False
