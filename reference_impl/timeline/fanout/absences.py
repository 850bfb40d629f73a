"""Timeline servers that are away: who is not asked meanwhile, and what of a post they miss."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from model.rules.fanouts import ALL_SHARDS, ShardRange
from reference_impl.chassis.errors import Unavailable
from reference_impl.timeline.fanout.jobs import Part, Reach

# Since a server's last failure, longer than between two tries of what waits for it (5 s, and 4 s
# that a call may take): so a server that is away is asked by those alone.
AWAY_S = 15.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """What a server that is away has not got of a post."""

    server: int
    part: Part
    shards: ShardRange = ALL_SHARDS  # of the followers concerned


class Away(Unavailable):
    """Some timeline servers are away; all others have what is theirs.

    `reach` is what that comes to, and `left` are the ranges of a big author's followers, whom
    nobody has been asked to reach.
    """

    def __init__(
        self,
        missed: Sequence[Missed],
        *,
        reach: Reach | None = None,
        left: Sequence[ShardRange] = (),
    ) -> None:
        numbers = ", ".join(sorted({str(each.server) for each in missed}))
        super().__init__(f"timeline servers are away: {numbers}")
        self.missed = list(missed)
        self.reach = reach or Reach()
        self.left = list(left)

    @property
    def servers(self) -> set[int]:
        """The numbers of the servers that are away."""
        return {each.server for each in self.missed}


class Absences:
    """Which timeline servers a worker has found away; only what waits for them asks them again."""

    def __init__(self, *, away_s: float = AWAY_S) -> None:
        self._away_s = away_s
        self._until_s: dict[int, float] = {}  # by server, on the event loop's clock

    async def ask(
        self, server: int, call: Callable[[], Awaitable[T]], *, lane: int | None = None
    ) -> T:
        """Make a call of a server; raise Unavailable at once while it is known to be away.

        What waits for a server (`lane` says for which) asks it all the same.
        """
        if server != lane and _clock_s() < self._until_s.get(server, 0.0):
            raise Unavailable(f"timeline server {server} is away")
        try:
            answer = await call()
        except Unavailable:
            self._until_s[server] = _clock_s() + self._away_s
            raise
        self._until_s.pop(server, None)
        return answer


def _clock_s() -> float:
    return asyncio.get_running_loop().time()
