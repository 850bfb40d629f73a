"""What a caller can do wrong, and the one place that knows which HTTP status each has."""

from __future__ import annotations


class ServiceError(Exception):
    """A request that cannot be granted; the message is for the caller to read."""


class BadRequest(ServiceError):
    """The request does not say what it must, or says something that it must not."""


class Unauthenticated(ServiceError):
    """The caller has not shown who they are."""


class Forbidden(ServiceError):
    """The caller is known, and may not do this."""


class NotFound(ServiceError):
    """What the request names does not exist."""


class Conflict(ServiceError):
    """The request contradicts what is already stored."""


class TooLarge(ServiceError):
    """The body is larger than this endpoint takes."""


class UnsupportedMedia(ServiceError):
    """The body is of a type that this endpoint does not take."""


class Unavailable(ServiceError):
    """A part of the system did not answer in time, or is full; the request may be sent again."""


STATUS_OF: dict[type[ServiceError], int] = {
    BadRequest: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    TooLarge: 413,
    UnsupportedMedia: 415,
    Unavailable: 503,
}
