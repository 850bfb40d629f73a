"""Calls to another service: any of its instances, within the deadline, errors as our own.

This is the one place that meets the weather between services (timeouts, lost peers).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from time import perf_counter
from types import TracebackType
from typing import Any, Self

import aiohttp
from yarl import URL

from reference_impl.chassis.addresses import AddressBook
from reference_impl.chassis.callers import CALLER, DEADLINE, deadline_in
from reference_impl.chassis.deadlines import seconds_left
from reference_impl.chassis.errors import STATUS_OF, Defective, Unavailable
from reference_impl.chassis.instances import Answer, Instances
from reference_impl.chassis.metrics import CALL_S
from reference_impl.chassis.settings import Settings

__all__ = ["Answer", "ServiceClient", "client_of"]

CALL_S_MAX = 3.0

_AWAY = (502, 503, 504)  # what is said by, or in place of, a service that cannot answer for now
_ERROR_OF = {status: error for error, status in STATUS_OF.items()}


class ServiceClient:
    """Calls one service; its instances, `unix:/path` or `http://host:port`, take turns.

    Those of the own `zone` do as long as one of them can be reached; then the others.  Use it as
    an async context manager, which closes its connections.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        name: str,
        timeout_s: float = CALL_S_MAX,
        addresses: str = "",
        zone: str = "",
    ) -> None:
        self._name = name
        self._timeout_s = timeout_s
        self._instances = Instances(AddressBook(name, urls, path=addresses), zone=zone)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._instances.close()

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

        An instance that cannot be connected to has seen nothing of the request, so each of the
        others may be asked, once; for every later failure, the caller decides.
        """
        left_s = seconds_left(self._name, at_most_s=self._timeout_s)
        begun_s, outcome = perf_counter(), "unreachable"
        try:
            answer = await self._first_answer(method, path, headers or {}, body, left_s)
            outcome = str(answer.status)
        except TimeoutError:
            outcome = "timeout"
            raise Unavailable(f"{self._name} did not answer in time") from None
        except aiohttp.ClientError as error:
            raise Unavailable(f"{self._name} could not be asked: {error}") from error
        else:
            return answer
        finally:
            CALL_S.labels(self._name, outcome).observe(perf_counter() - begun_s)

    async def _first_answer(
        self, method: str, path: URL, headers: Mapping[str, str], body: bytes | None, left_s: float
    ) -> Answer:
        caller = CALLER.get()
        told = {**headers, **(caller.headers() if caller else {})}
        told[DEADLINE] = deadline_in(left_s)
        until_s = perf_counter() + left_s
        refused = aiohttp.ClientError("no instance is known")
        for instance in self._instances.in_turn():
            if (left_s := until_s - perf_counter()) <= 0:
                raise TimeoutError
            try:
                return await instance.ask(method, path, told, body, left_s)
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
                instance.rest()
                refused = error
        raise refused

    def _json(self, answer: Answer) -> Any:
        if answer.status < 400:
            return json.loads(answer.body)
        if answer.status in _AWAY:
            raise Unavailable(f"{self._name} answered {answer.status}")
        if answer.status in _ERROR_OF:
            raise _ERROR_OF[answer.status](_detail(answer))
        raise Defective(f"{self._name} answered {answer.status}")


def client_of(settings: Settings, service: str, *, timeout_s: float = CALL_S_MAX) -> ServiceClient:
    """Return the client of a service that the settings name: "user", "follow" and so on."""
    return ServiceClient(
        getattr(settings, f"{service}_urls"),
        name=service,
        timeout_s=timeout_s,
        addresses=settings.addresses,
        zone=settings.zone,
    )


def _detail(answer: Answer) -> str:
    try:
        return str(json.loads(answer.body)["detail"])
    except (ValueError, KeyError, TypeError):
        return f"refused with status {answer.status}"
