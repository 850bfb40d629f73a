"""Stores of posts: those in memory and those on PostgreSQL, held to the same contracts."""

import secrets
import time
from itertools import count

import pytest

from model.rules.ids import IdMinter
from model.rules.influencers import Delivery
from reference_impl.chassis.databases import ShardedDatabase
from reference_impl.post.author_index import PostgresAuthorIndex
from reference_impl.post.memory import MemoryAuthorIndex, MemoryPostStore
from reference_impl.post.posts import Post, PostType
from reference_impl.post.store import PostgresPostStore


@pytest.fixture(scope="session")
def new_id():
    """Ids that no other test uses: the engines are shared."""
    return IdMinter(lambda: time.time_ns() // 1_000_000, secrets.randbits(22)).mint


@pytest.fixture
def new_post(new_id):
    """A new post by an author; by nobody else unless a `user_id` is given."""
    numbers = count()

    def make(**fields):
        post = {
            "post_id": new_id(),
            "user_id": new_id(),
            "post_type": PostType.IMAGE,
            "media_url": "/media/0.png",
            "image": {"status": "pending", "width": 4, "height": 3, "renditions": []},
            "caption": f"naïve ☕ {next(numbers)}",
            "alt_text": "a cup",
            "delivery": Delivery.PUSH,
            "follower_count": 12,
        }
        return Post(**{**post, **fields})

    return make


@pytest.fixture
async def post_database(engines):
    async with ShardedDatabase(
        engines.post_databases, connections=4, station="post_db"
    ) as database:
        yield database


@pytest.fixture(params=["memory", "postgres"])
def store(request):
    if request.param == "memory":
        return MemoryPostStore()
    return PostgresPostStore(request.getfixturevalue("post_database"))


@pytest.fixture(params=["memory", "postgres"])
def index(request):
    if request.param == "memory":
        return MemoryAuthorIndex()
    return PostgresAuthorIndex(request.getfixturevalue("post_database"))
