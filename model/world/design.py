"""The design as journeys: what each request and each asynchronous activity goes through.

A service that asks others works before and after: each call is two visits of its station,
half of the work each.  The stations and their order are those that the reference services
report in `Server-Timing`; `answers.accounting` compares the two.

A request is as the load generator sends it: a post is an image without `Idempotency-Key`, a page
is the first of a timeline that is there, and full.  What consumers do with events that are not
for them is part of what their event loops cost per call; their visits of the broker are said.
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
from model.world.spreading import Spreading

WorkOf = Callable[[str, str], QuantileTable]  # (journey, station) -> work of one visit or call
DelayOf = Callable[[str], float]  # journey -> seconds that no station accounts for

FANOUT, REFLECTION, ANNOUNCEMENT = "fanout", "reflection", "announcement"
DEVELOPMENT, PORTRAIT = "development", "portrait"  # of a post's image, and of a profile's
ACTIVITIES_OF = {  # what goes on after the answer: the first begins, and starts the others
    Endpoint.POST: (FANOUT, DEVELOPMENT),
    Endpoint.FOLLOW: (REFLECTION,),
    Endpoint.UNFOLLOW: (REFLECTION,),
    Endpoint.REGISTER: (ANNOUNCEMENT, PORTRAIT),
}

_READER, _TARGET, _NAME = "reader", "target", "name"  # visits with one key meet one shard
_HEAR_OF_USERS = ("user", "follow", "post", "timeline")  # groups that read users' events
_HEAR_OF_IMAGES = ("user", "post", "pipeline")  # groups that read the pipeline's, and the edges
_HEARS_AND_DEVELOPS = "pipeline"  # the group that reads users' and posts' for their images


def journeys_of(reach: Reach, work_of: WorkOf, delay_of: DelayOf) -> tuple[Journey, ...]:
    """Return every journey of the design, with these widths, works and delays."""
    requests = (
        _request(endpoint, _Steps(endpoint.value, work_of), reach, delay_of)
        for endpoint in Endpoint
    )
    activities = {
        FANOUT: _fanout(_Steps(FANOUT, work_of), reach),
        REFLECTION: _reflection(_Steps(REFLECTION, work_of), reach),
        ANNOUNCEMENT: _announcement(_Steps(ANNOUNCEMENT, work_of), reach),
        DEVELOPMENT: _development(_Steps(DEVELOPMENT, work_of), reach, told="post"),
        PORTRAIT: _development(_Steps(PORTRAIT, work_of), reach, told="user"),
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
    counting = reach.counting[endpoint]
    is_known = endpoint not in (Endpoint.LOGIN, Endpoint.REGISTER)
    let_in = _several(at, "session_store", "", is_known + counting.before, name="let_in")
    answered = _several(at, "session_store", "", counting.after, name="answered")
    inner = (*let_in, *_INNER[endpoint](at, reach), *answered)
    outside = Delay(time=Constant(value=delay_of(endpoint.value)), name="outside")
    after = tuple(Emit(journey=each) for each in ACTIVITIES_OF.get(endpoint, ())[:1])
    return Journey(name=endpoint.value, steps=(*at.call("gateway", *inner), *after, outside))


def _newsfeed(at: _Steps, reach: Reach) -> tuple[Step, ...]:
    policy = _now_and_then(reach.stale_timeline_policy, at.visit("broker"), name="policy")
    followees = at.call("follow", at.visit("user_db", _READER))
    whose = _now_and_then(reach.stale_authors, at.visit("timeline_store"), name="whose")
    merged = ForEach(count=reach.merged_servers, body=at.visit("timeline_store", LEG), name="merge")
    posts = ForEach(count=reach.page_servers, body=at.visit("post_db", LEG), name="hydrate")
    own = AllOf(branches=(followees, at.visit("timeline_store", _READER), whose))
    cover = _now_and_then(reach.cover_share, *_cover(at, reach), name="cover")
    return at.call("timeline", policy, own, cover, merged, *at.call("post", posts))


def _cover(at: _Steps, reach: Reach) -> tuple[Step, ...]:
    """Return what the first page after a follow or unfollow adds: a look, its posts, another look.

    The follow service says what has changed, makes sure that the targets' servers know, and
    remembers that they do.
    """
    look, filled, again = _several(at, "timeline_store", _READER, 3, name="cover")
    since, behind, noted = _several(at, "user_db", _READER, 3, name="changes")
    changes = at.call("follow", since, behind, *_reflected(at, reach), noted)
    gathered = at.call("post", at.visit("post_db", _TARGET))
    news = _now_and_then(reach.follow_share, *gathered, name="gather")
    return (look, *changes, news, filled, again)


def _reflected(at: _Steps, reach: Reach) -> tuple[Step, ...]:
    """Return the second write of a change; who makes that of a follow looks who has departed."""
    departed = at.visit("user_db", _TARGET, name="user_db_departed")
    return (
        at.visit("user_db", _TARGET, name="user_db_reverse"),
        _now_and_then(reach.follow_share, departed, name="departed"),
    )


def _post(at: _Steps, reach: Reach) -> tuple[Step, ...]:
    image = at.call("media", at.visit("darkroom"), at.visit("object_store"))
    count = at.call("follow", at.visit("user_db", _READER))
    before = at.visit("post_db", _READER)
    policy = _now_and_then(reach.stale_post_policy, at.visit("broker"), name="policy")
    prepared = AllOf(branches=(image, count, before, policy))
    index = at.visit("post_db", _READER, name="post_db_index")
    asked = _now_and_then(reach.stale_timeline_policy, at.visit("broker"), name="policy")
    shown = at.call("timeline", asked, at.visit("timeline_store", _READER))
    return at.call("post", prepared, index, at.visit("post_db"), *shown)


def _follow(at: _Steps, reach: Reach) -> tuple[Step, ...]:  # noqa: ARG001 - one shape for all
    departed = at.visit("user_db", _TARGET, name="user_db_departed")
    return at.call("follow", *_changed(at), departed)


def _unfollow(at: _Steps, reach: Reach) -> tuple[Step, ...]:  # noqa: ARG001 - one shape for all
    return at.call("follow", *_changed(at))


def _changed(at: _Steps) -> tuple[Step, ...]:
    """Return how a pair changes: the target is there, then the truth, then the mirror of it."""
    known = at.call("user", at.visit("user_db", _TARGET))
    reverse = at.visit("user_db", _TARGET, name="user_db_reverse")
    return (*known, at.visit("user_db", _READER), reverse)


def _several(at: _Steps, station: str, key: str, count: int, *, name: str) -> tuple[Step, ...]:
    return tuple(at.visit(station, key, name=f"{station}_{name}_{n}") for n in range(count))


def _now_and_then(share: float, *steps: Step, name: str) -> Step:
    return WithProbability(p=share, then=steps, name=name)


def _login(at: _Steps, reach: Reach) -> tuple[Step, ...]:  # noqa: ARG001 - one shape for all
    account = (at.visit("user_db", _NAME), at.visit("user_db", _READER))
    return at.call("user", *account, at.visit("password"), at.visit("session_store"))


def _register(at: _Steps, reach: Reach) -> tuple[Step, ...]:  # noqa: ARG001 - one shape for all
    image = at.call("media", at.visit("darkroom"), at.visit("object_store"))
    names = (at.visit("user_db", _NAME), at.visit("user_db", _TARGET))
    stored = (at.visit("user_db", _READER), at.visit("session_store"))
    return at.call("user", *names, at.visit("password"), *image, *stored)


def _relayed(at: _Steps, database: str) -> tuple[Step, ...]:
    """Return the way of an event out of its database and into the broker."""
    return (*at.call("relay", at.visit(database), at.visit("broker")),)


def _consumed(at: _Steps, by: str, *inner: Step) -> tuple[Step, ...]:
    """Return how a group handles an event: read, looked up whether it is known, and finished."""
    read, known, finished = _several(at, "broker", "", 3, name=by)
    return (read, known, *inner, finished)


def _announcement(at: _Steps, reach: Reach) -> tuple[Step, ...]:
    groups = (_consumed(at, group) for group in _HEAR_OF_USERS)
    shards = (_indexed(at, shard) for shard in range(reach.index_shards))
    heard = AllOf(branches=(*groups, *shards), name="hear")
    return (*_relayed(at, "user_db"), Emit(journey=PORTRAIT), heard)


def _indexed(at: _Steps, shard: int) -> tuple[Step, ...]:
    """Return how one shard of the index hears of a user.

    What it works is left out: it takes many at a time, so that one more costs next to nothing.
    """
    return _several(at, "broker", "", 2, name=f"search_{shard}")


def _development(at: _Steps, reach: Reach, *, told: str) -> tuple[Step, ...]:
    """Return how an image gets its renditions, and who is told: its owner's service, the edges.

    What a process of the pipeline and its children work for one image is one visit.
    """
    developed = _consumed(at, _HEARS_AND_DEVELOPS, *at.call("pipeline"))
    noted = _consumed(at, told, *at.call(told, at.visit(f"{told}_db", _READER)))
    edges = (_consumed(at, f"edge_{edge}") for edge in range(reach.edges))
    others = (_consumed(at, group) for group in _HEAR_OF_IMAGES if group != told)
    return (*developed, AllOf(branches=(noted, *others, *edges), name="hear"))


def _reflection(at: _Steps, reach: Reach) -> tuple[Step, ...]:
    again = at.call("follow", *_reflected(at, reach))
    return (*_relayed(at, "user_db"), *_consumed(at, "follow", *again))


def _fanout(at: _Steps, reach: Reach) -> tuple[Step, ...]:
    merged, many = reach.merge_share, reach.spreading.many_share
    brought = (
        _now_and_then((1 - merged) * (1 - many), *_few(at, reach.spreading), name="few"),
        _now_and_then((1 - merged) * many, *_many(at, reach.spreading), name="many"),
        _now_and_then(merged, *_kept(at), name="keep"),
    )
    policy = _now_and_then(reach.stale_worker_policy, at.visit("broker"), name="policy")
    worker = _consumed(at, FANOUT, *at.call("fanout", policy, *brought))
    erasure = _consumed(at, "post")  # hears of every post, to hear of deleted ones
    heard = AllOf(branches=(worker, erasure), name="hear")
    return (*_relayed(at, "post_db"), Emit(journey=DEVELOPMENT), heard)


def _few(at: _Steps, spreading: Spreading) -> tuple[Step, ...]:
    """Return how a post is brought to its author and the followers of one chunk."""
    body = at.visit("timeline_store", LEG)
    return (*_page_of_followers(at), ForEach(count=spreading.few_servers, body=body))


def _many(at: _Steps, spreading: Spreading) -> tuple[Step, ...]:
    """Return how a post is brought to its author, then chunk by chunk, ranges side by side.

    Each chunk is an entry of its own in the broker, read and finished.
    """
    read, finished = _several(at, "broker", "", 2, name="chunk")
    delivered = ForEach(
        count=spreading.chunk_servers, body=at.visit("timeline_store", LEG), name="servers"
    )
    chunks = ForEach(
        count=spreading.chunks,
        body=(read, *_page_of_followers(at), delivered, finished),
        at_once=spreading.at_once,
        name="chunks",
    )
    return (at.visit("timeline_store", _READER), chunks)


def _page_of_followers(at: _Steps) -> tuple[Step, ...]:
    return at.call("follow", at.visit("user_db", _READER))


def _kept(at: _Steps) -> tuple[Step, ...]:
    """Return how a post is kept for merging: shown to its author, in their list, and whose it is.

    The set of those who have such lists lies on one server of all; here it is on any.
    """
    shown, kept = _several(at, "timeline_store", _READER, 2, name="keep")
    return (shown, kept, at.visit("timeline_store", name="timeline_store_whose"))


_INNER: dict[Endpoint, Callable[[_Steps, Reach], tuple[Step, ...]]] = {
    Endpoint.NEWSFEED: _newsfeed,
    Endpoint.POST: _post,
    Endpoint.FOLLOW: _follow,
    Endpoint.UNFOLLOW: _unfollow,
    Endpoint.LOGIN: _login,
    Endpoint.REGISTER: _register,
}
