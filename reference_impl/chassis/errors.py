"""What a caller can do wrong, and the one place that knows which HTTP status each has."""

from __future__ import annotations

from collections.abc import Mapping

RETRY_AFTER = "Retry-After"  # whole seconds
_UNAVAILABLE_RETRY_AFTER_S = 1  # an instance that died is started again in about a second


class ServiceError(Exception):
    """A request that cannot be granted; the message is for the caller to read.

    `headers` go out with the refusal.
    """

    def __init__(self, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.headers = dict(headers or {})


class BadRequest(ServiceError):
    """The request does not say what it must, or says something that it must not."""


class Unauthenticated(ServiceError):
    """The caller has not shown who they are."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})  # RFC 9110, 15.5.2


class Forbidden(ServiceError):
    """The caller is known, and may not do this."""


class NotFound(ServiceError):
    """What the request names does not exist."""


class Conflict(ServiceError):
    """The request contradicts what is already stored; time may change that."""

    def __init__(self, detail: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(detail, headers=_retry_after(retry_after_s))


class TooLarge(ServiceError):
    """The body is larger than this endpoint takes."""


class UnsupportedMedia(ServiceError):
    """The body is of a type that this endpoint does not take."""


class Unprocessable(ServiceError):
    """The request can be read, but contradicts an earlier one, or its image is damaged."""


class TooMany(ServiceError):
    """The caller has asked too often; the request may be sent again after `retry_after_s`."""

    def __init__(
        self, detail: str, *, retry_after_s: int = 1, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail, headers={**(headers or {}), **_retry_after(retry_after_s)})


class Unavailable(ServiceError):
    """A part of the system did not answer in time, or is full; the request may be sent again."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers=_retry_after(_UNAVAILABLE_RETRY_AFTER_S))


class Full(Unavailable):
    """A server that answers takes nothing more in; what it holds can still be read, and freed."""


class Defective(Unavailable):
    """A part of the system has a defect: asked the same again, it may well fail again."""


STATUS_OF: dict[type[ServiceError], int] = {
    BadRequest: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    TooLarge: 413,
    UnsupportedMedia: 415,
    Unprocessable: 422,
    TooMany: 429,
    Unavailable: 503,
}


def status_of(error: ServiceError) -> int:
    """Return the status of a refusal: that of its class, or of the class which that refines."""
    return next(STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF)


def _retry_after(seconds: int | None) -> dict[str, str]:
    return {} if seconds is None else {RETRY_AFTER: str(seconds)}
