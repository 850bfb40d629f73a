"""Groups that read the broker's streams for processes which are no longer there.

What a group has not read is kept for it.  Edges and shards of the search index each have one of
their own, so that a fleet with fewer of them would fill the broker for nobody.
"""

from __future__ import annotations

from collections.abc import Iterable

import redis

from reference_impl.chassis.queues import EVENTS
from reference_impl.chassis.settings import Settings
from reference_impl.cluster.members import Member

OF_ONE_PROCESS = {"cdn": "edge-{name}", "search": "search-{number}"}  # station -> its group


def groups_of(members: Iterable[Member]) -> set[str]:
    """Return the groups that are each read by one of these members alone."""
    return {
        OF_ONE_PROCESS[member.station].format(name=member.name, number=member.number)
        for member in members
        if member.station in OF_ONE_PROCESS
    }


def drop_stale_groups(settings: Settings, members: Iterable[Member]) -> list[str]:
    """Drop such groups of processes that are not among the members; return their names."""
    wanted, dropped = groups_of(members), set()
    prefixes = tuple(pattern.partition("{")[0] for pattern in OF_ONE_PROCESS.values())
    with redis.Redis.from_url(settings.broker) as broker:
        for stream in EVENTS:
            for name in _groups_of(broker, stream):
                if name.startswith(prefixes) and name not in wanted:
                    broker.xgroup_destroy(stream, name)
                    dropped.add(name)
    return sorted(dropped)


def _groups_of(broker: redis.Redis, stream: str) -> list[str]:
    if not broker.exists(stream):
        return []
    return [group["name"].decode() for group in broker.xinfo_groups(stream)]
