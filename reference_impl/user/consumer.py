"""Finishes departures that requests have begun, and keeps what becomes of users' images."""

from __future__ import annotations

from typing import Protocol

from reference_impl.chassis.events import Event
from reference_impl.user.accounts import AccountService
from reference_impl.user.records import Renditions

GROUP = "user"


class Departures:
    """Sees everybody off who has left."""

    def __init__(self, accounts: AccountService) -> None:
        self._accounts = accounts

    async def handle(self, event: Event) -> None:
        """Finish a departure; let events of other kinds pass."""
        if event.kind == "user.deleted":
            await self._accounts.finish_departure(int(event.body["user_id"]))


class Portraits(Protocol):
    """The images of users."""

    async def develop(
        self, user_id: int, url: str, *, renditions: Renditions, profile_image: str
    ) -> None:
        """Say what became of the image at `url`; nothing if the user has another, or is gone.

        From then on `profile_image` stands for it.
        """


class Development:
    """Keeps with each user what became of their image; again changes nothing that is seen."""

    def __init__(self, store: Portraits) -> None:
        self._store = store

    async def handle(self, event: Event) -> None:
        """Take over what is told of a user's image; let everything else pass."""
        if event.kind == "media.developed" and "user_id" in event.body:
            await self._store.develop(
                int(event.body["user_id"]),
                event.body["url"],
                renditions=event.body["renditions"],
                profile_image=event.body["original_url"],
            )
