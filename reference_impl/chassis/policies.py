"""The feed policy of now: one record in the broker, which each process reads twice a second."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from model.rules.policy import FRESH_S, FeedPolicy
from reference_impl.chassis.attempts import pause
from reference_impl.chassis.complaints import Complaint
from reference_impl.chassis.consumers import beside
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.keyvalue import visiting

KEY = "policy"
PERIOD_S = FRESH_S / 2  # between two readings: a change is followed in time, even if one is late

log = logging.getLogger("feedtwin")


class PolicySource(Protocol):
    """Whoever knows the policy."""

    def current(self) -> FeedPolicy:
        """Return the policy of FRESH_S ago at most, while the broker answers in half of that."""


class FixedPolicy:
    """The policy of one test; set `policy` to change it."""

    def __init__(self, policy: FeedPolicy | None = None) -> None:
        self.policy = policy or FeedPolicy()

    def current(self) -> FeedPolicy:
        """Return the policy."""
        return self.policy


@asynccontextmanager
async def policy_followed(
    broker: Redis, default: FeedPolicy, *, period_s: float = PERIOD_S
) -> AsyncIterator[PolicySource]:
    """Read the policy, or give that up as any visit of the broker; then keep reading it inside."""
    published = PublishedPolicy(broker, default)
    await published.read()

    async def keep_reading(stopping: asyncio.Event) -> None:
        while not await pause(period_s, stopping):
            await published.read()

    async with beside(keep_reading):
        yield published


class PublishedPolicy:
    """The policy in the broker, as it was read last; the default while there was none."""

    def __init__(self, broker: Redis, default: FeedPolicy) -> None:
        self._broker = broker
        self._default = default
        self._known = default
        self._unread = Complaint("the policy cannot be read, the last is kept")

    def current(self) -> FeedPolicy:
        """Return the policy that was read last: nobody waits for the broker."""
        return self._known

    async def read(self) -> None:
        """Learn the policy of now; what cannot be read leaves the last one."""
        try:
            with visiting("broker"):
                text = await self._broker.get(KEY)
            self._known = self._default if text is None else FeedPolicy.from_json(text)
        except (Unavailable, ResponseError, ValueError) as error:
            self._unread.make(log, error)


def default_policy(text: str) -> FeedPolicy:
    """Return the policy that a service starts with: FEEDTWIN_POLICY, or the defaults."""
    return FeedPolicy.from_json(text) if text else FeedPolicy()


async def publish(broker: Redis, policy: FeedPolicy) -> None:
    """Make this the policy of every service, within FRESH_S."""
    with visiting("broker"):
        await broker.set(KEY, policy.to_json())
