"""Clients for servers that listen on a UNIX socket, as edges do, besides those on TCP."""

from __future__ import annotations

from typing import Any

import gevent.socket
from geventhttpclient.client import HTTPClient, HTTPClientPool
from geventhttpclient.connectionpool import ConnectionPool
from geventhttpclient.url import URL

SCHEME = "unix:"
_SUFFIX = ".socket.invalid"  # of hosts that nobody has (RFC 2606); before it, the path in hex


def over_tcp_or_socket(url: str) -> str:
    """Return the URL in a form that names a host; of TCP as it is.

    >>> over_tcp_or_socket("unix:/a"), over_tcp_or_socket("http://127.0.0.1:80")
    ('http://2f61.socket.invalid', 'http://127.0.0.1:80')
    """
    path = url.removeprefix(SCHEME)
    return url if path == url else f"http://{path.encode().hex()}{_SUFFIX}"


class Clients(HTTPClientPool):
    """One client per host; those of sockets connect to them."""

    def __init__(self, *, concurrency: int, timeout_s: float) -> None:
        super().__init__(
            concurrency=concurrency, network_timeout=timeout_s, connection_timeout=timeout_s
        )

    def get_client(self, url: str | URL) -> HTTPClient:
        """Return the client of the host in a URL."""
        url = URL(url) if isinstance(url, str) else url
        is_new = (url.host, url.port) not in self.clients
        client = super().get_client(url)
        if is_new and url.host.endswith(_SUFFIX):
            path = bytes.fromhex(url.host.removesuffix(_SUFFIX)).decode()
            client._connection_pool = _SocketConnections(path, **self._limits())
        return client

    def _limits(self) -> dict[str, Any]:
        timeouts = ("network_timeout", "connection_timeout")
        return {name: self.client_args[name] for name in timeouts} | {
            "size": self.client_args["concurrency"]
        }


class _SocketConnections(ConnectionPool):
    """Connections to one socket."""

    def __init__(self, path: str, **limits: Any) -> None:
        super().__init__("", 0, "", 0, **limits)
        self._path = path

    def _resolve(self) -> list[Any]:
        return [(gevent.socket.AF_UNIX, gevent.socket.SOCK_STREAM, 0, "", self._path)]
