"""The design as journeys: what each request and each asynchronous activity goes through.

A service that asks others works before and after: each call is two visits of its station,
half of the work each.  The stations and their order are those that the reference services
report in `Server-Timing`; `answers.accounting` compares the two.
"""

from __future__ import annotations

from collections.abc import Callable

from model.world.journeys import (
    LEG,
    AllOf,
    Delay,
    Emit,
    ForEach,
    Journey,
    Step,
    Visit,
    WithProbability,
)  # fmt: skip
from model.world.laws import Constant, QuantileTable
from model.world.reach import Reach
from model.world.scenario import Endpoint

WorkOf = Callable[[str, str], QuantileTable]  # (journey, station) -> work of one visit or call
DelayOf = Callable[[str], float]  # journey -> seconds that no station accounts for

FANOUT, REFLECTION, ANNOUNCEMENT = "fanout", "reflection", "announcement"
ACTIVITY_OF = {  # what goes on after the answer
    Endpoint.POST: FANOUT,
    Endpoint.FOLLOW: REFLECTION,
    Endpoint.UNFOLLOW: REFLECTION,
    Endpoint.REGISTER: ANNOUNCEMENT,
}

_READER, _TARGET, _NAME = "reader", "target", "name"  # visits with one key meet one shard


def journeys_of(reach: Reach, work_of: WorkOf, delay_of: DelayOf) -> tuple[Journey, ...]:
    """Return every journey of the design, with these widths, works and delays."""
    requests = (
        _request(endpoint, _Steps(endpoint.value, work_of), reach, delay_of)
        for endpoint in Endpoint
    )
    activities = {
        FANOUT: _fanout(_Steps(FANOUT, work_of), reach),
        REFLECTION: _reflection(_Steps(REFLECTION, work_of)),
        ANNOUNCEMENT: _relayed(_Steps(ANNOUNCEMENT, work_of), "user_db"),
    }
    return (*requests, *(Journey(name=name, steps=steps) for name, steps in activities.items()))


class _Steps:
    """Makes the steps of one journey."""

    def __init__(self, journey: str, work_of: WorkOf) -> None:
        self._journey = journey
        self._work_of = work_of

    def visit(self, station: str, key: str = "", *, name: str = "") -> Step:
        """Return one visit with all of its work."""
        work = self._work_of(self._journey, station)
        return Visit(station=station, work=work, key=key, name=name)

    def call(self, station: str, *inner: Step) -> tuple[Step, ...]:
        """Return half of the work, the inner steps, and the other half at the same instance."""
        half = self._work_of(self._journey, station).scaled(0.5)
        before = Visit(station=station, work=half, key=station)
        after = Visit(station=station, work=half, key=station, name=f"{station}_answer")
        return (before, *inner, after)


def _request(endpoint: Endpoint, at: _Steps, reach: Reach, delay_of: DelayOf) -> Journey:
    """Return the way of one request: through the gateway, and on after the answer."""
    if endpoint in (Endpoint.LOGIN, Endpoint.REGISTER):
        checked: tuple[Step, ...] = ()
    else:
        checked = (at.visit("session_store"),)
    inner = (*checked, *_INNER[endpoint](at, reach))
    outside = Delay(time=Constant(value=delay_of(endpoint.value)), name="outside")
    after = (Emit(journey=ACTIVITY_OF[endpoint]),) if endpoint in ACTIVITY_OF else ()
    return Journey(name=endpoint.value, steps=(*at.call("gateway", *inner), *after, outside))


def _newsfeed(at: _Steps, reach: Reach) -> tuple[Step, ...]:
    followees = at.call("follow", at.visit("user_db", _READER))
    merged = ForEach(count=reach.merged_servers, body=at.visit("timeline_store", LEG), name="merge")
    posts = ForEach(count=reach.page_servers, body=at.visit("post_db", LEG), name="hydrate")
    own = AllOf(branches=(at.visit("timeline_store", _READER), followees))
    cover = WithProbability(p=reach.cover_share, then=_cover(at), name="cover")
    return at.call("timeline", own, cover, merged, *at.call("post", posts))


