"""The public API as its pages ask it: in the name of a visitor, and for where that one is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import hdrs
from yarl import URL

from reference_impl.chassis.callers import CLIENT_ADDRESS, PATIENCE_S, allow
from reference_impl.chassis.clients import Answer, ServiceClient
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.idempotency import IDEMPOTENCY_KEY
from reference_impl.web.multipart import Outgoing, written
from reference_impl.web.refusals import Refused
from reference_impl.web.visitors import Visitor

RETRY_AFTER_S_MAX = 86_400


class GatewayClient:
    """Asks any of the gateways; what is not granted is raised as Refused."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def get(self, visitor: Visitor, path: str, query: Mapping[str, str] | None = None) -> Any:
        """Return the JSON that GET answers."""
        return await self._asked(visitor, hdrs.METH_GET, URL(path).with_query(query or {}))

    async def post(self, visitor: Visitor, path: str, body: object = None) -> Any:
        """Return the JSON that POST answers; None if the answer has no body."""
        if body is None:
            return await self._asked(visitor, hdrs.METH_POST, URL(path))
        headers: dict[str, str] = {hdrs.CONTENT_TYPE: "application/json"}
        data = json.dumps(body).encode()
        return await self._asked(visitor, hdrs.METH_POST, URL(path), headers, data)

    async def delete(self, visitor: Visitor, path: str) -> None:
        """Have something deleted."""
        await self._asked(visitor, hdrs.METH_DELETE, URL(path))

    async def send_form(
        self, visitor: Visitor, method: str, path: str, form: Outgoing, *, key: str = ""
    ) -> Any:
        """Return the JSON that is answered to a form; with `key`, one that is handled once."""
        allow(PATIENCE_S)  # which is with the API, not with how long the upload took
        content_type, body = written(form)
        headers: dict[str, str] = {hdrs.CONTENT_TYPE: content_type}
        if key:
            headers[IDEMPOTENCY_KEY] = key
        return await self._asked(visitor, method, URL(path), headers, body)

    async def _asked(
        self,
        visitor: Visitor,
        method: str,
        url: URL,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Any:
        told = {**(headers or {}), **_headers_of(visitor)}
        try:
            answer = await self._client.forward(method, url, headers=told, body=body)
        except Unavailable as error:
            raise Refused(503, str(error), retry_after_s=1) from error
        if answer.status >= 400:
            raise _refused(answer)
        return json.loads(answer.body) if answer.body else None


def _headers_of(visitor: Visitor) -> dict[str, str]:
    told = {CLIENT_ADDRESS: visitor.address} if visitor.address else {}
    if visitor.token:
        told[hdrs.AUTHORIZATION] = f"Bearer {visitor.token}"
    return told


def _refused(answer: Answer) -> Refused:
    try:
        detail = str(json.loads(answer.body)["detail"])
    except (ValueError, LookupError, TypeError):
        detail = f"refused with status {answer.status}"
    return Refused(answer.status, detail, retry_after_s=retry_after_s_in(answer.headers))


def retry_after_s_in(headers: Mapping[str, str]) -> int | None:
    """Return the seconds that the header Retry-After says, if it says any."""
    text = headers.get(hdrs.RETRY_AFTER, "")
    is_seconds = text.isascii() and text.isdecimal() and len(text) <= 9
    return min(int(text), RETRY_AFTER_S_MAX) if is_seconds else None
