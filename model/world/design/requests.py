"""What a request goes through until it is answered, for each kind of request."""

from __future__ import annotations

from collections.abc import Callable

from model.world.design.names import ACTIVITIES_OF
from model.world.design.newsfeed import newsfeed
from model.world.design.steps import NAME, READER, TARGET, Steps, now_and_then
from model.world.journeys import AllOf, Delay, Emit, Journey, Step
from model.world.laws import Constant
from model.world.reach import Reach
from model.world.scenario import Endpoint

DelayOf = Callable[[str], float]  # journey -> seconds that no station accounts for


def request(endpoint: Endpoint, at: Steps, reach: Reach, delay_of: DelayOf) -> Journey:
    """Return the way of one request: through the gateway, and on after the answer."""
    counting = reach.counting[endpoint]
    is_known = endpoint not in (Endpoint.LOGIN, Endpoint.REGISTER)
    let_in = at.several("session_store", "", is_known + counting.before, name="let_in")
    answered = at.several("session_store", "", counting.after, name="answered")
    inner = (*let_in, *_INNER[endpoint](at, reach), *answered)
    outside = Delay(time=Constant(value=delay_of(endpoint.value)), name="outside")
    after = tuple(Emit(journey=each) for each in ACTIVITIES_OF.get(endpoint, ())[:1])
    return Journey(name=endpoint.value, steps=(*at.call("gateway", *inner), *after, outside))


def _post(at: Steps, reach: Reach) -> tuple[Step, ...]:
    image = at.call("media", at.visit("darkroom"), at.visit("object_store"))
    count = at.call("follow", at.visit("user_db", READER))
    before = at.visit("post_db", READER)
    policy = now_and_then(reach.stale_post_policy, at.visit("broker"), name="policy")
    prepared = AllOf(branches=(image, count, before, policy))
    index = at.visit("post_db", READER, name="post_db_index")
    asked = now_and_then(reach.stale_timeline_policy, at.visit("broker"), name="policy")
    shown = at.call("timeline", asked, at.visit("timeline_store", READER))
    return at.call("post", prepared, index, at.visit("post_db"), *shown)


def _follow(at: Steps, reach: Reach) -> tuple[Step, ...]:  # noqa: ARG001 - one shape for all
    departed = at.visit("user_db", TARGET, name="user_db_departed")
    return at.call("follow", *_changed(at), departed)


def _unfollow(at: Steps, reach: Reach) -> tuple[Step, ...]:  # noqa: ARG001 - one shape for all
    return at.call("follow", *_changed(at))


def _changed(at: Steps) -> tuple[Step, ...]:
    """Return how a pair changes: the target is there, then the truth, then the mirror of it."""
    known = at.call("user", at.visit("user_db", TARGET))
    reverse = at.visit("user_db", TARGET, name="user_db_reverse")
    return (*known, at.visit("user_db", READER), reverse)


def _login(at: Steps, reach: Reach) -> tuple[Step, ...]:  # noqa: ARG001 - one shape for all
    account = (at.visit("user_db", NAME), at.visit("user_db", READER))
    return at.call("user", *account, at.visit("password"), at.visit("session_store"))


def _register(at: Steps, reach: Reach) -> tuple[Step, ...]:  # noqa: ARG001 - one shape for all
    image = at.call("media", at.visit("darkroom"), at.visit("object_store"))
    names = (at.visit("user_db", NAME), at.visit("user_db", TARGET))
    stored = (at.visit("user_db", READER), at.visit("session_store"))
    return at.call("user", *names, at.visit("password"), *image, *stored)


_INNER: dict[Endpoint, Callable[[Steps, Reach], tuple[Step, ...]]] = {
    Endpoint.NEWSFEED: newsfeed,
    Endpoint.POST: _post,
    Endpoint.FOLLOW: _follow,
    Endpoint.UNFOLLOW: _unfollow,
    Endpoint.LOGIN: _login,
    Endpoint.REGISTER: _register,
}
