"""What a request goes through until it is answered, for each kind of request."""

from __future__ import annotations

from collections.abc import Callable

from model.world.attributes import Attribute
from model.world.design.guards import request_guarded
from model.world.design.looking import image, profile, search
from model.world.design.names import ACTIVITIES_OF
from model.world.design.newsfeed import mirrored, newsfeed
from model.world.design.posts import post
from model.world.design.steps import NAME, READER, TARGET, Steps
from model.world.journeys import Delay, Emit, Journey, Step
from model.world.laws import Constant
from model.world.reach import Reach
from model.world.routes import CLIENT
from model.world.scenario import Endpoint

DelayOf = Callable[[str], float]  # journey -> seconds that no station accounts for


def request(endpoint: Endpoint, at: Steps, reach: Reach, delay_of: DelayOf) -> Journey:
    """Return the way of one request: through a gateway or an edge, and on after the answer."""
    is_image = endpoint is Endpoint.IMAGE
    steps = image(at, reach) if is_image else _through_gateway(endpoint, at, reach)
    outside = Delay(time=Constant(value=delay_of(endpoint.value)), name="outside")
    after = tuple(Emit(journey=each) for each in ACTIVITIES_OF.get(endpoint, ())[:1])
    way = (Delay(time=Attribute(name=CLIENT), name="client"),) * at.wiring.measured_at_client
    guarded = request_guarded(at.wiring, (*steps, *after, outside), is_admitted=not is_image)
    return Journey(name=endpoint.value, steps=(*guarded, *way))


def _through_gateway(endpoint: Endpoint, at: Steps, reach: Reach) -> tuple[Step, ...]:
    """Return how somebody is recognised and counted, answered by a service, and uncounted."""
    counting = reach.counting[endpoint]
    is_known = endpoint not in (Endpoint.LOGIN, Endpoint.REGISTER)
    let_in = at.several("session_store", "", is_known + counting.before, name="let_in")
    answered = at.several("session_store", "", counting.after, name="answered")
    return at.call("gateway", *let_in, *_INNER[endpoint](at, reach), *answered)


def _follow(at: Steps, reach: Reach) -> tuple[Step, ...]:
    departed = at.visit("user_db", TARGET, name="user_db_departed")
    return at.call("follow", *_changed(at, reach), departed)


def _unfollow(at: Steps, reach: Reach) -> tuple[Step, ...]:
    return at.call("follow", *_changed(at, reach))


def _changed(at: Steps, reach: Reach) -> tuple[Step, ...]:
    """Return how a pair changes: the target is there, then the truth, then the mirror of it."""
    known = at.call("user", at.visit("user_db", TARGET))
    return (*known, at.write("user_db", READER), *mirrored(at, reach))


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
    Endpoint.POST: post,
    Endpoint.FOLLOW: _follow,
    Endpoint.UNFOLLOW: _unfollow,
    Endpoint.LOGIN: _login,
    Endpoint.REGISTER: _register,
    Endpoint.PROFILE: profile,
    Endpoint.SEARCH: search,
}
