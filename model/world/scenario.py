"""What a scenario says: the people, the traffic, the fleet, the policy, the targets, the runs.

Every field is required to be known, frozen once read, and carries its unit in the file
("500 ms", "2 kB", "50 k", "120/s", "35 %").  `scenario_files` reads files into this.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from model.rules import timelines
from model.rules.policy import DAY_S, FeedPolicy, Strategy
from model.rules.regions import REGIONS
from model.world.quantities import Bytes, Count, PerSecond, Seconds, Share

SCHEMA_VERSION: Literal[1] = 1


class ScenarioError(ValueError):
    """A scenario that cannot mean anything; the message names (file,) key and what to write."""


class Endpoint(Enum):
    """The requests that people send; the value is the name in scenarios, tables and reports."""

    REGISTER = "register"
    LOGIN = "login"
    POST = "post"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    NEWSFEED = "newsfeed"


class Table(BaseModel):
    """One table of a scenario: no unknown keys, and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Followers(Table):
    """The follower law: discrete power law, p(f) proportional to f**-alpha, capped."""

    alpha: float = Field(default=2.2, gt=1.5, lt=4)
    mean: Annotated[Count, Field(ge=1)] = 60
    max: Annotated[Count, Field(ge=1)] = 30_000_000


class People(Table):
    """Who uses the system."""

    users: Annotated[Count, Field(ge=10, le=10_000_000_000)]
    daily_active: Annotated[Share, Field(gt=0)] = 0.6
    followers: Followers = Followers()
    posts_per_user: float = Field(default=5.0, ge=0, le=1000)  # already there when traffic starts
    image_size: Annotated[Bytes, Field(ge=1_000, le=8_000_000)] = 20_000

    @model_validator(mode="after")
    def _followers_fit(self) -> People:
        if self.followers.max >= self.users:
            raise ValueError(f"followers.max must be below users, got {self.followers.max}")
        if self.followers.mean > self.followers.max:
            raise ValueError(f"followers.mean must not exceed max, got {self.followers.mean}")
        return self


class Traffic(Table):
    """What they ask for: one Poisson stream of requests, of these kinds.

    Either `rate` is given, or `requests_per_active_day` and `peak_to_mean`, from which the
    rate at the peak of the day follows.
    """

    mix: dict[Endpoint, Share]
    rate: Annotated[PerSecond, Field(gt=0)] | None = None
    requests_per_active_day: float | None = Field(default=None, gt=0)
    peak_to_mean: float = Field(default=1.67, ge=1)
    arrivals: Literal["poisson"] = "poisson"

    @model_validator(mode="after")
    def _adds_up(self) -> Traffic:
        total = sum(self.mix.values())
        if abs(total - 1) > 1e-6:
            raise ValueError(f"mix must add up to 1, it adds up to {total:g}")
        if (self.rate is None) == (self.requests_per_active_day is None):
            raise ValueError("give either rate or requests_per_active_day")
        return self


class Instances(Table):
    """A service: so many processes, each one event loop."""

    instances: Annotated[Count, Field(ge=1)] = 1


class Store(Table):
    """A sharded store: so many servers, and for SQL so many connections from each client."""

    shards: Annotated[Count, Field(ge=1, le=4096)] = 2
    connections: Annotated[Count, Field(ge=1, le=64)] = 8


class Index(Table):
    """A search index: one process for each of its shards."""

    shards: Annotated[Count, Field(ge=1, le=64)] = 1


class Fleet(Table):
    """How much of each thing the system has, and whether its processes share cores."""

    placement: Literal["shared", "dedicated"] = "shared"
    cores: Annotated[Count, Field(ge=1, le=1024)] = 1  # of the one shared host
    zones: Annotated[Count, Field(ge=1, le=8)] = 1  # instances are dealt over them in turn
    regions: Annotated[tuple[str, ...], Field(min_length=1, max_length=8)] = ("eu-west",)
    gateway: Instances = Instances(instances=2)
    user: Instances = Instances()
    follow: Instances = Instances()
    post: Instances = Instances()
    media: Instances = Instances()
    timeline: Instances = Instances(instances=2)
    fanout: Instances = Instances()
    pipeline: Instances = Instances()
    web: Instances = Instances()
    search: Index = Index()
    user_store: Store = Store()
    post_store: Store = Store()
    timeline_store: Store = Store()

    @model_validator(mode="after")
    def _regions_are_known(self) -> Fleet:
        if unknown := [name for name in self.regions if name not in REGIONS]:
            raise ValueError(f"regions must be among {', '.join(REGIONS)}, got {unknown[0]!r}")
        return self


