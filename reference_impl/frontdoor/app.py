"""The front door's wiring."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import web

from reference_impl.chassis.addresses import AddressBook
from reference_impl.chassis.apps import service_app
from reference_impl.chassis.callers import CALLER, REQUEST_ID
from reference_impl.chassis.instances import Instances
from reference_impl.chassis.settings import Settings
from reference_impl.frontdoor.backends import Backends, watched
from reference_impl.frontdoor.explaining import explaining
from reference_impl.frontdoor.handlers import Relay
from reference_impl.frontdoor.places import signpost_of
from reference_impl.frontdoor.routes import BOXES, GATEWAY

# RFC 6797; a year is what browsers ask of those whom they know to be reached over TLS only.
HSTS = "Strict-Transport-Security"
HSTS_FOR_A_YEAR = "max-age=31536000"


def create_app(settings: Settings, boxes: Mapping[str, Backends]) -> web.Application:
    """Return the door to these boxes, which are watched; it is ready while a gateway is."""
    app = service_app(
        "frontdoor",
        settings,
        [web.route("*", "/{path:.*}", Relay(boxes).answer)],
        checks=[boxes[GATEWAY].check],
        is_at_edge=True,
    )
    # Outside of who lets requests in, whose refusals of pages are pages too.
    app.middlewares.insert(len(app.middlewares) - 1, explaining)
    app.on_response_prepare.append(_with_request_id)
    if settings.https:
        app.on_response_prepare.append(_over_tls_from_now_on)
    return app


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[web.Application]:
    """Find the boxes that the settings name, and who of them is ready."""
    signpost = signpost_of(settings)
    async with AsyncExitStack() as opened:
        boxes = {}
        for box in BOXES:
            book = AddressBook(box, getattr(settings, f"{box}_urls"), path=settings.addresses)
            backends = Backends(box, Instances(book), signpost)
            boxes[box] = await opened.enter_async_context(watched(backends))
        yield create_app(settings, boxes)


async def _with_request_id(_: web.Request, answer: web.StreamResponse) -> None:
    """Say the id, which middleware would be too late to: long answers are on their way by then."""
    if caller := CALLER.get():
        answer.headers[REQUEST_ID] = caller.request_id


async def _over_tls_from_now_on(_: web.Request, answer: web.StreamResponse) -> None:
    answer.headers[HSTS] = HSTS_FOR_A_YEAR
