"""Holds everybody to the limits on how often one caller may ask."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import Protocol

from model.rules.rate_limits import By, RateLimit
from reference_impl.chassis.errors import TooMany, Unavailable

LOG_EVERY_S = 1.0  # one line a second says that limits are not enforced; a flood says no more

log = logging.getLogger("feedtwin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Whom a request counts against; what is empty is not known, and not counted."""

    address: str = ""
    account: str = ""
    login_name: str = ""

    def key(self, by: By) -> str:
        """Return the name under which requests like this one are counted."""
        match by:
            case By.ADDRESS:
                return _network_of(self.address)
            case By.ACCOUNT:
                return self.account
            case By.LOGIN_NAME:
                return self._hashed_login_name()
            case By.LOGIN_NAME_AT_ADDRESS:
                name = self._hashed_login_name()
                return f"{name}@{_network_of(self.address)}" if name else ""

    def _hashed_login_name(self) -> str:
        """Return the name in one length: names are anybody's text, of any."""
        name = self.login_name.casefold().encode(errors="replace")
        return hashlib.sha256(name).hexdigest() if name else ""


class Counters(Protocol):
    """Requests counted, by limit and by whom."""

    async def take(self, limit: RateLimit, who: str) -> float | None:
        """Count a request; if it is one too many do not, and say in how many seconds it is not."""

    async def give_back(self, limit: RateLimit, who: str) -> None:
        """Uncount the newest request."""


class Throttle:
    """Admits requests while their limits last; without counters it admits everything.

    While the counters are away it admits everything too.  They live where sessions live, so
    that nobody can sign in or be recognised meanwhile: refusing the rest would only add the
    pages that need nobody to what is down.
    """

    def __init__(self, counters: Counters | None) -> None:
        self._counters = counters
        self._logged_s = -LOG_EVERY_S

    async def admit(self, limits: Sequence[RateLimit], asker: Asker) -> None:
        """Count the request against every limit, or against none and raise TooMany."""
        taken: list[RateLimit] = []
        for limit in limits:
            wait_s = await self._take(limit, asker)
            if wait_s is not None:
                await self._give_back(taken, asker)
                raise _too_many(limit, wait_s)
            taken.append(limit)

    async def forgive(self, limits: Sequence[RateLimit], asker: Asker) -> None:
        """Uncount a request that was no failure where only failures count."""
        await self._give_back([limit for limit in limits if limit.counts_failures_only], asker)

    async def _take(self, limit: RateLimit, asker: Asker) -> float | None:
        who = asker.key(limit.by)
        if self._counters is None or not who:
            return None
        try:
            return await self._counters.take(limit, who)
        except Unavailable as error:
            self._say_once(error)
            return None

    async def _give_back(self, limits: Sequence[RateLimit], asker: Asker) -> None:
        for limit in limits:
            who = asker.key(limit.by)
            if self._counters is not None and who:
                try:
                    await self._counters.give_back(limit, who)
                except Unavailable as error:
                    self._say_once(error)

    def _say_once(self, error: Unavailable) -> None:
        now_s = time.monotonic()
        if now_s - self._logged_s >= LOG_EVERY_S:
            self._logged_s = now_s
            log.warning("rate limits are not enforced: %s", error)


def _network_of(address: str) -> str:
    """Return what one customer has: an IPv4 address, or 2**64 of IPv6 (RFC 6177).

    >>> _network_of("192.0.2.1"), _network_of("2001:db8::1:2"), _network_of("::ffff:192.0.2.1")
    ('192.0.2.1', '2001:db8::/64', '192.0.2.1')
    """
    try:
        ip = ip_address(address)
    except ValueError:  # a socket without addresses
        return address
    if isinstance(ip, IPv4Address):
        return str(ip)
    return str(ip.ipv4_mapped or IPv6Network((int(ip), 64), strict=False))


def _too_many(limit: RateLimit, wait_s: float) -> TooMany:
    """Return the refusal, with the headers of draft-ietf-httpapi-ratelimit-headers-10."""
    retry_after_s = max(1, -int(-wait_s // 1))
    return TooMany(
        f"at most {limit.amount} requests of this kind in {limit.window_s} s",
        retry_after_s=retry_after_s,
        headers={
            "RateLimit-Policy": f'"{limit.name}";q={limit.amount};w={limit.window_s}',
            "RateLimit": f'"{limit.name}";r=0;t={retry_after_s}',
        },
    )
