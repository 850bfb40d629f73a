"""A search index made anew, while the one that is there serves."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from model.rules.search import is_newer, rebuild_id
from reference_impl.chassis.clients import ServiceClient, client_of
from reference_impl.chassis.errors import Conflict, Unavailable
from reference_impl.chassis.settings import Settings
from reference_impl.cluster.errors import NotReady, Refused

LOOK_S = 0.5  # between two looks at the shards
STALLED_S = 60.0  # without any progress; longer than a shard takes to start anew

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """How far one shard of the index is; `filled` speaks of the index that is being made."""

    number: int
    users: int
    is_complete: bool
    rebuild: str | None  # that made the index which serves
    filled: int | None  # users in the one that is being made; None if none is

    def is_made_by(self, rebuild: str) -> bool:
        """Say whether the index which serves was made by this rebuild, or by a newer one."""
        return self.is_complete and not is_newer(rebuild, than=self.rebuild)

    def progress(self, rebuild: str) -> str:
        """Return how far it is, for a person to read."""
        if self.is_made_by(rebuild):
            return f"shard {self.number} has all of its {self.users} users"
        return f"shard {self.number} has {self.filled or 0} users so far"


def reindex(settings: Settings, report: Report) -> list[Shard]:
    """Make the search index anew; return how its shards are once all of them are done.

    Raises Refused where there is no search service, or a newer rebuild has begun already, and
    NotReady if a service is away, or a shard makes no progress any more.
    """
    if not settings.search_urls:
        raise Refused("no search service runs here")
    rebuild = _new_rebuild()
    try:
        asyncio.run(_looked(settings))  # raises Unavailable while nothing has changed yet
        asyncio.run(_begin(settings, rebuild))
        return _made(settings, rebuild, report)
    except Conflict as error:
        raise Refused(str(error)) from None
    except Unavailable as error:
        raise NotReady(str(error)) from None


def begin_if_incomplete(settings: Settings) -> bool:
    """Have an index made, unless there is one that knows everybody; say whether that began.

    Nobody waits for it.  Raises NotReady if a service is away.
    """
    try:
        if all(shard.is_complete for shard in asyncio.run(_looked(settings))):
            return False
        asyncio.run(_begin(settings, _new_rebuild()))
    except Conflict:  # somebody else has just begun one
        return False
    except Unavailable as error:
        raise NotReady(str(error)) from None
    return True


def _new_rebuild() -> str:
    return rebuild_id(time.time_ns() // 1_000_000, secrets.token_hex(4))


def _made(settings: Settings, rebuild: str, report: Report) -> list[Shard]:
    """Look at the shards until all are made by the rebuild; one that is away may come back."""
    progress, got_on_s = f"rebuild {rebuild} has begun", time.monotonic()
    try:
        report(progress)
        while True:
            shards, now = _progress(settings, rebuild)
            if shards and all(shard.is_made_by(rebuild) for shard in shards):
                return shards
            if now != progress:
                progress, got_on_s = now, time.monotonic()
                report(progress)
            elif time.monotonic() > got_on_s + STALLED_S:
                raise Unavailable(f"no progress for {STALLED_S:g} s: {progress}: feedtwin status")
            time.sleep(LOOK_S)
    except KeyboardInterrupt:
        report(f"rebuild {rebuild} goes on without being watched")
        raise


def _progress(settings: Settings, rebuild: str) -> tuple[list[Shard], str]:
    """Return how the shards are, and in words; no shards while one is away."""
    try:
        shards = asyncio.run(_looked(settings))
    except Unavailable as error:
        return [], str(error)
    return shards, ", ".join(shard.progress(rebuild) for shard in shards)


async def _begin(settings: Settings, rebuild: str) -> None:
    async with client_of(settings, "user") as users:
        await users.post_json("/internal/announcements", {"rebuild": rebuild})


async def _looked(settings: Settings) -> list[Shard]:
    """Ask every shard how it is; `search_urls` are in their order."""
    urls = enumerate(settings.search_urls, start=1)
    return await asyncio.gather(*(_shard(number, url) for number, url in urls))


async def _shard(number: int, url: str) -> Shard:
    async with ServiceClient([url], name=f"search-{number}") as index:
        its = await index.get_json("/internal/index")
    return Shard(
        number=number,
        users=its["users"],
        is_complete=its["complete"],
        rebuild=its["rebuild"],
        filled=its["filling"]["users"] if its.get("filling") else None,
    )
