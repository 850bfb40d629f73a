"""The functions of lists.lua and authors.lua, called on one timeline server."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from reference_impl.chassis.keyvalue import visiting

STATION = "timeline_store"
SOURCES = ("lists.lua", "authors.lua")  # of one library, in this order

Call = tuple[str, Sequence[str], Sequence[Any]]  # of a function: name, keys, arguments


class Functions:
    """The functions on one server, which gets them again if it came back without."""

    def __init__(self, server: Redis) -> None:
        self.server = server
        folder = files("reference_impl.timeline")
        self._library = "".join(folder.joinpath(name).read_text() for name in SOURCES)

    async def call(self, name: str, keys: Sequence[str], *arguments: Any) -> Any:
        """Return what one function answers."""
        [answer] = await self.call_all([(name, keys, arguments)])
        return answer

    async def call_all(self, calls: Sequence[Call]) -> list[Any]:
        """Return what these functions answer, asked together, each done on its own."""
        try:
            return await self._ask(calls)
        except ResponseError as error:
            if "Function not found" not in str(error):
                raise
        await self.load()
        return await self._ask(calls)

    async def load(self) -> None:
        """Bring the server to this version of the functions."""
        with visiting(STATION):
            await self.server.function_load(self._library, replace=True)

    async def _ask(self, calls: Sequence[Call]) -> list[Any]:
        with visiting(STATION):
            if len(calls) == 1:
                [(name, keys, arguments)] = calls
                return [await self.server.fcall(name, len(keys), *keys, *arguments)]
            async with self.server.pipeline(transaction=False) as pipeline:
                for name, keys, arguments in calls:
                    pipeline.fcall(name, len(keys), *keys, *arguments)
                return list(await pipeline.execute())
