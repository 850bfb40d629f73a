"""What a process counts about itself, as Prometheus reads it at /metrics.

A process has one registry, as it has one stderr: the library's own, where every module names
what it counts once, by station (`service`), so that several applications may share a process.
"""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import hdrs, web
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

REQUEST_S = Histogram(
    "feedtwin_request_seconds",
    "From a request's header read to its answer ready.",
    ("service", "method", "route", "status"),
    buckets=BUCKETS_S,
)
IN_FLIGHT = Gauge("feedtwin_requests_in_flight", "Requests being answered.", ("service",))
SHED = Counter(
    "feedtwin_requests_shed", "Requests refused since too many were under way.", ("service",)
)
CALL_S = Histogram(
    "feedtwin_call_seconds",
    "From a call of another service to its answer read, or to giving up.",
    ("callee", "status"),
    buckets=BUCKETS_S,
)
DATABASE_CONNECTIONS = Gauge(
    "feedtwin_database_connections",
    "Connections in the pool of a database server, by state: open, and idle among these.",
    ("station", "server", "state"),
)
DATABASE_WAITING = Gauge(
    "feedtwin_database_waiting", "Who waits for a connection of the pool.", ("station", "server")
)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"  # a method or path that nobody serves: callers must not make up new series


class RequestTimes:
    """The histogram of one service, which remembers where each kind of request is counted."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._kinds: dict[tuple[str, str, int], Histogram] = {}

    def add(self, request: web.Request, status: int, seconds: float) -> None:
        """Count an answer."""
        method = request.method if request.method in METHODS else OTHER
        kind = (method, route_of(request), status)
        histogram = self._kinds.get(kind)
        if histogram is None:
            histogram = self._kinds[kind] = REQUEST_S.labels(self._service, *kind)
        histogram.observe(seconds)


def route_of(request: web.Request) -> str:
    """Return the template of the route, such as `/user/{user_id}/newsfeed`; never the path."""
    resource = request.match_info.route.resource
    return OTHER if resource is None else resource.canonical


async def get_metrics(_: web.Request) -> web.Response:
    """GET /metrics -> everything counted so far, in the text format of Prometheus."""
    headers = {hdrs.CONTENT_TYPE: CONTENT_TYPE_LATEST}
    return web.Response(status=HTTPStatus.OK, headers=headers, body=generate_latest())
