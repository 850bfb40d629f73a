"""The instances of one service as their caller sees them: connections, and who is asked next."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterable, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic

import aiohttp
from aiohttp import hdrs
from yarl import URL

from reference_impl.chassis import stages
from reference_impl.chassis.addresses import Address, AddressBook

ANSWER_BYTES_MAX = 9 << 20  # a file may have 8 MiB, as it is sent and as it is stored
CONNECTIONS_MAX = 256  # to one instance; further calls wait, within their timeout
CONNECT_S = 1.0  # a host that is gone refuses nothing
IDLE_S = 60.0  # below the 75 s after which a service closes idle connections
_READING = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})
REST_S = 1.0  # for which an instance that could not be reached is asked last


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a service answered, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class ConnectionLost(aiohttp.ClientConnectionError):
    """The connection ended before the answer: the request may have been carried out."""


class Instances:
    """The instances that the book names by now; those that are gone finish what they were asked."""

    def __init__(self, book: AddressBook, *, zone: str = "") -> None:
        self._book = book
        self._zone = zone
        self._addresses: tuple[Address, ...] = ()
        self._open: dict[str, Instance] = {}  # by URL
        self._in_zone: dict[str, list[Instance]] = {}
        self._turn = random.randrange(1 << 16)  # callers must not all begin with the first
        self._leaving: set[asyncio.Task[None]] = set()

    def known(self) -> Sequence[Instance]:
        """Return every instance."""
        self._follow_the_book()
        return tuple(self._open.values())

    def zones(self) -> Sequence[str]:
        """Return every zone that has an instance."""
        self._follow_the_book()
        return tuple(self._in_zone)

    def in_turn(self, zones: Sequence[str] | None = None) -> Iterator[Instance]:
        """Yield every instance once, and last who could not be reached lately.

        Those of one zone take turns.  The zones come in the order given; without one, the own
        zone comes first, and then all others as if they were one.
        """
        self._follow_the_book()
        self._turn += 1
        now_s = monotonic()
        resting = []
        for instance in self._in_order(zones):
            if instance.rests_until_s > now_s:
                resting.append(instance)
            elif not instance.is_leaving:  # by now: the caller has waited for others
                yield instance
        yield from (instance for instance in resting if not instance.is_leaving)

    async def close(self) -> None:
        """Close every connection."""
        for instance in self._open.values():
            await instance.close()
        await asyncio.gather(*self._leaving)

    def _in_order(self, zones: Sequence[str] | None) -> Iterator[Instance]:
        for group in self._own_first() if zones is None else map(self._in, zones):
            yield from _turned(group, self._turn)

    def _own_first(self) -> Iterator[Sequence[Instance]]:
        yield self._in(self._zone)
        yield [one for one in self._open.values() if one.zone != self._zone]

    def _in(self, zone: str) -> Sequence[Instance]:
        return self._in_zone.get(zone, ())

    def _follow_the_book(self) -> None:
        addresses = self._book.current()
        if addresses is self._addresses:
            return
        self._addresses = addresses
        zone_of = {at.url: at.zone for at in addresses}
        for url in self._open.keys() - zone_of.keys():
            leaving = asyncio.create_task(self._open.pop(url).leave())
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)
        self._open = {url: self._open.get(url) or Instance(url) for url in zone_of}
        self._in_zone = defaultdict(list)
        for url, instance in self._open.items():
            instance.zone = zone_of[url]
            self._in_zone[instance.zone].append(instance)


class Instance:
    """The connections to one process of a service."""

    def __init__(self, url: str) -> None:
        connector: aiohttp.BaseConnector
        if url.startswith("unix:"):
            path = url.removeprefix("unix:")
            connector = aiohttp.UnixConnector(path, limit=CONNECTIONS_MAX, keepalive_timeout=IDLE_S)
            self._base = URL("http://localhost")
        else:
            connector = aiohttp.TCPConnector(limit=CONNECTIONS_MAX, keepalive_timeout=IDLE_S)
            self._base = URL(url)
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
            auto_decompress=False,  # what nobody here has asked to be compressed is passed on
        )
        self.url = url
        self._asking = 0
        self._answered = asyncio.Event()
        self.zone = ""
        self.is_leaving = False
        self.rests_until_s = 0.0

    async def ask(
        self,
        method: str,
        path: URL,
        headers: Mapping[str, str],
        body: bytes | None,
        left_s: float,
    ) -> Answer:
        """Send one request over one connection and read the answer, bounded."""
        patience = aiohttp.ClientTimeout(total=left_s, sock_connect=CONNECT_S)
        async with self.answering(method, path, headers, body, patience) as answer:
            content = await _bounded(answer.content)
            return Answer(status=answer.status, headers=answer.headers, body=content)

    @asynccontextmanager
    async def answering(
        self,
        method: str,
        path: URL,
        headers: Mapping[str, str],
        body: bytes | AsyncIterable[bytes] | None,
        patience: aiohttp.ClientTimeout,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send one request; yield the answer when its header is there, to be read in the block.

        The request goes to this instance, whatever host the path may seem to name.
        """
        self._asking += 1
        try:
            async with self._session.request(
                method,
                self._at(path),
                headers=headers,
                data=body,
                timeout=patience,
                allow_redirects=False,
                middlewares=() if method in _READING else (_sent_once,),
            ) as answer:
                stages.absorb(answer.headers.get(stages.SERVER_TIMING))
                yield answer
        finally:
            self._asking -= 1
            if not self._asking:
                self._answered.set()

    def _at(self, path: URL) -> URL:
        """Return the path here, as it was sent: joined to the base, its dots would be resolved."""
        return URL.build(
            scheme=self._base.scheme,
            host=self._base.host or "",
            port=self._base.port,
            path=path.raw_path,
            query_string=path.raw_query_string,
            encoded=True,
        )

    def rest(self) -> None:
        """Be asked last for a while."""
        self.rests_until_s = monotonic() + REST_S

    async def leave(self) -> None:
        """Take no more requests, and close the connections when the last is answered."""
        self.is_leaving = True
        if self._asking:
            self._answered.clear()
            await self._answered.wait()
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()


async def _sent_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Send a request that changes something, and raise ConnectionLost if it may have arrived.

    For the errors that stand for that the session would send PUT, DELETE and OPTIONS once more
    by itself.  The second of two deletions is answered with 404, and whether there is to be a
    second is for the caller to decide.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:  # nobody has seen anything of it
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise ConnectionLost(f"the connection was lost: {error}") from error


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    body = bytearray()
    async for chunk in content.iter_any():
        body += chunk
        if len(body) > ANSWER_BYTES_MAX:
            raise aiohttp.ClientPayloadError(f"answer longer than {ANSWER_BYTES_MAX} bytes")
    return bytes(body)


def _turned(instances: Sequence[Instance], by: int) -> Sequence[Instance]:
    start = by % len(instances) if instances else 0
    return (*instances[start:], *instances[:start])
