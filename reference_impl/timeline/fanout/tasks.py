"""What is done for an entry of each stream, and what comes of it when it is done.

What is bound for a timeline server that is away goes into the stream of what waits for it, in the
step that acknowledges the entry; what comes of that goes back to where it belongs.
"""

from __future__ import annotations

import time
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from redis.asyncio import Redis

from model.rules.fanouts import PURGE, class_of
from model.rules.influencers import Delivery
from reference_impl.chassis.attempts import Postponed
from reference_impl.chassis.events import Event
from reference_impl.chassis.groups import Addition, Entry, Group
from reference_impl.chassis.marks import Marks
from reference_impl.chassis.metering import Metered
from reference_impl.chassis.stages import Account, accounting
from reference_impl.timeline.fanout import metrics
from reference_impl.timeline.fanout.absences import Away
from reference_impl.timeline.fanout.delivering import Fanout, Post
from reference_impl.timeline.fanout.jobs import Job, Purge, Reach
from reference_impl.timeline.fanout.purging import Purger
from reference_impl.timeline.fanout.records import Ranges, record_of, state_of

PATIENCE_S = 600.0  # that a purge waits for the end of the delivery that it undoes
LOOK_S = 1.0  # between two looks whether that has ended

T = TypeVar("T")


class Tasks:
    """The work on one entry; `streams` are where it finds more, by class, `late` by server.

    Without `late` what is bound for a server that is away fails.
    """

    def __init__(
        self,
        broker: Redis,
        *,
        fanout: Fanout,
        purger: Purger,
        marks: Marks,
        streams: Sequence[str],
        late: Sequence[str],
    ) -> None:
        self._fanout = fanout
        self._purger = purger
        self._marks = marks
        self._streams = streams
        self._late = late
        self._ranges = Ranges(broker)

    async def on_event(self, group: Group, entry: Entry) -> None:
        """Begin what an event asks for; let events of other kinds pass."""
        event = Event.from_fields(entry.fields)
        if event.kind == "post.created" and not self._marks.is_done(event.event_id):
            await self._on_post(group, entry, event)
            return
        purges = [self._purge(event)] if event.kind == "post.deleted" else []
        await group.finish(entry, mark=self._marks.of(event.event_id), additions=purges)

    async def _on_post(self, group: Group, entry: Entry, event: Event) -> None:
        post, begun_s = Post.of(event), time.time()
        begun, cpu_ns = await _metered(self._begun(post))
        reach = replace(begun.reach, cpu_ns=cpu_ns)
        additions = self._parts(post, begun, reach, created_s=event.at_s, begun_s=begun_s)
        is_done = not additions
        if is_done:
            additions = [record_of(post.post_id, reach, created_s=event.at_s, begun_s=begun_s)]
        mark, state = self._marks.of(event.event_id), state_of(post.post_id, is_done=is_done)
        if await group.finish(entry, mark=mark, note=state, additions=additions):
            metrics.count(reach)
            metrics.LATE.inc(len(begun.missed))
            if is_done:
                metrics.count_lag(followers=post.followers, seconds=time.time() - event.at_s)

    async def _begun(self, post: Post) -> Away:
        """Begin the fan-out; return what is left of it, whether or not servers are away."""
        try:
            reach, left = await self._fanout.begin(post)
        except Away as away:
            if not self._late:
                raise
            return away
        return Away([], reach=reach, left=left)

    def _parts(
        self, post: Post, begun: Away, reach: Reach, *, created_s: float, begun_s: float
    ) -> list[Addition]:
        """Return what is left of a fan-out; the first part is charged with what has been done."""
        job = Job(
            post_id=post.post_id,
            author_id=post.author_id,
            is_edge=post.delivery is Delivery.EDGE,
            followers=post.followers,
            created_s=created_s,
            begun_s=begun_s,
            ranges=len(begun.left) + len(begun.missed),
        )
        jobs = [(self._stream_of(job), replace(job, shards=shards)) for shards in begun.left]
        jobs += [
            (self._late[each.server], replace(job, part=each.part, shards=each.shards))
            for each in begun.missed
        ]
        if jobs:
            jobs[0] = jobs[0][0], replace(jobs[0][1], reached=reach)
        return [Addition(stream=stream, fields=part.to_fields()) for stream, part in jobs]

    def _stream_of(self, job: Job) -> str:
        return self._streams[class_of(job.followers)]

    def _purge(self, event: Event) -> Addition:
        purge = Purge(
            post_id=int(event.body["post_id"]),
            author_id=int(event.body["user_id"]),
            delivery=Delivery(event.body["delivery"]),
        )
        return self._to_purge(purge)

    def _to_purge(self, purge: Purge) -> Addition:
        return Addition(stream=self._streams[PURGE], fields=purge.to_fields())

    async def on_late(self, server: int, group: Group, entry: Entry) -> None:
        """Do what has waited for a server; raise Unavailable if it is still away."""
        if b"delivery" in entry.fields:
            await self.on_purge(group, entry, lane=server)
        else:
            await self.on_chunk(group, entry, lane=server)

    async def on_chunk(self, group: Group, entry: Entry, *, lane: int | None = None) -> None:
        """Bring a post to the next of a part of its readers."""
        job = Job.from_fields(entry.fields)
        try:
            (reach, last), cpu_ns = await _metered(self._fanout.chunk(job, lane=lane))
        except Away as away:
            await self._leave(group, entry, job, away, lane=lane)
            return
        reach = replace(reach, cpu_ns=cpu_ns)
        job = job.continued(last or job.after, reach)
        if last is None:
            finished, is_everywhere = await self._ranges.end(group, entry, job)
        else:
            rest = Addition(stream=self._stream_of(job), fields=job.to_fields())
            finished, is_everywhere = await group.finish(entry, additions=[rest]), False
        if finished:
            metrics.count(reach)
        if is_everywhere:
            metrics.count_lag(followers=job.followers, seconds=time.time() - job.created_s)

    async def _leave(
        self, group: Group, entry: Entry, job: Job, away: Away, *, lane: int | None
    ) -> None:
        """Let a job wait for the server that is away; cut it if it concerns others as well."""
        if not self._late or away.servers == {lane}:
            raise away
        parts = self._fanout.by_server(job)
        waits_for = min(away.servers, key=lambda server: server == lane)  # another, if there is one
        stream = self._late[waits_for] if len(parts) == 1 else self._stream_of(job)
        additions = [Addition(stream=stream, fields=part.to_fields()) for part in parts]
        if await group.finish(entry, additions=additions):
            metrics.LATE.inc()

    async def on_purge(self, group: Group, entry: Entry, *, lane: int | None = None) -> None:
        """Take a deleted post out of the next timelines, once it is no longer brought to any."""
        purge = Purge.from_fields(entry.fields)
        is_patient = purge.after == 0 and _age_s(entry) < PATIENCE_S
        if is_patient and await self._ranges.is_under_way(purge.post_id):
            raise Postponed(f"post {purge.post_id} is still brought to readers", for_s=LOOK_S)
        try:
            left = await self._purger.chunk(purge, lane=lane)
        except Away as away:
            await self._leave_purge(group, entry, purge, away, lane=lane)
            return
        rest = [] if left is None else [self._to_purge(left)]
        await group.finish(entry, additions=rest)

    async def _leave_purge(
        self, group: Group, entry: Entry, purge: Purge, away: Away, *, lane: int | None
    ) -> None:
        """Let a purge wait for each server that is away, and go on with the others."""
        if not self._late or away.servers == {lane}:
            raise away
        additions = [
            Addition(stream=self._late[server], fields=purge.waiting_for(server).to_fields())
            for server in sorted(away.servers)
        ]
        if purge.only is None:
            additions.append(self._to_purge(purge.past(away.servers)))
        if await group.finish(entry, additions=additions):
            metrics.LATE.inc(len(away.servers))


def _age_s(entry: Entry) -> float:
    """Return how long ago an entry was written, by the broker's clock and ours."""
    return time.time() - int(entry.entry_id.partition(b"-")[0]) / 1000


async def _metered(work: Coroutine[Any, Any, T]) -> tuple[T, int]:
    """Return what the work returns, and the CPU time of its own steps in nanoseconds."""
    account = Account()
    with accounting(account):
        answer = await Metered(work, account)
    return answer, account.cpu_ns
