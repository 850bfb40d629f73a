"""The knobs of the design: how posts reach feeds, and what protects the services."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from model.rules import timelines
from model.rules.policy import DAY_S, MERGED_LISTS_FRESH_S_MAX, FeedPolicy, Strategy
from model.world.quantities import Count, Seconds, Share
from model.world.scenario.tables import Table, said


class Protections(Table):
    """What keeps trouble from spreading; each can be switched off to see what it is worth."""

    deadline: Annotated[Seconds, Field(ge=0, le=3600)] = said(
        5.0, 'after which a request is answered with an error; "0 s": never'
    )
    drops_late_work: bool = said(
        default=True, meaning="work whose requester has given up is not begun"
    )
    in_flight_max: Annotated[Count, Field(ge=0, le=1_000_000)] = said(
        512, "requests in one gateway at once, beyond which it refuses; 0: any number"
    )
    queue_max: Annotated[Count, Field(ge=0, le=1_000_000)] = said(
        0, "visits that may wait at one instance or server; 0: any number"
    )
    newest_first_above: Annotated[Count, Field(ge=0, le=1_000_000)] = said(
        0, "waiting visits above which an instance takes the newest first; 0: never"
    )
    retries: Annotated[Count, Field(ge=0, le=10)] = said(
        0,
        "how often a service repeats a call to another service that failed, each time at the next"
        " instance; people's own are traffic.retries",
    )
    call_deadline: Annotated[Seconds, Field(ge=0, le=3600)] = said(
        3.0, 'after which a service gives up a call to another; "0 s": never'
    )
    retry_budget: Annotated[Share, Field(ge=0)] | None = said(
        None, "such retries per first call, of all requests together; left out: without bound"
    )
    breaker_failures: Annotated[Count, Field(ge=0, le=100_000)] = said(
        0, "failed calls in a row after which a service is not called for a while; 0: never"
    )
    breaker_open: Annotated[Seconds, Field(gt=0)] = said(5.0, "for how long it is not called then")
    hedge_after: Annotated[Seconds, Field(ge=0)] = said(
        0.0,
        "after which, or at once when it fails, a read of a store is asked of another copy;"
        ' "0 s": never. In one zone reads then go to any copy from the start, not to the first:'
        " that alone takes load off the busiest server, with two copies half of its reads",
    )
    single_flight: bool = said(
        default=True,
        meaning="who misses in a cache what another is fetching waits for that (of the lists"
        " that policy.merged_lists_fresh keeps, and of images where fleet.cdn.popular is given)",
    )
    bulkhead_max: Annotated[Count, Field(ge=0, le=100_000)] = said(
        0, "calls that one instance has under way to any one other service; 0: any number"
    )


class Policy(Table):
    """The knobs of the design."""

    strategy: Strategy = said(Strategy.HYBRID, "how posts reach feeds")
    influencer_followers_min: Annotated[Count, Field(ge=1)] = said(
        10_000, "followers from which on an author's posts are merged on read (hybrid)"
    )
    influencer_exit_share: Annotated[Share, Field(gt=0, le=1)] = said(
        0.8, "an influencer stays one until below this share of it"
    )
    inactive_after: Annotated[Seconds, Field(gt=0)] = said(
        30 * DAY_S, "nothing is written for who has not read for so long"
    )
    push_cost_over_pull_cost: float = said(1.0, "of one post to one reader (per_edge)", gt=0)
    edges_fresh: Annotated[Seconds, Field(gt=0)] = said(
        3_600.0, "how long a reader's choice of edges is kept (per_edge)"
    )
    full_feed_followees_max: Annotated[Count, Field(ge=0)] = said(
        0, "who follows more gets a share of the posts; 0: everybody gets every post"
    )
    merged_lists_fresh: Annotated[Seconds, Field(ge=0, le=MERGED_LISTS_FRESH_S_MAX)] = said(
        0.0,
        "how long each timeline process keeps the lists of influencers that a page has read, for"
        ' other pages: these may lack posts that came since; "0 s": every page asks, and lacks'
        " nothing (not under per_edge, nor while influencers are too many to know)",
    )
    timelines_by: Literal["user", "post"] = said("user", "by what timelines are sharded")
    follows_kept: Literal["both", "follower"] = said(
        "both", "by follower only, the document's letter, or by target too"
    )
    originals: Literal["keep", "drop"] = said("keep", "of images, once their renditions are there")
    rate_limits: bool = said(
        default=True, meaning="whether requests of one person are counted and limited"
    )
    timeline_cap: Annotated[Count, Field(ge=20, le=5_000)] = said(
        timelines.TIMELINE_CAP, "posts that a timeline holds"
    )
    page_limit: Annotated[Count, Field(ge=1, le=timelines.PAGE_LIMIT_MAX)] = said(
        timelines.PAGE_LIMIT_DEFAULT, "posts on a page"
    )
    protections: Protections = said(Protections(), "what keeps trouble from spreading")

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
            merged_lists_fresh_s=self.merged_lists_fresh,
        )
