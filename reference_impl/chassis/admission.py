"""How many requests one process answers at a time: the next is told to come again.

A request whose body is on its way does no work and can take as long as its sender likes, so it
has no place among those under way meanwhile: those who wait for bodies are counted apart, and
no client address may have more than a quarter of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from aiohttp import web

from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.metrics import IN_FLIGHT, SHED
from reference_impl.chassis.rooms import Room

BODIES_MAX = 1_024  # arriving at a time, however long
# Bodies too long for JSON, from before they are read until they are answered: 8 MiB of memory
# each.  Who is signed in does not meet the limit of strangers, who register with an image.
UPLOADS_MAX = 64
UPLOADS_OF_STRANGERS_MAX = 32
# Answers sent piece by piece to clients that may take them slowly, each over a connection to the
# instance that answers: with as many uploads as there may be, all of them leave others a quarter
# of `instances.CONNECTIONS_MAX`.
ANSWERS_MAX = 128
ADDRESSES_MIN = 4  # that it takes to fill any of these


class Admission:
    """Lets requests in up to a limit.

    Beyond it each would only make all others slower, until none met its deadline: a quick
    refusal costs the caller least, and lets a balancer try another instance.
    """

    def __init__(self, service: str, in_flight_max: int) -> None:
        self._in_flight_max = in_flight_max
        self._in_flight = 0
        self._bodies = _room(BODIES_MAX)
        self._answers = _room(ANSWERS_MAX)
        self._uploads = {True: _room(UPLOADS_MAX), False: _room(UPLOADS_OF_STRANGERS_MAX)}
        self._shed = SHED.labels(service)
        IN_FLIGHT.labels(service).set_function(lambda: self._in_flight)

    @contextmanager
    def turn(self, address: str) -> Iterator[Turn]:
        """Count one more request as under way; raise Unavailable at the limit."""
        self._refuse_if(self._in_flight >= self._in_flight_max, self._full())
        self._in_flight += 1
        turn = Turn(self, address)
        try:
            yield turn
        finally:
            turn.end()
            self._in_flight -= 1

    @contextmanager
    def body_arriving(self, address: str) -> Iterator[None]:
        """Give a place up to whoever comes, and take one again after the block.

        Raises Unavailable if there is no room for one more body before it, or none for one more
        request after it.
        """
        with self._aside(self._bodies, address, "too many bodies are on their way already"):
            yield
        self._refuse_if(self._in_flight > self._in_flight_max, self._full())

    def answer_leaving(self, address: str) -> AbstractContextManager[None]:
        """Give a place up while the block sends a long answer; Unavailable if there are too many.

        Afterwards it is taken again in any case: what has been sent cannot be refused any more.
        """
        return self._aside(self._answers, address, "too many long answers are under way already")

    def begin_upload(self, address: str, *, is_signed_in: bool) -> Room:
        """Return the room that one more upload has been let into; Unavailable if it is full."""
        room = self._uploads[is_signed_in]
        self._refuse_if(not room.has_place_for(address), "too many uploads are under way already")
        room.enter(address)
        return room

    @contextmanager
    def _aside(self, room: Room, address: str, full: str) -> Iterator[None]:
        """Count a request in this room, and not among those under way, while the block runs."""
        self._refuse_if(not room.has_place_for(address), full)
        room.enter(address)
        self._in_flight -= 1
        try:
            yield
        finally:
            self._in_flight += 1  # in any case, for it is taken off again when the turn ends
            room.leave(address)

    def _full(self) -> str:
        return f"{self._in_flight_max} requests are under way already"

    def _refuse_if(self, is_full: bool, why: str) -> None:  # noqa: FBT001 - reads as a sentence
        if is_full:
            self._shed.inc()
            raise Unavailable(why)


class Turn:
    """The place of one request among those under way."""

    def __init__(self, admission: Admission, address: str) -> None:
        self._admission = admission
        self._address = address
        self._upload: Room | None = None

    def body_arriving(self) -> AbstractContextManager[None]:
        """Give the place up while the block waits for the body; see Admission."""
        return self._admission.body_arriving(self._address)

    def answer_leaving(self) -> AbstractContextManager[None]:
        """Give the place up while the block sends a long answer; see Admission."""
        return self._admission.answer_leaving(self._address)

    def begin_upload(self, *, is_signed_in: bool) -> None:
        """Count the request as an upload until its turn ends; Unavailable if there are too many."""
        self._upload = self._admission.begin_upload(self._address, is_signed_in=is_signed_in)

    def end(self) -> None:
        """Count the upload no longer, if it was one."""
        if self._upload is not None:
            self._upload.leave(self._address)


TURN = web.RequestKey("turn", Turn)


def _room(places: int) -> Room:
    return Room(places, per_address=max(1, places // ADDRESSES_MIN))