class Policy(Table):
    """The knobs of the design."""

    strategy: Strategy = Strategy.HYBRID
    influencer_followers_min: Annotated[Count, Field(ge=1)] = 10_000
    influencer_exit_share: Annotated[Share, Field(gt=0, le=1)] = 0.8
    inactive_after: Annotated[Seconds, Field(gt=0)] = 30 * DAY_S
    push_cost_over_pull_cost: float = Field(default=1.0, gt=0)
    edges_fresh: Annotated[Seconds, Field(gt=0)] = 3_600.0
    full_feed_followees_max: Annotated[Count, Field(ge=0)] = 0  # 0: everybody gets every post
    timelines_by: Literal["user", "post"] = "user"
    follows_kept: Literal["both", "follower"] = "both"
    originals: Literal["keep", "drop"] = "keep"  # of images, once their renditions are there
    rate_limits: bool = True
    timeline_cap: Annotated[Count, Field(ge=20, le=5_000)] = timelines.TIMELINE_CAP
    page_limit: Annotated[Count, Field(ge=1, le=timelines.PAGE_LIMIT_MAX)] = (
        timelines.PAGE_LIMIT_DEFAULT
    )

    @property
    def of_feeds(self) -> FeedPolicy:
        """The part that may be decided anew while the services run."""
        return FeedPolicy(
            strategy=self.strategy,
            influencer_followers_min=self.influencer_followers_min,
            influencer_exit_share=self.influencer_exit_share,
            inactive_after_s=self.inactive_after,
            push_cost_over_pull_cost=self.push_cost_over_pull_cost,
            edges_fresh_s=self.edges_fresh,
            full_feed_followees_max=self.full_feed_followees_max,
        )


class Targets(Table):
    """What is promised, measured at the gateway; the design document's figures by default."""

    general_p99: Annotated[Seconds, Field(gt=0)] = 0.5
    newsfeed_p99: Annotated[Seconds, Field(gt=0)] = 1.0

    def p99_of(self, endpoint: Endpoint) -> float:
        """Return the target for the 99th percentile of `endpoint`, in seconds."""
        return self.newsfeed_p99 if endpoint is Endpoint.NEWSFEED else self.general_p99


class Load(Table):
    """How the real services are loaded, and when a measurement counts."""

    levels: Annotated[tuple[Annotated[PerSecond, Field(gt=0)], ...], Field(min_length=1)] = (50.0,)
    warmup: Annotated[Seconds, Field(ge=0, le=3600)] = 5.0
    duration: Annotated[Seconds, Field(ge=1, le=86_400)] = 25.0
    in_flight_max: Annotated[Count, Field(ge=1, le=10_000)] = 512
    request_timeout: Annotated[Seconds, Field(gt=0, le=300)] = 10.0
    lateness_p99_max: Annotated[Seconds, Field(gt=0)] = 0.010
    achieved_rate_min: Annotated[Share, Field(gt=0)] = 0.99

    @model_validator(mode="after")
    def _levels_differ(self) -> Load:
        if len(set(self.levels)) < len(self.levels):
            raise ValueError("levels must differ: one of two equal ones would be learnt from")
        return self


class Simulation(Table):
    """How long and how often the model runs, and which part of the shards it walks through."""

    warmup: Annotated[Seconds, Field(ge=0)] = 5.0
    duration: Annotated[Seconds, Field(gt=0)] = 25.0
    replications: Annotated[Count, Field(ge=2, le=1000)] = 10
    slice: Annotated[Count, Field(ge=1, le=100_000)] = 1  # simulate 1/slice of the shards


class Scenario(Table):
    """One question about the design, complete enough to be simulated and to be run."""

    schema_version: Literal[1] = SCHEMA_VERSION
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    people: People
    traffic: Traffic
    fleet: Fleet = Fleet()
    policy: Policy = Policy()
    targets: Targets = Targets()
    load: Load = Load()
    simulation: Simulation = Simulation()

    @property
    def requests_per_s(self) -> float:
        """Requests per second of the whole system, at the peak if a day is described."""
        traffic, people = self.traffic, self.people
        if traffic.rate is not None:
            return traffic.rate
        assert traffic.requests_per_active_day is not None  # one of the two is given
        per_day = people.users * people.daily_active * traffic.requests_per_active_day
        return per_day / 86_400 * traffic.peak_to_mean

    def at_rate(self, requests_per_s: float) -> Scenario:
        """Return this scenario with another rate of requests."""
        changed = {"rate": requests_per_s, "requests_per_active_day": None}
        return self.model_copy(update={"traffic": self.traffic.model_copy(update=changed)})
