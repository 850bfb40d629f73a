"""Who sends requests in SimPy: streams that come anyway, and users who wait and think."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf

from model.engine import limits
from model.engine.arrivals import arrivals, request_uid, session_length, think_s, users
from model.engine.codes import At, StreamKind
from model.engine.program import Program
from model.engine.simpy_clock import Moment
from model.engine.simpy_walks import Request, Walks


@dataclass(frozen=True, slots=True, kw_only=True)
class Luck:
    """Which run it is, and how long."""

    seed: int
    replication: int
    until_s: float


class Source:
    """Sends the requests of one stream."""

    def __init__(self, program: Program, walks: Walks, *, number: int) -> None:
        self.walks, self.number, self.laws = walks, number, program.laws
        self.stream = program.streams[number]
        self._rows = self.stream.attributes.tolist()
        self.crowd = Crowd()

    def start(self, luck: Luck) -> None:
        """Schedule the first request, or the first of each user."""
        if self.stream.kind is StreamKind.CLOSED:
            self._start_users(luck)
            return
        is_open = self.stream.kind is not StreamKind.SESSIONS
        coming = arrivals(
            self.stream,
            self.laws,
            seed=luck.seed,
            replication=luck.replication,
            until_s=luck.until_s,
        )
        Queue(self, coming, self._send if is_open else self._start_session).expect()

    def begin(
        self, uid: int, attribute_row: int, ended: Callable[[Request], None] | None = None
    ) -> None:
        """Begin a request."""
        self.walks.begin(
            self.stream.journey,
            uid,
            stream=self.number,
            attribute_row=attribute_row,
            attributes=self._rows[attribute_row],
            ended=ended,
        )

    def _send(self, _serial: int, uid: int, attribute_row: int) -> None:
        self.begin(uid, attribute_row)

    def _start_session(self, serial: int, uid: int, attribute_row: int) -> None:
        stream, law = self.stream, self.laws[self.stream.length]
        length = session_length(law, self.walks.run, uid, stream.path_hash)
        user = User(
            source=self, serial=serial, root=uid, attribute_row=attribute_row, requests_max=length
        )
        user.send()

    def _start_users(self, luck: Luck) -> None:
        uids, rows = users(self.stream, seed=luck.seed, replication=luck.replication)
        for serial, (uid, row) in enumerate(zip(uids.tolist(), rows.tolist(), strict=True)):
            User(source=self, serial=serial, root=uid, attribute_row=row).think(uid)


class Crowd:
    """Counts what the users of a stream send at one instant: without end, if no time passes."""

    def __init__(self) -> None:
        self._instant_s, self._requests = -1.0, 0

    def enter(self, now_s: float) -> None:
        """Count one more; raises TooMuch if time stands still."""
        if now_s != self._instant_s:
            self._instant_s, self._requests = now_s, 0
        self._requests += 1
        if self._requests > limits.AT_ONCE_MAX:
            raise limits.TooMuch(limits.TIME_STANDS_STILL)


class Queue:
    """Arrivals, each scheduled when the one before it comes."""

    def __init__(
        self,
        source: Source,
        coming: Iterator[tuple[float, int, int]],
        arrive: Callable[[int, int, int], None],
    ) -> None:
        self._source, self._coming, self._happen = source, coming, arrive
        self._clock, self._arrived = source.walks.clock, 0

    def expect(self) -> None:
        """Schedule the next arrival, if there is one."""
        if (arrival := next(self._coming, None)) is not None:
            at_s, uid, row = arrival
            order = At.ARRIVAL, self._source.number, self._arrived
            self._clock.at(at_s, order, self._arrive, (self._arrived, uid, row))
            self._arrived += 1

    def _arrive(self, moment: Moment) -> None:
        self.expect()
        self._happen(*moment.subject)


@dataclass(slots=True, kw_only=True, eq=False)
class User:
    """A closed user, or one session: sends a request, waits for the answer, thinks, and so on."""

    source: Source
    serial: int
    root: int  # uid
    attribute_row: int
    requests_max: float = inf
    sent: int = 0

    def think(self, uid: int) -> None:
        """Send the next request after the time that goes with the last one."""
        source, stream = self.source, self.source.stream
        walks = source.walks
        pause_s = think_s(source.laws[stream.think], walks.run, uid, stream.path_hash)
        order = At.ARRIVAL, source.number, self.serial
        walks.clock.at(walks.clock.now + pause_s, order, self._thought, None)

    def send(self) -> None:
        """Send the next request."""
        self.source.crowd.enter(self.source.walks.clock.now)
        self.sent += 1
        uid = request_uid(self.root, self.source.stream.path_hash, self.sent)
        self.source.begin(uid, self.attribute_row, self._answered)

    def _thought(self, _moment: Moment) -> None:
        self.send()

    def _answered(self, request: Request) -> None:
        if self.sent < self.requests_max:
            self.think(request.uid)
