"""Finishes what a request to delete an account began and died before it was done."""

from __future__ import annotations

from reference_impl.chassis.events import Event
from reference_impl.user.accounts import AccountService

GROUP = "user"


class Departures:
    """Sees everybody off who has left."""

    def __init__(self, accounts: AccountService) -> None:
        self._accounts = accounts

    async def handle(self, event: Event) -> None:
        """Finish a departure; let events of other kinds pass."""
        if event.kind == "user.deleted":
            await self._accounts.finish_departure(int(event.body["user_id"]))
