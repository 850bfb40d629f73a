"""Registering, signing in and signing out."""

from __future__ import annotations

import logging

from model.rules.ids import IdMinter, created_ms_of
from reference_impl.chassis.errors import Unauthenticated, Unavailable
from reference_impl.chassis.media_types import sniff_image
from reference_impl.user.means import Means
from reference_impl.user.profiles import Registration, document_of
from reference_impl.user.records import NewUser, Record
from reference_impl.user.reservations import FINISH_S, Directory, names_of

log = logging.getLogger("feedtwin")


class UserService:
    """How users come, and how they come in."""

    def __init__(self, means: Means, minter: IdMinter) -> None:
        self._its = means
        self._store = means.store
        self._sessions = means.sessions
        self._passwords = means.passwords
        self._minter = minter

    async def register(self, registration: Registration, image: bytes) -> tuple[int, str]:
        """Store a new user and return their id and a token; Conflict names the field taken.

        Where only the token cannot be had, the user exists and may sign in later.
        """
        sniff_image(image)  # before any name is reserved
        user_id = self._minter.mint()
        before_s = self._its.clock_s() + FINISH_S
        names = {
            Directory.USERNAME: registration.username.casefold(),
            Directory.EMAIL: registration.email.casefold(),
        }
        async with self._its.reservations.of(names, user_id):
            password_hash = await self._passwords.hash_of(registration.password)
            image_url = await self._its.stored_image(image)
        document = document_of(
            registration,
            user_id=user_id,
            profile_image=image_url,
            created_ms=created_ms_of(user_id),
        )
        await self._add(
            NewUser(
                user_id=user_id, document=document, password_hash=password_hash, before_s=before_s
            )
        )
        return user_id, await self._sessions.begin(user_id)

    async def login(self, username: str, password: str) -> tuple[int, str]:
        """Return the user's id and a new token.

        A wrong name and a wrong password get the same answer after the same work.  Who has
        changed the password or left meanwhile has no session from it; who only tried to has.
        """
        record = await self._record_named(username.casefold())
        password_hash = record.password_hash if record else None
        if not await self._passwords.verify(password, password_hash) or record is None:
            raise Unauthenticated("username or password is wrong")
        if self._passwords.is_outdated(record.password_hash):
            await self._rehash(record, password)
        return record.user_id, await self._begun(record)

    async def _begun(self, record: Record) -> str:
        """Return the token of a new session on the record.

        A change of the password ends sessions before it is stored.  If it was not, the record
        takes up the version that it was announced with: sessions may begin on that one, and a
        change that is still under way finds another record and begins again.
        """
        user_id, version = record.user_id, record.version
        try:
            return await self._sessions.begin(user_id, version=version)
        except Unauthenticated:
            if await self._store.change_password(record, record.password_hash):
                return await self._sessions.begin(user_id, version=version + 1)
            now = await self._store.record_of(user_id)
            if now is None or now.password_hash != record.password_hash:
                raise
            return await self._sessions.begin(user_id, version=now.version)  # as another just did

    async def logout(self, token: str) -> None:
        """End the session of this token."""
        await self._sessions.end(token)

    async def _record_named(self, name: str) -> Record | None:
        """Return whose username it is; one that is only reserved is nobody's."""
        holder = await self._store.holder_of(Directory.USERNAME, name)
        record = await self._store.record_of(holder.user_id) if holder else None
        has_name = record and names_of(record.document)[Directory.USERNAME] == name
        return record if has_name else None

    async def _add(self, user: NewUser) -> None:
        # The names stay reserved if this fails: whether a broken commit took effect is unknown.
        if not await self._store.add(user):
            raise Unavailable("registering took too long")

    async def _rehash(self, record: Record, password: str) -> None:
        """Hash the password as is usual by now; if that cannot be done now, next time will do."""
        try:
            await self._store.rehash(record, await self._passwords.hash_of(password))
        except Unavailable as error:
            log.warning("an outdated password hash is kept: %s", error)
