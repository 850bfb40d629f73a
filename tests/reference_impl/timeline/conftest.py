"""Stores of timelines: the one in memory and the one on Valkey, held to the same contract."""

import secrets
import time

import pytest

from model.rules.ids import IdMinter
from reference_impl.chassis.keyvalue import ShardedValkey
from reference_impl.timeline.memory import MemoryTimelineStore
from reference_impl.timeline.store import STATION, ValkeyTimelineStore

CAP = 6


@pytest.fixture(scope="session")
def new_id():
    """Ids that no other test uses: the engines are shared."""
    return IdMinter(lambda: time.time_ns() // 1_000_000, secrets.randbits(22)).mint


@pytest.fixture
async def servers(engines):
    async with ShardedValkey(engines.timeline_stores, station=STATION) as servers:
        yield servers


@pytest.fixture(params=["memory", "valkey"])
def store(request):
    """A store that keeps the newest CAP posts of a timeline."""
    if request.param == "memory":
        return MemoryTimelineStore(cap=CAP)
    return ValkeyTimelineStore(request.getfixturevalue("servers"), cap=CAP)
