"""What users do with their own account: look at it, change it, leave."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from reference_impl.chassis.errors import Conflict, Forbidden, NotFound, Unavailable
from reference_impl.user.means import Means
from reference_impl.user.profiles import (
    Document,
    account_of,
    changed,
    image_change,
    refuse_names_as_password,
)
from reference_impl.user.records import Record
from reference_impl.user.reservations import FINISH_S, Directory, names_of

TRIES_MAX = 5  # at one change, while others change the same account; only scripts are so quick

log = logging.getLogger("feedtwin")


class AccountService:
    """Changes of one account at once are as if they came one after another.

    Each is made from a record that was read, and stored only if that is still what is stored;
    otherwise it is made again from what is.
    """

    def __init__(self, means: Means) -> None:
        self._its = means
        self._store = means.store
        self._sessions = means.sessions
        self._passwords = means.passwords
        self._reservations = means.reservations

    async def account(self, user_id: int) -> Document:
        """Return everything that the user has said, private fields included."""
        return account_of((await self._record_of(user_id)).document)

    async def change(
        self, user_id: int, changes: Mapping[str, Any], image: bytes | None
    ) -> Document:
        """Change these fields, None meaning to remove one, and return the account.

        A new name is reserved before the document says it, and the old one freed after.  What
        a crash leaves between the two is a name that no document has, which may be taken over
        after a minute (`reservations`), by the user as well.
        """
        if image is not None:
            await self._record_of(user_id)
            changes = {**changes, **image_change(await self._its.stored_image(image))}
        for _ in range(TRIES_MAX):
            record = await self._record_of(user_id)
            document = changed(record.document, changes)
            if document == record.document or await self._is_changed(record, document):
                return account_of(document)
        raise _busy()

    async def change_password(self, user_id: int, password: str, new_password: str) -> str:
        """Change the password, end every session of the user, and return the token of a new one.

        Sessions end first: were it last, a crash in between would leave to whoever knows the
        old password the sessions that they have.  If nothing comes of the change, the next who
        signs in with the old password makes good for it: see `UserService.login`.
        """
        record = await self._record_of(user_id)
        refuse_names_as_password(new_password, names_of(record.document).values())
        await self._verify(record, password)
        new_hash = await self._passwords.hash_of(new_password)
        for _ in range(TRIES_MAX):
            version = record.version + 1
            await self._sessions.end_all(user_id, version=version)
            if await self._store.change_password(record, new_hash):
                return await self._sessions.begin(user_id, version=version)
            record = await self._verified_again(record, password)
        raise _busy()

    async def delete(self, user_id: int, password: str) -> None:
        """Remove the user, with all that others see of them: nobody does once this returns.

        If it raises Unavailable the user may be gone already, and their posts not: asked again it
        goes on from there, as long as the event of it has not.  What cannot be finished now and
        that nobody sees, the event finishes.
        """
        if await self._store.departure_of(user_id) is None:
            await self._remove(user_id, password)
        await self._its.posts.depart(user_id)
        await self._finish_if_possible(user_id)

    async def finish_departure(self, user_id: int) -> None:
        """End the sessions and free the names of somebody who is gone; again does no harm."""
        departure = await self._store.departure_of(user_id)
        if departure is None:
            return
        await self._sessions.end_all(user_id, version=departure.version)
        await self._store.free_names(departure)
        await self._store.forget(departure)

    async def _remove(self, user_id: int, password: str) -> None:
        record = await self._record_of(user_id)
        await self._verify(record, password)
        for _ in range(TRIES_MAX):
            if await self._store.remove(record):
                return
            record = await self._verified_again(record, password)
        raise _busy()

    async def _finish_if_possible(self, user_id: int) -> None:
        try:
            await self.finish_departure(user_id)
        except Unavailable as error:
            log.warning("the event will finish what remains of user %d: %s", user_id, error)

    async def _is_changed(self, record: Record, document: Document) -> bool:
        """Store the document instead of the record's, with the names it needs; say if it was.

        Where storing fails it is unknown whether it took effect, so no name is freed then.
        """
        before_s = self._its.clock_s() + FINISH_S
        old, new = names_of(record.document), names_of(document)
        given_up = await self._reservations.held(_others(old, new), record.user_id)
        taken = await self._reservations.take(_others(new, old), record.user_id)
        is_changed = await self._store.change(record, document, before_s=before_s)
        await self._reservations.free(given_up if is_changed else taken)
        return is_changed

    async def _record_of(self, user_id: int) -> Record:
        record = await self._store.record_of(user_id)
        if record is None:
            raise NotFound(f"no user {user_id}")
        return record

    async def _verify(self, record: Record, password: str) -> None:
        if not await self._passwords.verify(password, record.password_hash):
            raise Forbidden("the password is wrong")

    async def _verified_again(self, record: Record, password: str) -> Record:
        """Return what is stored by now; only another password has to be verified again."""
        now = await self._record_of(record.user_id)
        if now.password_hash != record.password_hash:
            await self._verify(now, password)
        return now


def _others(
    names: Mapping[Directory, str], than: Mapping[Directory, str]
) -> Mapping[Directory, str]:
    return {directory: name for directory, name in names.items() if name != than[directory]}


def _busy() -> Conflict:
    return Conflict("the account is being changed by others at the same time: try again")
