"""What fan-out is timed on: engines, processes of the services, and what these used.

All of it is real but for one step: events are written into the broker's stream at once, where
otherwise an outbox and the relay bring them.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from feed_people import mint

from model.rules.ids import created_ms_of
from reference_impl.chassis.clients import ServiceClient
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.events import POST_EVENTS, Event
from reference_impl.chassis.keyvalue import valkey
from reference_impl.chassis.settings import Settings
from reference_impl.cluster.clusters import Cluster
from reference_impl.cluster.usage import usage_of
from reference_impl.timeline.fanout.records import DONE

FAIR = ("-m", "reference_impl.timeline.fanout")
FIRST_COME = (str(Path(__file__).with_name("first_come.py")),)
FOLLOW = ("-m", "reference_impl.follow")
START_S = 60.0
PATIENCE_S = 300.0  # for the records of posts: a big one takes seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a worker says of a fan-out that is done."""

    followers: int
    created_s: float
    begun_s: float
    done_s: float

    @property
    def lag_s(self) -> float:
        """From the event written to the last delivery."""
        return self.done_s - self.created_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """What it took to bring a post to many."""

    deliveries: int
    wall_s: float
    cpu_s: Mapping[str, float]  # by station; this process is the `caller`


class Floor:
    """One database of the broker, whose workers know nothing of those on the others."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._broker = valkey(url)
        self._last: bytes | str = "0"
        self._records: dict[int, Record] = {}

    async def empty(self) -> None:
        """Leave nothing behind."""
        await self._broker.flushdb()

    async def close(self) -> None:
        """Give the connections back."""
        await self._broker.aclose()

    async def publish(self, author_id: int, *, followers: int) -> int:
        """Tell the workers of a new post; return its id."""
        post_id = mint()
        body = {
            "post_id": str(post_id),
            "user_id": str(author_id),
            "created_ms": created_ms_of(post_id),
            "delivery": "push",
            "follower_count": followers,
        }
        event_id = f"bench:{post_id}"
        event = Event(event_id=event_id, kind="post.created", at_s=time.time(), body=body)
        fields: dict[Any, Any] = dict(event.to_fields())
        await self._broker.xadd(POST_EVENTS, fields)
        return post_id

    async def is_done(self, post_id: int) -> bool:
        """Say whether the post is with all its readers."""
        await self._read(block_ms=None)
        return post_id in self._records

    async def records(self, post_ids: Collection[int]) -> list[Record]:
        """Return the records of these posts, when all are done."""
        async with asyncio.timeout(PATIENCE_S):
            while not self._records.keys() >= set(post_ids):
                await self._read(block_ms=1_000)
        return [self._records[post_id] for post_id in post_ids]

    async def _read(self, *, block_ms: int | None) -> None:
        read: Any = await self._broker.xread({DONE: self._last}, count=1_000, block=block_ms)
        for [entries] in read.values() if read else ():
            for entry_id, said in entries:
                self._last = entry_id
                self._records[int(said[b"post"])] = Record(
                    followers=int(said[b"followers"]),
                    created_s=float(said[b"created"]),
                    begun_s=float(said[b"begun"]),
                    done_s=float(said[b"done"]),
                )


class Plant:
    """Processes of one's own on the stores of a cluster; use it as an async context manager."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._folder = Path(tempfile.mkdtemp(prefix="feed-"))  # short: the path of a socket is
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._floors: list[Floor] = []

    @property
    def settings(self) -> Settings:
        """Where everything is."""
        return replace(
            self._cluster.settings,
            follow_urls=(self._url_of("follow-1"),),
            user_urls=(self._url_of("nobody"),),  # is asked nothing here
            addresses="",
            server_timing=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._processes.values():
            if process.returncode is None:
                process.terminate()
        await asyncio.gather(*(process.wait() for process in self._processes.values()))
        for floor in self._floors:
            await floor.empty()
            await floor.close()
        shutil.rmtree(self._folder)

    async def floor(self) -> Floor:
        """Return an empty database of the broker; the first one is left to the cluster."""
        self._floors.append(Floor(f"{self.settings.broker}?db={len(self._floors) + 1}"))
        await self._floors[-1].empty()
        return self._floors[-1]

    async def start(self, program: Sequence[str], name: str, floor: Floor) -> None:
        """Start a process under this name; return when it is ready."""
        url = self._url_of(name)
        told = replace(self.settings, instance=name, broker=floor.url, listen=url)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", *program, env={**os.environ, **told.to_environment()}
        )
        self._processes[name] = process
        async with asyncio.timeout(START_S), ServiceClient([url], name=name) as client:
            while not await _is_ready(client):
                if process.returncode is not None:
                    raise RuntimeError(f"{name} ended with {process.returncode}")
                await asyncio.sleep(0.05)

    async def took(self, work: Awaitable[tuple[int, float]]) -> Took:
        """Do some work, which returns how many deliveries it was and what time they took."""
        before, own_s = self._cpu_s(), time.process_time()
        deliveries, wall_s = await work
        own_s = time.process_time() - own_s  # without what it costs to ask for the others'
        after = self._cpu_s()
        cpu_s = {station: after[station] - before[station] for station in after}
        cpu_s["caller"] = own_s
        return Took(deliveries=deliveries, wall_s=wall_s, cpu_s=cpu_s)

    def _url_of(self, name: str) -> str:
        return f"unix:{self._folder}/{name}"

    def _cpu_s(self) -> dict[str, float]:
        """Return the CPU time so far of each station."""
        pids = [(process.station, process.pid) for process in self._cluster.processes()]
        pids += [(name.split("-")[0], child.pid) for name, child in self._processes.items()]
        used: dict[str, float] = {}
        for station, pid in pids:
            usage = usage_of(pid)
            assert usage is not None, f"{station} is gone"
            used[station] = used.get(station, 0.0) + usage.cpu_s
        return used


async def _is_ready(client: ServiceClient) -> bool:
    try:
        await client.get_json("/readyz")
    except Unavailable:
        return False
    return True
