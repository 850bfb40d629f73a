"""Where the time of one request went: one entry per station visited, sent as `Server-Timing`.

A request has one `Account`: store calls enter it through `visit`, other services' headers
through `absorb`, the request's own CPU time through `metering.Metered`.  Without an account
in the context (FEEDTWIN_SERVER_TIMING off) each of these costs one look-up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from time import perf_counter_ns

SERVER_TIMING = "Server-Timing"
ENTRIES_MAX = 64  # of one header that is read: far more stations than exist

_ENTRY = re.compile(r"\s*([a-z_]{1,32})((?:;[a-z]{1,8}=[0-9.]{1,24}){0,8})\s*")
_NS_PER_MS = 1_000_000


@dataclass(slots=True, kw_only=True)
class Stage:
    """What one request cost at one station, added up over its visits."""

    wall_ns: int = 0
    cpu_ns: int | None = None  # None for stores: their CPU time is not ours to see
    visits: int = 0


class Account:
    """What one request cost so far, by station; `cpu_ns` is that of its own steps here."""

    __slots__ = ("cpu_ns", "is_closed", "is_stepping", "stages")

    def __init__(self) -> None:
        self.stages: dict[str, Stage] = {}
        self.cpu_ns = 0
        self.is_closed = False
        self.is_stepping = False  # whether one of its steps is running, and being timed

    def add(
        self, station: str, *, wall_ns: int, cpu_ns: int | None = None, visits: int = 1
    ) -> None:
        """Enter `visits` visits of a station that took `wall_ns` together."""
        stage = self.stages.setdefault(station, Stage())
        stage.wall_ns += wall_ns
        stage.visits += visits
        if cpu_ns is not None:
            stage.cpu_ns = (stage.cpu_ns or 0) + cpu_ns

    def absorb(self, header: str) -> None:
        """Enter what another service's `Server-Timing` says; leave out what cannot be read."""
        for text in header.split(",", ENTRIES_MAX)[:ENTRIES_MAX]:
            if entry := _ENTRY.fullmatch(text):
                self._absorb_entry(entry[1], entry[2])

    def _absorb_entry(self, station: str, parameters: str) -> None:
        try:
            pairs = (pair.split("=") for pair in parameters.split(";")[1:])
            values = {name: float(number) for name, number in pairs}
        except ValueError:  # such as "1.2.3"
            return
        cpu_ms = values.get("cpu")
        self.add(
            station,
            wall_ns=round(values.get("dur", 0.0) * _NS_PER_MS),
            cpu_ns=None if cpu_ms is None else round(cpu_ms * _NS_PER_MS),
            visits=round(values.get("n", 1.0)),
        )

    def header(self) -> str:
        """Return the account as the value of a `Server-Timing` header."""
        return ", ".join(_entry(station, stage) for station, stage in self.stages.items())


_ACCOUNT: ContextVar[Account | None] = ContextVar("account", default=None)
_UNCOUNTED: AbstractContextManager[None] = nullcontext()


def current_account() -> Account | None:
    """Return the account of the request being answered; None when nobody counts."""
    account = _ACCOUNT.get()
    return None if account is None or account.is_closed else account


@contextmanager
def accounting(account: Account) -> Iterator[None]:
    """Enter what runs inside the block, and tasks begun in it, into `account`, then close it."""
    token = _ACCOUNT.set(account)
    try:
        yield
    finally:
        account.is_closed = True
        _ACCOUNT.reset(token)


def visit(station: str) -> AbstractContextManager[None]:
    """Count what runs inside the block (`with`, not `async with`) as one visit of `station`."""
    account = current_account()
    return _UNCOUNTED if account is None else _Visit(account, station)


def charge(station: str, *, cpu_ns: int) -> None:
    """Enter CPU time that another thread spent on this request, in a `visit` already counted."""
    if account := current_account():
        account.add(station, wall_ns=0, cpu_ns=cpu_ns, visits=0)


def absorb(header: str | None) -> None:
    """Enter the `Server-Timing` of a service that the request asked."""
    if header and (account := current_account()):
        account.absorb(header)


class _Visit:
    __slots__ = ("_account", "_begun_ns", "_station")

    def __init__(self, account: Account, station: str) -> None:
        self._account = account
        self._station = station
        self._begun_ns = 0

    def __enter__(self) -> None:
        self._begun_ns = perf_counter_ns()

    def __exit__(self, *_: object) -> None:
        self._account.add(self._station, wall_ns=perf_counter_ns() - self._begun_ns)


def _entry(station: str, stage: Stage) -> str:
    wall = f"{station};dur={stage.wall_ns / _NS_PER_MS:.3f}"
    cpu = "" if stage.cpu_ns is None else f";cpu={stage.cpu_ns / _NS_PER_MS:.3f}"
    return f"{wall}{cpu};n={stage.visits}"
