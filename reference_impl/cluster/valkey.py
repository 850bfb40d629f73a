"""Embedded Valkey: one server per shard of timelines, one broker, one store of sessions."""

from __future__ import annotations

from pathlib import Path


def command(server: Path, data: Path, socket: Path, *, memory: str, durable: bool) -> list[str]:
    """Return the command that serves on `socket`, and on no TCP port.

    A full server refuses writes rather than forget what it was given (noeviction).  A durable
    one loses at most a second of writes when the machine stops.
    """
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(data),
        "daemonize": "no",
        "loglevel": "notice",
        "save": "",
        "appendonly": "yes" if durable else "no",
        "appendfsync": "everysec",
        "maxmemory": memory,
        "maxmemory-policy": "noeviction",
        "lazyfree-lazy-user-del": "yes",
        "lazyfree-lazy-user-flush": "yes",
    }
    flags = [text for key, value in options.items() for text in (f"--{key}", value)]
    return [str(server), *flags]


def url_of(socket: Path) -> str:
    """Return the URL of the server on `socket`."""
    return f"unix://{socket}"
