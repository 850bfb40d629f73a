"""What is kept in memory: timelines, lists of influencers' posts, and events for replay."""

from __future__ import annotations

from dataclasses import dataclass

from model.answers.sizing import measured
from model.answers.sizing.figures import (
    Figure,
    complement,
    conversion,
    given,
    least,
    product,
    total,
    total_spelled,
)
from model.answers.sizing.rates import DAY, Rates
from model.rules.influencers import Delivery, delivery_of
from model.rules.policy import Strategy
from model.world.followers import law_of
from model.world.scenario import Endpoint, Scenario

# Events that each request leads to: its own, and that of the pipeline when an image is ready.
EVENTS_OF = {
    Endpoint.POST: 2,
    Endpoint.REGISTER: 2,
    Endpoint.FOLLOW: 1,
    Endpoint.UNFOLLOW: 1,
}
EVENTS = "assumption: each change is one event, and so is each image that is ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Bytes, of one copy unless it is said that it is of all."""

    held: Figure  # posts in a timeline, as it has filled up
    filled_now: Figure  # posts in a timeline from what has been posted when traffic starts
    timelines: Figure
    lists: Figure
    timeline_store: Figure
    timeline_copies: Figure
    events: Figure  # a day
    broker: Figure

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All of them, in the order in which they follow from one another."""
        feeds = (self.filled_now, self.held, self.timelines, self.lists)
        stores = (self.timeline_store, self.timeline_copies)
        return (*feeds, *stores, self.events, self.broker)


def memory_of(scenario: Scenario, mean: Rates) -> Memory:
    """Return what the timeline servers and the broker hold, once everything has filled up."""
    held = _held(scenario)
    timelines, lists = _timelines(scenario, held), _lists(scenario)
    events = total_spelled(
        "events",
        "events/day",
        *(
            product("", "events/day", mean.of(kind), conversion(count, "events each"), DAY)
            for kind, count in EVENTS_OF.items()
            if kind in mean.by_endpoint
        ),
    )
    size = given(
        measured.EVENT_BYTES, "B an event", "one event", source=f"{measured.SOURCE}; {EVENTS}"
    )
    both = total("timelines and lists", "B", timelines, lists)
    copies = given(
        scenario.fleet.timeline_store.replicas, "copies", "fleet.timeline_store.replicas"
    )
    replay = given(scenario.growth.replay / DAY.value, "days", "growth.replay")
    return Memory(
        held=held,
        filled_now=_filled_now(scenario),
        timelines=timelines,
        lists=lists,
        timeline_store=both,
        timeline_copies=product("timelines and lists, all copies", "B", both, copies),
        events=events,
        broker=product("broker", "B", events, size, replay),
    )


def _cap(scenario: Scenario) -> Figure:
    return given(scenario.policy.timeline_cap, "posts", "policy.timeline_cap")


def _held(scenario: Scenario) -> Figure:
    """Return how many posts a timeline holds in the end: all it may, unless posts are pulled."""
    name, people = "posts in a timeline that has filled up", scenario.people
    if scenario.policy.strategy is not Strategy.PULL:
        return _cap(scenario).called(name)
    own = given(people.posts_per_user, "posts of one's own", "people.posts_per_user")
    return least(name, "posts", _cap(scenario), own)


def _filled_now(scenario: Scenario) -> Figure:
    """Return how many posts there are for a timeline to begin with, by the mean reader."""
    people = scenario.people
    received = product(
        "",
        "posts of followees",
        given(law_of(people).mean, "followees", "people.followers"),
        given(people.posts_per_user, "posts each", "people.posts_per_user"),
    )
    return least("posts for a timeline to begin with", "posts", _cap(scenario), received)


def _timelines(scenario: Scenario, held: Figure) -> Figure:
    people, policy = scenario.people, scenario.policy
    inactive = people.activity.inactive if policy.of_feeds.forgets_the_inactive else 0.0
    return product(
        "timelines",
        "B",
        given(people.users, "users", "people.users"),
        complement(given(inactive, "", "people.activity.inactive"), "of them with a timeline"),
        _list_of(held),
    )


def _lists(scenario: Scenario) -> Figure:
    """Return the bytes of the lists that readers merge: one for each author who is merged."""
    people = scenario.people
    posted = product(
        "",
        "posts of an author",
        given(people.posts_per_user, "posts each", "people.posts_per_user"),
    )
    pulled = scenario.policy.strategy is Strategy.PULL
    held = least("", "posts", _cap(scenario), posted) if pulled else _cap(scenario)
    share = given(_merged_share(scenario), "of them merged", "people.followers, policy")
    return product(
        "lists of influencers' posts",
        "B",
        given(people.users, "users", "people.users"),
        share,
        _list_of(held),
    )


def _merged_share(scenario: Scenario) -> float:
    """Return the share of authors whose posts are kept in lists, by the rule for each count."""
    policy, law = scenario.policy.of_feeds, law_of(scenario.people)
    if delivery_of(policy, 0) is not Delivery.PUSH:
        return 1.0
    if delivery_of(policy, scenario.people.users) is Delivery.PUSH:
        return 0.0
    return law.share_with_at_least(policy.influencer_followers_min)


def _list_of(held: Figure) -> Figure:
    """Return the bytes of one list with so many posts."""
    entry = given(measured.TIMELINE_ENTRY_BYTES, "B a post", "entry", source=measured.SOURCE)
    state = given(measured.TIMELINE_BYTES, "B", "state of a list", source=measured.SOURCE)
    return total("", "B each", product("", "B", held, entry), state)
