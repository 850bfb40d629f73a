"""Registering, signing in, and showing who someone is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from model.rules.ids import IdMinter, created_ms_of
from reference_impl.chassis.errors import NotFound, Unauthenticated, Unavailable
from reference_impl.chassis.images import sniff_image
from reference_impl.chassis.sessions import Sessions
from reference_impl.user.passwords import Passwords
from reference_impl.user.profiles import Registration, document_of, public_profile_of
from reference_impl.user.reservations import FINISH_S, Directory, NameStore, Reservations


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """A user about to be stored."""

    user_id: int
    document: Mapping[str, Any]
    password_hash: str
    before_s: float  # Unix time from which it is too late to store them


class UserStore(NameStore, Protocol):
    """Documents by id, and who has which username or address."""

    async def add(self, user: NewUser) -> bool:
        """Store the user and the event of it; say False, and store nothing, if it is too late."""

    async def password_hash_of(self, user_id: int) -> str | None:
        """Return the user's password hash; None if there is no such user."""

    async def document_of(self, user_id: int) -> dict[str, Any] | None:
        """Return the user's document; None if there is no such user."""

    async def check(self) -> None:
        """Raise Unavailable unless every server answers."""


class Media(Protocol):
    """The service that keeps images."""

    async def put_bytes(self, path: str, data: bytes, content_type: str) -> Any:
        """Store an image and return {"url": …}."""


class UserService:
    """Everything that users can do with who they are."""

    def __init__(
        self,
        store: UserStore,
        sessions: Sessions,
        media: Media,
        passwords: Passwords,
        *,
        minter: IdMinter,
        clock_s: Callable[[], float],
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._media = media
        self._passwords = passwords
        self._reservations = Reservations(store)
        self._minter = minter
        self._clock_s = clock_s

    async def register(self, registration: Registration, image: bytes) -> tuple[int, str]:
        """Store a new user and return their id and a token; Conflict names the field taken.

        Where only the token cannot be had, the user exists and may sign in later.
        """
        image_type = sniff_image(image)
        user_id = self._minter.mint()
        before_s = self._clock_s() + FINISH_S
        names = {
            Directory.USERNAME: registration.username.casefold(),
            Directory.EMAIL: registration.email.casefold(),
        }
        async with self._reservations.of(names, user_id):
            password_hash = await self._passwords.hash_of(registration.password)
            stored = await self._media.put_bytes("/internal/objects", image, image_type)
        document = document_of(
            registration,
            user_id=user_id,
            profile_image=stored["url"],
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

        A wrong name and a wrong password get the same answer after the same work.
        """
        user_id = await self._store.user_id_of(Directory.USERNAME, username.casefold())
        password_hash = None
        if user_id is not None:
            password_hash = await self._store.password_hash_of(user_id)
        if not await self._passwords.verify(password, password_hash) or user_id is None:
            raise Unauthenticated("username or password is wrong")
        return user_id, await self._sessions.begin(user_id)

    async def public_profile(self, user_id: int) -> dict[str, Any]:
        """Return what everyone may know of a user."""
        document = await self._store.document_of(user_id)
        if document is None:
            raise NotFound(f"no user {user_id}")
        return public_profile_of(document)

    async def _add(self, user: NewUser) -> None:
        # The names stay reserved if this fails: whether a broken commit took effect is unknown.
        if not await self._store.add(user):
            raise Unavailable("registering took too long")
