"""Password hashes: argon2 costs CPU on purpose, so few run at once and few may wait."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import thread_time_ns
from types import TracebackType
from typing import Self, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.stages import charge, visit

STATION = "password"
THREADS = 2
WAITING_MAX = 20  # at about 25 ms each, the last one waits a quarter of a second

T = TypeVar("T")


def owasp_hasher() -> PasswordHasher:
    """Return argon2id as OWASP's Password Storage Cheat Sheet sets it (2026-08)."""
    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class Passwords:
    """Hashes and verifies in threads of its own; use it as an async context manager."""

    def __init__(
        self, hasher: PasswordHasher, *, threads: int = THREADS, waiting_max: int = WAITING_MAX
    ) -> None:
        self._hasher = hasher
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=STATION)
        self._at_once_max = threads + waiting_max
        self._at_once = 0
        self._nobodys_hash = hasher.hash("nobody has this password")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._threads.shutdown(cancel_futures=True)

    async def hash_of(self, password: str) -> str:
        """Return what to store for a password."""
        return await self._in_thread(lambda: self._hasher.hash(_normal(password)))

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Say whether the password is right; where there is no user it takes as long to say no."""
        against = self._nobodys_hash if password_hash is None else password_hash
        matches = await self._in_thread(lambda: self._matches(password, against))
        return matches and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Say whether it was made with other parameters than hashes are made with now."""
        return self._hasher.check_needs_rehash(password_hash)

    def _matches(self, password: str, password_hash: str) -> bool:
        try:
            return self._hasher.verify(password_hash, _normal(password))
        except VerifyMismatchError:
            return False

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._at_once >= self._at_once_max:
            raise Unavailable("too many passwords wait to be checked")
        self._at_once += 1
        try:
            with visit(STATION):
                loop = asyncio.get_running_loop()
                result, cpu_ns = await loop.run_in_executor(self._threads, _timed, work)
                charge(STATION, cpu_ns=cpu_ns)
                return result
        finally:
            self._at_once -= 1


def _normal(password: str) -> str:
    """Return one spelling of what keyboards encode differently (NIST SP 800-63B, 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def _timed(work: Callable[[], T]) -> tuple[T, int]:
    begun_ns = thread_time_ns()
    return work(), thread_time_ns() - begun_ns
