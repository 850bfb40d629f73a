"""What the follow service does when it hears of something: heal its mirrors, say farewell.

A mirror is healed where a request wrote on one server and died before the other.
"""

from __future__ import annotations

from reference_impl.chassis.events import Event
from reference_impl.follow.blocks import Block
from reference_impl.follow.departures import Departures
from reference_impl.follow.news import news_of
from reference_impl.follow.service import FollowService

GROUP = "follow"
DEPARTURE_S = 900.0  # what a user with a million followers may take: two thousand batches


class Mirror:
    """Makes the second write of every change; its version tells if that is still news."""

    def __init__(self, service: FollowService) -> None:
        self._service = service

    async def handle(self, event: Event) -> None:
        """Reflect a change of a pair or of a block; let events of other kinds pass."""
        news = news_of(event)
        if isinstance(news, Block):
            await self._service.mirror_block(news)
        elif news is not None:
            await self._service.reflect([news])


class Farewell:
    """Ends what users had whose accounts are gone."""

    def __init__(self, departures: Departures) -> None:
        self._departures = departures

    async def handle(self, event: Event) -> None:
        """End every pair of a user who was deleted; let events of other kinds pass."""
        if event.kind == "user.deleted":
            await self._departures.depart(int(event.body["user_id"]))
