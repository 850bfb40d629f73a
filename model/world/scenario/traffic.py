"""What people ask for: which requests, how many of each, and how they come over time."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from model.world.quantities import Count, PerSecond, Seconds, Share
from model.world.scenario.tables import Table, asked, said

PEAK_TO_MEAN = 1.67  # of a global base (B. Brazil, robustperception.io: 1.6 to 1.7)


class Endpoint(Enum):
    """The requests that people send; the value is the name in scenarios, tables and reports."""

    REGISTER = "register"
    LOGIN = "login"
    POST = "post"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    NEWSFEED = "newsfeed"
    PROFILE = "profile"
    SEARCH = "search"
    IMAGE = "image"


# Mixes that have a name.
MIXES: dict[str, dict[str, float]] = {
    # mixed-workload.lua of socialNetwork: 60 % read-home-timeline, 30 % read-user-timeline, 10 %
    # compose-post (Gan et al., "An Open-Source Benchmark Suite for Microservices", ASPLOS 2019).
    "deathstarbench": {"newsfeed": 0.6, "profile": 0.3, "post": 0.1},
}


def _mix_named(value: Any) -> Any:
    """Return the mix that a name stands for; anything else as it is."""
    if not isinstance(value, str):
        return value
    if value not in MIXES:
        raise ValueError(f"mix must be a table or one of {', '.join(MIXES)}, got {value!r}")
    return MIXES[value]


class Sessions(Table):
    """People come, look at some pages of their newsfeed, and leave."""

    pages: float = said(4.0, "pages of one session, on average (geometric)", ge=1, le=1000)
    think: Annotated[Seconds, Field(gt=0)] = said(20.0, "between two of them, on average")


class Day(Table):
    """The curve of a day: a cosine of the local hour, seen from where people are."""

    peak_hour: float = said(20.0, "local hour at which most people are there", ge=0, lt=24)
    peak_over_trough: float = said(
        3.5, "rate at that hour over the rate twelve hours off", ge=1, le=50
    )
    starts_at: float | None = said(
        None, "hour (UTC) at which the run begins; left out: the world's busiest", ge=0, lt=24
    )


class Recorded(Table):
    """Requests as they once came: at those instants, of those kinds.

    What is of no route in the table of routes is left out, and told. With it `day` is refused, and
    with csv and access-log sessions and a `flash-crowd` are too: only rates can be multiplied. For
    a crowd on top of them write it into the file, give rates (prometheus), or make all `faster`; an
    `image-flood` can come on top of any.
    """

    file: str = asked("beside the scenario")
    form: Literal["csv", "access-log", "prometheus"] = said(
        "csv",
        "csv: columns at_s and endpoint; access-log: combined log format; prometheus: the JSON of"
        " a range query of a counter by endpoint, the only form that a flash-crowd can multiply",
    )
    faster: float = said(1.0, "how many times as fast as it was", gt=0, le=1_000_000)


class ClientRetries(Table):
    """What people and their apps do when a request fails."""

    times: Annotated[Count, Field(ge=0, le=20)] = said(
        0, "how often a request is tried again, each time at the next gateway of its zone"
    )
    patience: Annotated[Seconds, Field(gt=0)] = said(10.0, "after which they give one up")
    backoff: Annotated[Seconds, Field(ge=0)] = said(
        0.0, "before the first retry; doubled each time"
    )
    jitter: bool = said(default=False, meaning="whether the pause is drawn from 0 to that")


class Traffic(Table):
    """What they ask for: streams of requests of these kinds.

    Either `rate` is given, or `requests_per_active_day` and `peak_to_mean`, from which the
    rate at the peak of the day follows, or what was `recorded`.
    """

    mix: Annotated[dict[Endpoint, Share], BeforeValidator(_mix_named)] = said(
        {}, f"share of each kind of request, adding up to 100 %, or a name: {', '.join(MIXES)}"
    )
    rate: Annotated[PerSecond, Field(gt=0)] | None = said(
        None, "requests of all kinds together, at the peak of the day"
    )
    requests_per_active_day: float | None = said(
        None, "instead of rate: requests of a user on a day when they come", gt=0
    )
    peak_to_mean: float = said(
        PEAK_TO_MEAN,
        "rate at the busiest time over the mean of the day; not with `day`, whose curve says it",
        ge=1,
    )
    arrivals: Literal["poisson", "sessions"] = said(
        "poisson", "how they come: all independent, or pages of the newsfeed in sessions"
    )
    sessions: Sessions = said(Sessions(), "what a session is")
    day: Day | None = said(None, "how the rate follows the hours; left out: it is constant")
    recorded: Recorded | None = said(
        None, "instead of rates: what came once; with a rate, so fast that its mean is that"
    )
    retries: ClientRetries = said(ClientRetries(), "what people do when a request fails")

    @model_validator(mode="after")
    def _adds_up(self) -> Traffic:
        rates = (self.rate, self.requests_per_active_day)
        given = sum(rate is not None for rate in rates)
        if given > 1 or (given == 0 and self.recorded is None):
            raise ValueError("give either rate or requests_per_active_day, or recorded")
        total = sum(self.mix.values())
        if self.recorded is None and abs(total - 1) > 1e-6:
            raise ValueError(f"mix must add up to 1, it adds up to {total:g}")
        return self

    @model_validator(mode="after")
    def _one_peak(self) -> Traffic:
        # A resolved scenario writes the default out beside a day.
        if self.day is not None and self.peak_to_mean != PEAK_TO_MEAN:
            raise ValueError(
                f"peak_to_mean: the curve of day says it, got {self.peak_to_mean:g}: leave one out"
            )
        return self
