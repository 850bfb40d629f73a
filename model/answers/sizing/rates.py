"""How often everything happens, on average over a day and at its peak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from model.answers.sizing.fanouts import copies_per_post, lists_per_page
from model.answers.sizing.figures import (
    SCENARIO,
    Figure,
    complement,
    conversion,
    given,
    product,
    total,
)
from model.world.reach import Reach
from model.world.scenario import Endpoint, Scenario
from model.world.traffic.demand import people_by_region, world_curve

DAY = conversion(86_400, "s a day")
PAGES = (Endpoint.NEWSFEED, Endpoint.PROFILE)  # answers that show posts
ONE_STILL = "assumption: of a video a page shows one still as large as a picture"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Rates of one time of the day: its mean, or its peak."""

    when: str
    requests: Figure
    by_endpoint: Mapping[Endpoint, Figure]
    by_region: tuple[Figure, ...]
    copies_of_a_post: Figure
    copies: Figure  # of posts, into timelines
    pages: Figure
    lists_of_a_page: Figure
    list_reads: Figure
    shown: Figure  # pictures
    asked: Figure  # pictures, of edges
    missed: Figure  # pictures, of the media service

    def of(self, endpoint: Endpoint) -> Figure:
        """Return the rate of one kind of request; 0 if the mix has none."""
        return self.by_endpoint.get(endpoint) or _none_of(endpoint)

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All of them, in the order in which they follow from one another."""
        writes = (self.copies_of_a_post, self.copies)
        reads = (self.pages, self.lists_of_a_page, self.list_reads)
        pictures = (self.shown, self.asked, self.missed)
        by_kind = (*self.by_endpoint.values(), *self.by_region)
        return (self.requests, *by_kind, *writes, *reads, *pictures)


def rates_of(scenario: Scenario, reach: Reach | str) -> tuple[Rates, Rates]:
    """Return the rates on average over a day, and at its peak.

    `reach` is the scenario's, or why there is none.  Raises ScenarioError if the traffic is
    what was recorded, which has no one rate.
    """
    mean, peak = requests_of(scenario)
    each = copies_per_post(scenario, reach), lists_per_page(reach)
    on_average = _rates(scenario, "on average", mean, each)
    return on_average, _rates(scenario, "at the peak", peak, each)


def requests_of(scenario: Scenario) -> tuple[Figure, Figure]:
    """Return requests of all kinds per second: on average, and at the peak."""
    traffic, people, unit = scenario.traffic, scenario.people, "requests/s"
    peak_over_mean = _peak_over_mean(scenario)
    if traffic.requests_per_active_day is None:
        asked = given(scenario.requests_per_s, unit, "traffic.rate, which is that of the peak")
        mean = product("requests, on average", unit, asked, over=(peak_over_mean,))
        return mean, asked.called("requests, at the peak")
    mean = product(
        "requests, on average",
        unit,
        given(people.users, "users", "people.users"),
        given(people.daily_active, "of them active", "people.daily_active"),
        given(traffic.requests_per_active_day, "requests", "traffic.requests_per_active_day"),
        over=(DAY,),
    )
    return mean, product("requests, at the peak", unit, mean, peak_over_mean)


def _peak_over_mean(scenario: Scenario) -> Figure:
    day, unit = scenario.traffic.day, "at the peak over the mean"
    if day is None:
        return given(scenario.traffic.peak_to_mean, unit, "traffic.peak_to_mean")
    where = "traffic.day, over people.regions"
    return given(world_curve(scenario, day).peak_over_mean, unit, where)


def _rates(scenario: Scenario, when: str, requests: Figure, each: tuple[Figure, Figure]) -> Rates:
    copies, lists = each
    by_endpoint = {
        endpoint: product(
            f"{endpoint.value}, {when}",
            f"{endpoint.value}/s",
            requests,
            given(share, "of requests", f"traffic.mix.{endpoint.value}"),
        )
        for endpoint, share in scenario.traffic.mix.items()
    }
    posts, feeds = (
        by_endpoint.get(kind) or _none_of(kind) for kind in (Endpoint.POST, Endpoint.NEWSFEED)
    )
    pages = total(
        f"pages that show posts, {when}",
        "pages/s",
        *(by_endpoint[endpoint] for endpoint in PAGES if endpoint in by_endpoint),
    )
    shown = _shown(scenario, when, pages)
    asked = _asked(scenario, when, shown, by_endpoint.get(Endpoint.IMAGE))
    hit = given(scenario.fleet.cdn.hit_share, "", "fleet.cdn.hit_share")
    return Rates(
        when=when,
        requests=requests,
        by_endpoint=by_endpoint,
        by_region=_by_region(scenario, when, requests),
        copies_of_a_post=copies,
        lists_of_a_page=lists,
        copies=product(f"copies of posts into timelines, {when}", "copies/s", posts, copies),
        pages=pages,
        list_reads=product(f"reads of influencers' lists, {when}", "reads/s", feeds, lists),
        shown=shown,
        asked=asked,
        missed=product(
            f"pictures that edges ask for, {when}",
            "pictures/s",
            asked,
            complement(hit, "that edges do not have"),
        ),
    )


def _none_of(endpoint: Endpoint) -> Figure:
    return given(0.0, f"{endpoint.value}/s", f"traffic.mix.{endpoint.value}")


def _by_region(scenario: Scenario, when: str, requests: Figure) -> tuple[Figure, ...]:
    """Return the requests of each region; at the peak, those at the world's, not at its own."""
    if not scenario.people.regions:
        return ()
    return tuple(
        product(
            f"requests from {region}, {when}",
            "requests/s",
            requests,
            given(share, "of people", f"people.regions.{region}"),
        )
        for region, share in people_by_region(scenario).items()
    )


def _shown(scenario: Scenario, when: str, pages: Figure) -> Figure:
    """Return the pictures on all pages that are full."""
    types = scenario.people.post_types
    source = f"{SCENARIO}; {ONE_STILL}" if types.video else SCENARIO
    pictured = given(
        types.image + types.video, "of posts with a picture", "people.post_types", source=source
    )
    limit = given(scenario.policy.page_limit, "posts/page", "policy.page_limit")
    return product(f"pictures shown, {when}", "pictures/s", pages, limit, pictured)


def _asked(scenario: Scenario, when: str, shown: Figure, images: Figure | None) -> Figure:
    """Return the pictures that people ask edges for: as the mix says, or by what pages show."""
    name, unit = f"pictures asked of edges, {when}", "pictures/s"
    if images is not None:
        return total(name, unit, images)
    own = given(scenario.fleet.cdn.browser_share, "", "fleet.cdn.browser_share")
    return product(name, unit, shown, complement(own, "that browsers do not have"))
