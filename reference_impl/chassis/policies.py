"""The feed policy of now: one record in the broker, read at most once a second per process."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from redis.asyncio import Redis

from model.rules.policy import FRESH_S, FeedPolicy, PolicyError
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.keyvalue import visiting

KEY = "policy"

log = logging.getLogger("feedtwin")


class PolicySource(Protocol):
    """Whoever knows the policy."""

    async def current(self) -> FeedPolicy:
        """Return the policy of now, as of FRESH_S ago at most."""


class FixedPolicy:
    """The policy of one test; set `policy` to change it."""

    def __init__(self, policy: FeedPolicy | None = None) -> None:
        self.policy = policy or FeedPolicy()

    async def current(self) -> FeedPolicy:
        """Return the policy."""
        return self.policy


class PublishedPolicy:
    """The policy in the broker; while that is away, or has none, the last one known."""

    def __init__(self, broker: Redis, default: FeedPolicy) -> None:
        self._broker = broker
        self._default = default
        self._known = default
        self._fresh_until_s = 0.0  # on the event loop's clock
        self._reading = asyncio.Lock()  # whoever finds it stale waits for one to read

    async def current(self) -> FeedPolicy:
        """Return the policy of now, as of FRESH_S ago at most."""
        clock_s = asyncio.get_running_loop().time
        if clock_s() < self._fresh_until_s:
            return self._known
        async with self._reading:
            if clock_s() >= self._fresh_until_s:
                self._known = await self._read()
                self._fresh_until_s = clock_s() + FRESH_S
        return self._known

    async def _read(self) -> FeedPolicy:
        try:
            with visiting("broker"):
                text = await self._broker.get(KEY)
            return self._default if text is None else FeedPolicy.from_json(text)
        except (Unavailable, PolicyError, ValueError) as error:
            log.warning("the policy cannot be read, the last one is kept: %s", error)
            return self._known


def default_policy(text: str) -> FeedPolicy:
    """Return the policy that a service starts with: FEEDTWIN_POLICY, or the defaults."""
    return FeedPolicy.from_json(text) if text else FeedPolicy()


async def publish(broker: Redis, policy: FeedPolicy) -> None:
    """Make this the policy of every service, within FRESH_S."""
    with visiting("broker"):
        await broker.set(KEY, policy.to_json())
