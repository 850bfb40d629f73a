"""Timelines: what was pushed to each reader, in one part or in a part on every server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from model.rules.timelines import halvings_survived
from reference_impl.timeline.lists import Beginning, Contents, ListServer, Part, Reading
from reference_impl.timeline.placement import Placement

SURVIVES_ALL = 32  # halvings that an author's own post survives: more than there are


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A timeline as it was read, part by part."""

    parts: Sequence[Part]

    @property
    def is_built(self) -> bool:
        """Whether every part is there."""
        return all(part.build for part in self.parts)

    @property
    def seq(self) -> int:
        """The change of the reader's follows up to which every part covers them."""
        return min(part.seq for part in self.parts)

    @property
    def halvings(self) -> int:
        """How often the smallest share that a part holds is halved."""
        return max(part.halvings for part in self.parts)

    @property
    def pulled(self) -> frozenset[int]:
        """Authors whose edge posts some part lacks."""
        return frozenset[int]().union(*(part.pulled for part in self.parts))

    @property
    def edges_age_s(self) -> float | None:
        """How long ago these authors were chosen; None if for some part they were not."""
        ages_s = [part.edges_age_s for part in self.parts if part.edges_age_s is not None]
        return max(ages_s) if len(ages_s) == len(self.parts) else None

    @property
    def age_s(self) -> float:
        """How long ago the oldest part began to be built."""
        return max(part.age_s for part in self.parts)

    @property
    def reads_per_day(self) -> float:
        """How often the reader reads, by the part that has known them for longest."""
        return max(self.parts, key=lambda part: part.read_for_s).reads_per_day


class Timelines:
    """The timelines on some servers."""

    def __init__(self, servers: Sequence[ListServer], placement: Placement) -> None:
        self._servers = servers
        self._placement = placement

    def server_of(self, post_id: int, user_id: int) -> int:
        """See Deliveries."""
        return self._placement.server_of(post_id, user_id)

    async def read(self, user_id: int, reading: Reading) -> Timeline:
        """Return what is asked for of every part of the user's timeline."""
        key, servers = timeline_key(user_id), self._servers_of(user_id)
        parts = await asyncio.gather(*(server.read_timeline(key, reading) for server in servers))
        return Timeline(parts=parts)

    async def begin(
        self, user_id: int, token: str, *, replacing: Timeline | None
    ) -> list[Beginning]:
        """Begin to build every part that is not there, or is as it was when `replacing` was read.

        So however many want to replace a timeline that they have read, one of them does.
        """
        servers = self._servers_of(user_id)
        builds = [part.build for part in replacing.parts] if replacing else [""] * len(servers)
        answers = await asyncio.gather(
            *(
                server.begin([timeline_key(user_id)], token, replacing=build)
                for server, build in zip(servers, builds, strict=True)
            )
        )
        return [beginning for [beginning] in answers]

    async def finish(
        self, user_id: int, token: str, contents: Contents, *, idle_s: float | None
    ) -> None:
        """Fill those parts that `token` is building; each takes the posts that lie on it."""
        key = timeline_key(user_id)
        await asyncio.gather(
            *(
                self._servers[number].finish(
                    {key: self._part_of(contents, number, user_id)}, token, idle_s=idle_s
                )
                for number in self._placement.servers_of(user_id)
            )
        )

    async def abandon(self, user_id: int, token: str) -> None:
        """Give up those parts that `token` is building."""
        key, servers = timeline_key(user_id), self._servers_of(user_id)
        await asyncio.gather(*(server.abandon(key, token) for server in servers))

    async def cover(self, user_id: int, timeline: Timeline, contents: Contents) -> None:
        """Add what new follows bring to those parts that are still of the build that was read."""
        key, numbers = timeline_key(user_id), self._placement.servers_of(user_id)
        await asyncio.gather(
            *(
                self._servers[number].cover(
                    key, part.build, self._part_of(contents, number, user_id)
                )
                for number, part in zip(numbers, timeline.parts, strict=True)
            )
        )

    async def deliver(
        self,
        post_id: int,
        *,
        author_id: int,
        user_ids: Sequence[int],
        is_edge: bool,
        idle_s: float | None = None,
    ) -> int:
        """See Deliveries; `idle_s`: see ListServer."""
        server = self._servers[self.server_of(post_id, user_ids[0])]
        edge_of = author_id if is_edge else None
        keys = [timeline_key(user_id) for user_id in user_ids]
        reached = await server.deliver(keys, post_id, edge_of=edge_of, idle_s=idle_s)
        if not reached.halved:
            return reached.lists
        survived = [
            SURVIVES_ALL if user_ids[at] == author_id else halvings_survived(post_id, user_ids[at])
            for at in reached.halved
        ]
        keys = [keys[at] for at in reached.halved]
        shares = await server.deliver_shares(keys, post_id, edge_of=edge_of, survived=survived)
        return reached.lists + shares

    async def remove(self, post_id: int, *, user_ids: Sequence[int]) -> None:
        """See Deliveries."""
        server = self._servers[self.server_of(post_id, user_ids[0])]
        await server.remove([timeline_key(user_id) for user_id in user_ids], post_id)

    async def drop(self, user_id: int) -> None:
        """See Deliveries."""
        await asyncio.gather(
            *(server.drop(timeline_key(user_id)) for server in self._servers_of(user_id))
        )

    def _servers_of(self, user_id: int) -> list[ListServer]:
        return [self._servers[number] for number in self._placement.servers_of(user_id)]

    def _part_of(self, contents: Contents, server: int, user_id: int) -> Contents:
        """Return what lies on one server; the floor holds for each part as for the whole."""
        ids = [post for post in contents.ids if self.server_of(post, user_id) == server]
        return replace(contents, ids=ids)


def timeline_key(user_id: int) -> str:
    """Return the key of what was delivered to the user."""
    return f"timeline:{{{user_id}}}"
