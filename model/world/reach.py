"""How wide requests fan out, and how often they take a longer way.

Widths come from the people: from the rows of a population that fits in memory, or from the
follower law of one that does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from model.rules import rate_limits, timelines
from model.rules.rate_limits import Counting
from model.world.attributes import Attribute
from model.world.counts import CountTable
from model.world.crowds import crowd_of
from model.world.gathering import gathering_of
from model.world.kept_lists import KeptLists
from model.world.kinds import Kinds, kinds_of
from model.world.layouts import Layout, layout_of
from model.world.population import merged_among
from model.world.profiles import posts_on_profiles
from model.world.purging import Purging, purging_of
from model.world.sampling import occupied
from model.world.scenario import Endpoint, Instances, Scenario
from model.world.spreading import Spreading, spreading_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Laws of the widths of one scenario, and shares of requests."""

    counting: Mapping[Endpoint, Counting]  # visits of the gateway's counters
    layout: Layout  # where timelines and followers lie
    merged_servers: CountTable  # timeline servers asked for lists to merge into one page
    author_servers: CountTable  # post servers that own those whose posts one timeline shows
    followee_servers: CountTable  # the same without the reader, who is one of them
    page_servers: CountTable  # post servers that hold the posts of one page
    profile_servers: CountTable  # post servers that hold the posts of one profile's first page
    spreading: Spreading  # of pushed posts
    purging: Purging  # of the same, once they are deleted
    kinds: Kinds  # of posts
    merge_share: float  # share of posts that are kept once and merged on read
    cover_share: float  # share of pages that are the first since a change of the reader's follows
    follow_share: float  # share of those changes that follow; the others end a follow
    new_edges_share: float  # share of pages whose reader's choice of edges is too old (per_edge)
    written_share: float  # share of pushes to one follower that end in a timeline
    image_miss_share: float | Attribute  # share of images that an edge has to get from its origin
    stale_authors: float  # share of pages whose process knows too long whose posts are merged
    knows_images: bool  # whether edges are asked for one image or another, and not just for any
    index_shards: int  # of search: each hears of every user
    edges: int  # of the CDN: each hears of every image
    # What a scenario does not say.
    cold_share: float | Attribute = 0.0  # share of pages whose timeline has to be built first
    deleted_share: float = 0.0  # share of posts that are deleted later
    kept_lists: KeptLists | None = None  # what of these lists is simulated; None: as on paper
    is_fair: bool = True  # workers bring posts by few before those by many
    entries_learnt: float | None = None  # of one write, when its work was learnt; None: as here


def reach_of(scenario: Scenario) -> Reach:
    """Return the widths in the whole fleet: they stay the same in a slice of it.

    Authors are weighted by how often they post, readers by how often they read.
    """
    crowd = crowd_of(scenario)
    gathering = gathering_of(scenario, crowd)
    is_merged = merged_among(crowd.posts.followers, scenario.policy.of_feeds)
    fleet, mix = scenario.fleet, scenario.traffic.mix
    pushed = crowd.posts.followers[~is_merged]
    page = np.full(200, scenario.policy.page_limit)
    pages_per_s = scenario.requests_per_s * mix.get(Endpoint.NEWSFEED, 0.0)
    return Reach(
        counting=_counting(mix, is_on=scenario.policy.rate_limits),
        layout=layout_of(scenario),
        merged_servers=gathering.merged_servers,
        author_servers=gathering.author_servers,
        followee_servers=gathering.followee_servers,
        page_servers=occupied(page, fleet.post_store.shards, scenario.seed),
        profile_servers=occupied(
            posts_on_profiles(scenario), fleet.post_store.shards, scenario.seed
        ),
        spreading=spreading_of(scenario, pushed, halved_share=gathering.halved_share),
        purging=purging_of(scenario, pushed),
        kinds=kinds_of(scenario.people),
        merge_share=float(np.mean(is_merged)),
        cover_share=_cover_share(mix),
        follow_share=_follow_share(mix),
        new_edges_share=gathering.new_edges_share,
        written_share=gathering.written_share,
        image_miss_share=1 - fleet.cdn.hit_share,
        knows_images=fleet.cdn.popular is not None,
        stale_authors=_stale_share(pages_per_s, fleet.timeline, timelines.MERGE_AUTHORS_FRESH_S),
        index_shards=fleet.search.shards,
        edges=fleet.zones,
    )


def _counting(mix: Iterable[Endpoint], *, is_on: bool) -> dict[Endpoint, Counting]:
    """Return the visits of the counters by each kind of request that is made.

    An edge counts nobody's: it is asked past the gateways.
    """
    limits_of = {
        Endpoint.REGISTER: rate_limits.REGISTER,
        Endpoint.LOGIN: rate_limits.LOGIN,
        Endpoint.POST: (rate_limits.SIGNED_IN, *rate_limits.POST),
        Endpoint.FOLLOW: (rate_limits.SIGNED_IN, *rate_limits.RELATIONS),
        Endpoint.UNFOLLOW: (rate_limits.SIGNED_IN, *rate_limits.RELATIONS),
        Endpoint.NEWSFEED: (rate_limits.SIGNED_IN,),
        Endpoint.PROFILE: (rate_limits.SIGNED_IN,),
        Endpoint.SEARCH: (rate_limits.SIGNED_IN, *rate_limits.SEARCH),
        Endpoint.IMAGE: (),
    }
    return {
        endpoint: rate_limits.counting_of(limits_of[endpoint] if is_on else ()) for endpoint in mix
    }


def _cover_share(mix: Mapping[Endpoint, float]) -> float:
    """Return the share of pages that meet a change: changes per page, if readers change alone."""
    changes = mix.get(Endpoint.FOLLOW, 0.0) + mix.get(Endpoint.UNFOLLOW, 0.0)
    pages = mix.get(Endpoint.NEWSFEED, 0.0)
    return changes / (changes + pages) if changes else 0.0


def _follow_share(mix: Mapping[Endpoint, float]) -> float:
    follows, ends = mix.get(Endpoint.FOLLOW, 0.0), mix.get(Endpoint.UNFOLLOW, 0.0)
    return follows / (follows + ends) if follows else 0.0


def _stale_share(asked_per_s: float, of: Instances, fresh_s: float) -> float:
    """Return the share of questions that find stale what each process remembers for so long.

    The next question that comes after that time does, and they come as a Poisson process.
    """
    return 1 / (1 + asked_per_s / of.instances * fresh_s)
