"""Calls to another service: any of its instances, within the deadline, errors as our own.

This is the one place that meets the weather between services (timeouts, lost peers).
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp
from yarl import URL

from reference_impl.chassis import stages
from reference_impl.chassis.callers import CALLER
from reference_impl.chassis.errors import STATUS_OF, Unavailable

ANSWER_BYTES_MAX = 9 << 20  # an upload of 8 MiB comes back as an image of 8 MiB
CONNECTIONS_MAX = 256  # to one instance; further calls wait, within their timeout
IDLE_S = 60.0  # below the 75 s after which a service closes idle connections

_ERROR_OF = {status: error for error, status in STATUS_OF.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a service answered, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class ServiceClient:
    """Calls one service; its instances, `unix:/path` or `http://host:port`, take turns.

    Use it as an async context manager, which closes its connections.
    """

    def __init__(self, urls: Sequence[str], *, name: str, timeout_s: float = 3.0) -> None:
        if not urls:
            raise ValueError(f"{name}: no instances given")
        self._name = name
        self._timeout_s = timeout_s
        self._urls = tuple(urls)
        self._instances: list[_Instance] = []
        self._turn = random.randrange(len(urls))  # callers must not all begin with the first

    async def __aenter__(self) -> Self:
        self._instances = [_Instance(url) for url in self._urls]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for instance in self._instances:
            await instance.session.close()

    async def get_json(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """Return what GET answers; a refusal is raised as the `ServiceError` of its status."""
        url = URL(path) if params is None else URL(path).with_query(params)
        return self._json(await self.forward("GET", url))

    async def post_json(self, path: str, body: object) -> Any:
        """Return what POST answers; a refusal is raised as the `ServiceError` of its status."""
        headers = {"Content-Type": "application/json"}
        data = json.dumps(body).encode()
        return self._json(await self.forward("POST", URL(path), headers=headers, body=data))

    async def put_bytes(self, path: str, data: bytes, content_type: str) -> Any:
        """Return the JSON that PUT answers, refusals raised likewise."""
        headers = {"Content-Type": content_type}
        return self._json(await self.forward("PUT", URL(path), headers=headers, body=data))

    async def forward(
        self,
        method: str,
        path: URL,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Send a request and return the answer, whatever its status; raise Unavailable if none.

        An instance that refuses the connection has seen nothing of the request, so the next
        one may be asked, once; after that, and for every later failure, the caller decides.
        """
        timeout = aiohttp.ClientTimeout(total=self._time_left_s())
        caller = CALLER.get()
        told = {**(headers or {}), **(caller.headers() if caller else {})}
        try:
            try:
                return await self._next().ask(method, path, told, body, timeout)
            except aiohttp.ClientConnectorError:
                return await self._next().ask(method, path, told, body, timeout)
        except TimeoutError:
            raise Unavailable(f"{self._name} did not answer in time") from None
        except aiohttp.ClientError as error:
            raise Unavailable(f"{self._name} could not be asked: {error}") from error

    def _next(self) -> _Instance:
        self._turn = (self._turn + 1) % len(self._instances)
        return self._instances[self._turn]

    def _time_left_s(self) -> float:
        caller = CALLER.get()
        if caller is None:
            return self._timeout_s
        left_s = caller.deadline_s - time.time()
        if left_s <= 0:
            raise Unavailable(f"no time left to ask {self._name}")
        return min(self._timeout_s, left_s)

    def _json(self, answer: Answer) -> Any:
        if answer.status < 400:
            return json.loads(answer.body)
        error = _ERROR_OF.get(answer.status, Unavailable)
        if error is Unavailable:
            raise Unavailable(f"{self._name} answered {answer.status}")
        raise error(_detail(answer))


class _Instance:
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
        self.session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
        )

    async def ask(
        self,
        method: str,
        path: URL,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - handed on; aiohttp keeps it
    ) -> Answer:
        """Send one request over one connection and read the answer, bounded."""
        async with self.session.request(
            method,
            self._base.join(path),
            headers=headers,
            data=body,
            timeout=timeout,
            allow_redirects=False,
        ) as answer:
            stages.absorb(answer.headers.get(stages.SERVER_TIMING))
            return Answer(
                status=answer.status, headers=answer.headers, body=await _bounded(answer.content)
            )


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    body = bytearray()
    async for chunk in content.iter_any():
        body += chunk
        if len(body) > ANSWER_BYTES_MAX:
            raise aiohttp.ClientPayloadError(f"answer longer than {ANSWER_BYTES_MAX} bytes")
    return bytes(body)


def _detail(answer: Answer) -> str:
    try:
        return str(json.loads(answer.body)["detail"])
    except (ValueError, KeyError, TypeError):
        return f"refused with status {answer.status}"
