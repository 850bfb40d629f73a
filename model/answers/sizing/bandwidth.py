"""What goes over the wire at the peak: to and from people, to the edges, between regions."""

from __future__ import annotations

from dataclasses import dataclass

from model.answers.sizing import measured
from model.answers.sizing.figures import (
    SCENARIO,
    Figure,
    difference,
    given,
    largest,
    product,
    total,
    total_spelled,
)
from model.answers.sizing.rates import DAY, Rates
from model.answers.sizing.storage import HAYSTACK, OBJECT_COPIES, Storage
from model.rules.regions import zone_of_copy
from model.world.places import zone_regions
from model.world.routes import BYTES_PER_POST
from model.world.scenario import Fleet, Scenario

PER_S = "B/s"
POST_ON_PAGE = f"assumption: {BYTES_PER_POST} B of JSON for a post on a page (model.world.routes)"
VIDEO_VIEW_SHARE = 0.25  # of video_size, as people.post_types.video_view_size says
WATCHED = (
    "assumption: whose still is asked for, a video is watched to its end, in 540p at 2 Mbit/s"
    " (Apple, HLS Authoring Specification) of 8 Mbit/s as sent (YouTube, recommended upload"
    " settings)"
)
SPREAD_OUT = "assumption: the copies of an object lie in as many regions as there are"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bandwidth:
    """Bytes a second at the peak, and what people are sent in a day."""

    pages: Figure  # gateways to people
    uploads: Figure  # people to gateways
    pictures: Figure  # edges to people
    videos: Figure  # edges to people, beside their stills
    fills: Figure  # media service to edges
    video_fills: Figure
    spared: Figure  # by showing renditions instead of what was sent
    sent_a_day: Figure  # to people
    between_regions: Figure
    between_regions_a_day: Figure

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All of them, in the order in which they follow from one another."""
        to_edges = (self.fills, self.video_fills)
        here = (self.pages, self.uploads, self.pictures, self.videos, *to_edges, self.spared)
        return (*here, self.sent_a_day, self.between_regions, self.between_regions_a_day)


def bandwidth_of(scenario: Scenario, rates: tuple[Rates, Rates], stored: Storage) -> Bandwidth:
    """Return the traffic of the links, given the rates on average and at the peak."""
    mean, peak = rates
    view = given(scenario.people.post_types.view_size, "B a picture", "people.post_types.view_size")
    peak_over_mean = product("", "at the peak over the mean", peak.requests, over=(mean.requests,))
    abroad_a_day = _abroad_a_day(scenario, mean, stored)
    coming_in = total("", "B/day in", stored.originals, stored.videos)
    return Bandwidth(
        pages=_pages(scenario, peak).called("pages, to people"),
        uploads=product("uploads, from people", PER_S, coming_in, peak_over_mean, over=(DAY,)),
        pictures=product("pictures, edges to people", PER_S, peak.asked, view),
        videos=_videos(scenario, "videos, edges to people", peak.asked),
        fills=product("pictures, media service to edges", PER_S, peak.missed, view),
        video_fills=_videos(scenario, "videos, media service to edges", peak.missed),
        spared=_spared(scenario, peak, view),
        sent_a_day=total_spelled(
            "sent to people a day",
            "B/day",
            product("", "B", mean.asked, view, DAY),
            *_videos_a_day(scenario, mean),
            product("", "B", _pages(scenario, mean), DAY),
        ),
        between_regions=product(
            "between regions", PER_S, abroad_a_day, peak_over_mean, over=(DAY,)
        ),
        between_regions_a_day=abroad_a_day,
    )


def _pages(scenario: Scenario, rates: Rates) -> Figure:
    limit = given(scenario.policy.page_limit, "posts/page", "policy.page_limit")
    each = given(BYTES_PER_POST, "B a post", "a post on a page", source=POST_ON_PAGE)
    return product("pages", PER_S, rates.pages, limit, each)


def _videos(scenario: Scenario, name: str, pictures: Figure, *times: Figure) -> Figure:
    """Return the bytes of the videos that are seen where so many pictures are asked for.

    Browsers and edges have a video if they have its still.
    """
    types = scenario.people.post_types
    share = types.video / (types.image + types.video) if types.video else 0.0
    stills = given(share, "of them stills of videos", "people.post_types.video")
    return product(name, PER_S, pictures, stills, *_seen_of_one(scenario), *times)


def _videos_a_day(scenario: Scenario, mean: Rates) -> tuple[Figure, ...]:
    """Return what people are sent of videos in a day; nothing if there are none."""
    if not scenario.people.post_types.video:
        return ()
    return (_videos(scenario, "", mean.asked, DAY),)


def _seen_of_one(scenario: Scenario) -> tuple[Figure, ...]:
    types, where = scenario.people.post_types, "people.post_types.video_view_size"
    if types.video_view_size is not None:
        return (given(types.video_view_size, "B seen of a video", where),)
    size = given(types.video_size, "B a video", "people.post_types.video_size")
    source = WATCHED if types.video else SCENARIO
    return size, given(VIDEO_VIEW_SHARE, "of it seen", where, source=source)


def _spared(scenario: Scenario, peak: Rates, view: Figure) -> Figure:
    """Return what pictures as they were sent would take more; nothing if they are smaller."""
    sent = given(scenario.people.image_size, "B as sent", "people.image_size")
    larger = largest("", "B a picture", sent, view)
    less = difference("", "B a picture", larger, view)
    return product("spared by showing renditions", PER_S, peak.asked, less)


def _abroad_a_day(scenario: Scenario, mean: Rates, stored: Storage) -> Figure:
    """Return what copies in other regions take in a day: rows, entries of timelines, objects."""
    fleet = scenario.fleet
    entry = given(measured.TIMELINE_ENTRY_BYTES, "B a copy", "entry", source=measured.SOURCE)
    written = {
        "post_store": stored.post_rows,
        "user_store": stored.user_rows,
        "timeline_store": product("", "B/day", mean.copies, entry, DAY),
    }
    rows = (
        product(
            "",
            "B/day",
            a_day,
            given(
                _abroad(fleet, getattr(fleet, store).replicas), "copies abroad", f"fleet.{store}"
            ),
        )
        for store, a_day in written.items()
    )
    regions = len(set(zone_regions(fleet)))
    abroad = given(
        min(regions, OBJECT_COPIES) - 1,
        "copies abroad",
        "fleet.regions",
        source=f"{HAYSTACK}; {SPREAD_OUT}",
    )
    objects = product("", "B/day", stored.objects, abroad)
    return total_spelled("between regions a day", "B/day", *rows, objects)


def _abroad(fleet: Fleet, replicas: int) -> float:
    """Return how many copies lie in another region than the first, on average over the zones.

    See `model.rules.regions.zone_of_copy`.
    """
    where = zone_regions(fleet)
    zones = len(where)
    away = [
        where[zone_of_copy(first, copy, zones)] != where[first]
        for first in range(zones)
        for copy in range(1, replicas)
    ]
    return sum(away) / zones
