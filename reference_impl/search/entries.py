"""What is known of a user in search, and how what two events say becomes one.

Of each part the newer wins, so events may come in any order and more than once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from model.rules.search import words_of_all
from reference_impl.chassis.events import Body, Event

GONE = (1 << 63) - 1  # version of a profile that was deleted: ids are not given out again

PUBLIC = (
    "user_id", "username", "first_name", "last_name", "location", "profile_image",
    "profile_image_renditions", "fields",
)  # fmt: skip

_TEXTS = ("first_name", "last_name", "username", "location")

Profile = Mapping[str, Any]  # what everyone may see of a user


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is known of a user: a profile and a follower count, each as of its own version."""

    user_id: int
    version: int = 0  # of the profile; 0 while nothing is known of it
    profile: Profile | None = None  # None also of users who are gone
    followers: int = 0
    followers_version: int = 0
    at_s: float  # Unix time of the latest event in it that told of a change; 0 if none did
    is_announced: bool = False  # whether the rebuild that makes the index has told of them

    @property
    def words(self) -> tuple[str, ...]:
        """The words that find the user."""
        if self.profile is None:
            return ()
        texts = [str(self.profile.get(name, "")) for name in _TEXTS]
        return words_of_all((*texts, *map(str, self.profile.get("fields", {}).values())))

    @property
    def user(self) -> dict[str, Any]:
        """The user as search shows them to everyone."""
        return {**(self.profile or {}), "follower_count": self.followers}

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return {
            "user_id": self.user_id,
            "version": self.version,
            "profile": self.profile,
            "followers": self.followers,
            "followers_version": self.followers_version,
            "at_s": self.at_s,
            "is_announced": self.is_announced,
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Entry:
        """Read what `to_json` wrote."""
        return cls(**said)


def merged(one: Entry, other: Entry) -> Entry:
    """Return what is known of a user from both; which is given first does not matter."""
    profile = max(one, other, key=lambda entry: entry.version)
    count = max(one, other, key=lambda entry: (entry.followers_version, entry.followers))
    return Entry(
        user_id=one.user_id,
        version=profile.version,
        profile=profile.profile,
        followers=count.followers,
        followers_version=count.followers_version,
        at_s=max(one.at_s, other.at_s),
        is_announced=one.is_announced or other.is_announced,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """A user as the user service tells of all of them, for an index that is made anew."""

    rebuild: str
    entry: Entry
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AllAnnounced:
    """One of the sources of a rebuild has announced all of its users."""

    rebuild: str
    source: int
    sources: int
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """Everybody is gone; whoever is there from then on, a later rebuild will announce."""

    at_s: float


News = Entry | Announced | AllAnnounced | Cleared


def news_of(event: Event) -> News | None:
    """Return what the event tells; None if it is of another kind.

    Raises KeyError, TypeError, ValueError or AttributeError for a body that no service sends.
    """
    read = _READERS.get(event.kind)
    return None if read is None else read(event)


def _told(event: Event) -> Entry:
    return _profile_of(event.body, at_s=event.at_s)


def _gone(event: Event) -> Entry:
    return Entry(user_id=int(event.body["user_id"]), version=GONE, at_s=event.at_s)


def _followed(event: Event) -> Entry:
    return Entry(
        user_id=int(event.body["user_id"]),
        followers=int(event.body["followers"]),
        followers_version=int(event.body["version"]),
        at_s=event.at_s,
    )


def _announced(event: Event) -> Announced:
    entry = replace(_profile_of(event.body, at_s=0.0), is_announced=True)
    return Announced(rebuild=str(event.body["rebuild"]), entry=entry, at_s=event.at_s)


def _all_announced(event: Event) -> AllAnnounced:
    return AllAnnounced(
        rebuild=str(event.body["rebuild"]),
        source=int(event.body["source"]),
        sources=int(event.body["sources"]),
        at_s=event.at_s,
    )


def _cleared(event: Event) -> Cleared:
    return Cleared(at_s=event.at_s)


_READERS: Mapping[str, Callable[[Event], News]] = {
    "user.registered": _told,
    "user.updated": _told,
    "user.deleted": _gone,
    "user.followers": _followed,
    "user.announced": _announced,
    "users.announced": _all_announced,
    "users.cleared": _cleared,
}


def _profile_of(body: Body, *, at_s: float) -> Entry:
    profile = {name: body[name] for name in PUBLIC if name in body}
    dict(profile.get("fields", {}))  # raises for what has no names
    return Entry(
        user_id=int(body["user_id"]),
        version=int(body["version"]),
        profile=profile,
        followers=int(body.get("followers", 0)),
        followers_version=int(body.get("followers_version", 0)),
        at_s=at_s,
    )