def _cover(at: _Steps) -> tuple[Step, ...]:
    """Return what the first page after a follow or unfollow adds: its posts, then a second look."""
    changes = at.call(
        "follow", *_several(at, "user_db", _READER, 3), *_several(at, "user_db", _TARGET, 2)
    )
    gathered = at.call("post", at.visit("post_db", _TARGET))
    return (*changes, *gathered, *_several(at, "timeline_store", _READER, 2))


def _post(at: _Steps, reach: Reach) -> tuple[Step, ...]:  # noqa: ARG001 - one shape for all
    image = at.call("media", at.visit("object_store"))
    count = at.call("follow", at.visit("user_db", _READER))
    before = at.visit("post_db", _READER)
    prepared = AllOf(branches=(image, count, before))
    index = at.visit("post_db", _READER, name="post_db_index")
    shown = at.call("timeline", at.visit("timeline_store", _READER))
    return at.call("post", prepared, index, at.visit("post_db"), *shown)


def _follow(at: _Steps, reach: Reach) -> tuple[Step, ...]:  # noqa: ARG001 - one shape for all
    known = at.call("user", at.visit("user_db", _TARGET))
    departed = at.visit("user_db", _TARGET, name="user_db_departed")
    return at.call("follow", *known, *_both_ways(at), departed)


def _unfollow(at: _Steps, reach: Reach) -> tuple[Step, ...]:  # noqa: ARG001 - one shape for all
    known = at.call("user", at.visit("user_db", _TARGET))
    return at.call("follow", *known, *_both_ways(at))


def _both_ways(at: _Steps) -> tuple[Step, ...]:
    reverse = at.visit("user_db", _TARGET, name="user_db_reverse")
    return (at.visit("user_db", _READER), reverse)


def _several(at: _Steps, station: str, key: str, count: int) -> tuple[Step, ...]:
    return tuple(at.visit(station, key, name=f"{station}_{key}_{n}") for n in range(count))


def _login(at: _Steps, reach: Reach) -> tuple[Step, ...]:  # noqa: ARG001 - one shape for all
    account = (at.visit("user_db", _NAME), at.visit("user_db", _READER))
    return at.call("user", *account, at.visit("password"), at.visit("session_store"))


def _register(at: _Steps, reach: Reach) -> tuple[Step, ...]:  # noqa: ARG001 - one shape for all
    image = at.call("media", at.visit("object_store"))
    names = (at.visit("user_db", _NAME), at.visit("user_db", _TARGET))
    stored = (at.visit("user_db", _READER), at.visit("session_store"))
    return at.call("user", *names, at.visit("password"), *image, *stored)


def _relayed(at: _Steps, database: str) -> tuple[Step, ...]:
    """Return the way of an event out of its database and into the broker."""
    return (*at.call("relay", at.visit(database), at.visit("broker")),)


def _reflection(at: _Steps) -> tuple[Step, ...]:
    again = at.call("follow", at.visit("user_db", _TARGET))
    return (*_relayed(at, "user_db"), at.visit("broker"), *again)


def _fanout(at: _Steps, reach: Reach) -> tuple[Step, ...]:
    page = at.call("follow", at.visit("user_db", _READER))
    chunks = ForEach(
        count=reach.fanout_servers, body=at.visit("timeline_store", LEG), name="chunks"
    )
    # A page of followers is delivered to before the next one is asked for.
    pages = ForEach(count=reach.follower_pages, body=(*page, chunks), at_once=1, name="pages")
    pushed = WithProbability(p=1 - reach.merge_share, then=pages, name="push")
    kept = WithProbability(p=reach.merge_share, then=at.visit("timeline_store"), name="keep")
    return (
        *_relayed(at, "post_db"),
        at.visit("broker"),
        *at.call("fanout", pushed, kept),
    )


_INNER: dict[Endpoint, Callable[[_Steps, Reach], tuple[Step, ...]]] = {
    Endpoint.NEWSFEED: _newsfeed,
    Endpoint.POST: _post,
    Endpoint.FOLLOW: _follow,
    Endpoint.UNFOLLOW: _unfollow,
    Endpoint.LOGIN: _login,
    Endpoint.REGISTER: _register,
}
