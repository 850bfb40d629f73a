"""How much of each thing the system has, where it stands, and what it can hold."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from model.rules.regions import REGIONS
from model.world.quantities import Bytes, Count, Seconds, Share
from model.world.scenario.tables import Table, asked, said

GB, TB = 10**9, 10**12


class Autoscaling(Table):
    """More instances when they are busy, fewer when they are not."""

    max: Annotated[Count, Field(ge=1, le=1_000_000)] = said(
        1, "instances at most; not fewer than `instances`"
    )
    busy_target: Annotated[Share, Field(gt=0)] = said(0.6, "how busy they are to be")
    every: Annotated[Seconds, Field(gt=0)] = said(15.0, "how often it is looked at")
    start_up: Annotated[Seconds, Field(ge=0)] = said(30.0, "until a new instance serves")


class Instances(Table):
    """A service: so many processes, each one event loop."""

    instances: Annotated[Count, Field(ge=1)] = said(1, "processes, dealt over the zones in turn")
    autoscaling: Autoscaling | None = said(None, "how their number changes; left out: never")

    @model_validator(mode="after")
    def _may_be_as_many(self) -> Instances:
        if self.autoscaling is not None and self.autoscaling.max < self.instances:
            raise ValueError(
                f"autoscaling.max must be at least instances, got {self.autoscaling.max} and"
                f" {self.instances}"
            )
        return self


class Machine(Table):
    """What one machine of a dedicated fleet is: a store's server has one for itself."""

    cores: Annotated[Count, Field(ge=1, le=1024)] = said(16, "cores; a service's process takes one")
    memory: Annotated[Bytes, Field(gt=0)] = said(64 * GB, "of one machine")
    disk: Annotated[Bytes, Field(gt=0)] = said(8 * TB, "of one machine that stores")


class Store(Table):
    """A sharded store: so many servers, and for SQL so many connections from each client."""

    shards: Annotated[Count, Field(ge=1, le=4096)] = said(2, "servers, each with a part of all")
    connections: Annotated[Count, Field(ge=1, le=64)] = said(8, "to each server, at work at once")
    replicas: Annotated[Count, Field(ge=1, le=8)] = said(
        1,
        "copies of each shard, in one zone after another; the first takes the writes, and all do"
        " them. Over several zones a read goes to the nearest copy, so that copies share the reads;"
        " in one zone to the first, unless autoscaling, `policy.protections.hedge_after` or the"
        " crash of instances has any copy chosen",
    )
    acks: Annotated[Count, Field(ge=1, le=8)] = said(
        1,
        "copies that must have a write before it is acknowledged; 1: replication is asynchronous;"
        " copies that are known to be away are not waited for, and no connection is held meanwhile",
    )
    failover: Annotated[Seconds, Field(ge=0)] = said(
        15.0, "from the loss of the copy that takes the writes until another does"
    )

    @model_validator(mode="after")
    def _acks_fit(self) -> Store:
        if self.acks > self.replicas:
            raise ValueError(f"acks must not exceed replicas, got {self.acks} of {self.replicas}")
        return self


class Index(Table):
    """A search index: one process for each of its shards, none of which has a second copy.

    Any of them takes a search, and asks all the others. Over several zones they stand in one after
    another: a search goes to the zone of the first, and from there to the farthest of the others.
    Until one that is away is known to be (`fleet.links.noticed_after`), searches fail that are sent
    to it first, from whatever zone; then others are asked. What it knows is missing in answers all
    the while: no number tells those from whole ones.
    """

    shards: Annotated[Count, Field(ge=1, le=4096)] = said(
        1, "processes, each with a part of all; every search asks each of them"
    )


class Popular(Table):
    """How often each image is asked for, and how much an edge keeps: so it follows what it has."""

    images: Annotated[Count, Field(ge=2, le=2_000_000)] = asked("in circulation")
    exponent: float = said(
        0.8,
        "of the Zipf law by which they are asked for (Breslau et al., INFOCOM 1999: 0.64 to 0.83"
        " of pages behind web caches)",
        ge=0,
        le=3,
    )
    cache: Annotated[Bytes, Field(gt=0)] = said(
        256 * 2**20, "that one edge keeps, of people.post_types.view_size each"
    )


class Edges(Table):
    """The CDN: one edge per zone, in front of the images."""

    instances: Annotated[Count, Field(ge=1)] = said(1, "processes of all zones together")
    hit_share: Share = said(
        0.58, "share of images asked for that an edge has, when it is warm (SOSP 2013: 58 %)"
    )
    fills_in: Annotated[Seconds, Field(gt=0)] = said(600.0, "until an empty edge is warm again")
    popular: Popular | None = said(
        None,
        "which images are asked for: what edges have, and how fast they fill, is then simulated;"
        " hit_share counts on paper only, and fills_in not at all",
    )
    browser_share: Share = said(
        0.655, "share of pictures shown that the browser has itself (SOSP 2013: 65.5 %)"
    )


class Links(Table):
    """What lies between zones; between regions the rtt follows from the distance."""

    zone_rtt: Annotated[Seconds, Field(ge=0, le=1)] = said(0.001, "between zones of one region")
    stretch: float = said(
        1.4, "way of the cables between regions over the shortest on the globe", ge=1, le=10
    )
    noticed_after: Annotated[Seconds, Field(ge=0)] = said(
        5.0, "from the loss of an instance, zone or region until nobody is sent there any more"
    )


class Fleet(Table):
    """How much of each thing the system has, and whether its processes share cores."""

    placement: Literal["shared", "dedicated"] = said(
        "shared", "all on the cores of one host, or each process on a core of its own"
    )
    cores: Annotated[Count, Field(ge=1, le=1024)] = said(1, "of the one shared host")
    machine: Machine = said(Machine(), "what the others are")
    zones: Annotated[Count, Field(ge=1, le=8)] = said(1, "instances are dealt over them in turn")
    regions: Annotated[tuple[str, ...], Field(min_length=1, max_length=8)] = said(
        ("eu-west",), f"zones are dealt over them in turn; known are {', '.join(REGIONS)}"
    )
    links: Links = said(Links(), "what lies between zones and regions")
    gateway: Instances = said(Instances(instances=2), "where requests come in")
    user: Instances = said(Instances(), "accounts, profiles, passwords")
    follow: Instances = said(Instances(), "who follows whom")
    post: Instances = said(Instances(), "posts")
    media: Instances = said(Instances(), "images and videos")
    timeline: Instances = said(Instances(instances=2), "newsfeeds")
    fanout: Instances = said(Instances(), "workers that bring posts to followers")
    pipeline: Instances = said(Instances(), "workers that make renditions")
    web: Instances = said(Instances(), "pages for browsers")
    cdn: Edges = said(Edges(), "edges that keep images")
    search: Index = said(Index(), "the index of users")
    user_store: Store = said(Store(), "PostgreSQL: users, follows")
    post_store: Store = said(Store(), "PostgreSQL: posts")
    timeline_store: Store = said(Store(), "Valkey: timelines, and lists of influencers' posts")

    @model_validator(mode="after")
    def _regions_are_known(self) -> Fleet:
        if unknown := [name for name in self.regions if name not in REGIONS]:
            raise ValueError(f"regions must be among {', '.join(REGIONS)}, got {unknown[0]!r}")
        return self
