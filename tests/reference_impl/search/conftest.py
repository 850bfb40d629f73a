"""People to be found, the events that tell of them, and indexes to find them in."""

import itertools
from types import SimpleNamespace

import pytest

from model.rules.search import query_words
from reference_impl.chassis.events import Event
from reference_impl.search.disk import DiskShelf
from reference_impl.search.entries import Entry, news_of
from reference_impl.search.generations import Generations
from reference_impl.search.memory import MemoryShelf

NOW_S = 1_000_000.0
_NUMBERS = itertools.count(1)


def event(kind, at_s=NOW_S, **body):
    return Event(event_id=f"1:{next(_NUMBERS)}", kind=kind, at_s=at_s, body=body)


def profile(user_id, name, **more):
    first, _, last = name.partition(" ")
    return {
        "user_id": str(user_id),
        "username": f"user_{user_id}",
        "first_name": first,
        "last_name": last or "Doe",
        "profile_image": "/media/x.jpg",
        "created_ms": 1,
        **more,
    }


def told(user_id, name, version=1, at_s=NOW_S, **more):
    kind = "user.registered" if version == 1 else "user.updated"
    return event(kind, at_s, **profile(user_id, name, **more), version=version)


def gone(user_id, at_s=NOW_S):
    return event("user.deleted", at_s, user_id=str(user_id), profile_image="")


def cleared(at_s):
    return event("users.cleared", at_s)


def followed(user_id, followers, version, at_s=NOW_S):
    body = {"user_id": str(user_id), "followers": followers, "version": version}
    return event("user.followers", at_s, **body)


def announced(rebuild, user_id, name, version=1, at_s=NOW_S, followers=0, followers_version=0):
    counted = {"followers": followers, "followers_version": followers_version}
    said = {**profile(user_id, name), "version": version, "rebuild": rebuild, **counted}
    return event("user.announced", at_s, **said)


def all_announced(rebuild, source=1, sources=1, at_s=NOW_S):
    body = {"rebuild": rebuild, "source": source, "sources": sources}
    return event("users.announced", at_s, **body)


@pytest.fixture(scope="session")
def say():
    """The events that search hears of."""
    return SimpleNamespace(
        told=told,
        gone=gone,
        cleared=cleared,
        followed=followed,
        announced=announced,
        all_announced=all_announced,
        event=event,
        profile=profile,
        now_s=NOW_S,
    )


def entry(user_id, name, *, followers=0, at_s=NOW_S, **more):
    return Entry(
        user_id=user_id,
        version=1,
        profile=profile(user_id, name, **more),
        followers=followers,
        at_s=at_s,
    )


@pytest.fixture(scope="session")
def make_entry():
    return entry


def names_of(found, query="user", after=0, limit=100):
    """Return the first names of whom an index, or all generations of one, finds."""
    hits = found.search(query_words(query), after=after, limit=limit)
    return [hit.user["first_name"] for hit in hits]


@pytest.fixture(scope="session")
def names():
    return names_of


@pytest.fixture(params=["memory", "disk"])
def shelf(request, tmp_path):
    """Both shelves, to be held to the same contract."""
    shelf = MemoryShelf() if request.param == "memory" else DiskShelf(tmp_path, shard=1, shards=1)
    yield shelf
    shelf.close()


class Heard:
    """Generations of a shelf, which take events."""

    def __init__(self, shelf, *, shard=1, shards=1, clock_s=lambda: NOW_S):
        self.generations = Generations(shelf, shard=shard, shards=shards, clock_s=clock_s)

    def hears(self, *events):
        self.generations.take([news for event in events if (news := news_of(event)) is not None])

    def finds(self, query="user"):
        """Return the first names of who is found."""
        return names_of(self.generations, query)


@pytest.fixture(scope="session")
def make_heard():
    return Heard


@pytest.fixture
def heard(shelf):
    return Heard(shelf)


class Blocked:
    """Who must not see each other."""

    def __init__(self, *pairs):
        self.pairs = {frozenset(pair) for pair in pairs}

    async def hidden_among(self, user_ids, *, viewer_id):
        assert 1 <= len(user_ids) <= 100
        return {each for each in user_ids if frozenset((each, viewer_id)) in self.pairs}


@pytest.fixture
def make_blocks():
    return Blocked
