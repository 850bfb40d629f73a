"""How far copies of a store are behind, and which acknowledged writes are lost with a server.

`writes` says when each copy had what was written, `losses` what no other copy had yet, `observed`
what one replication shows of both, and `numbers` what that makes of all of them.
"""

from __future__ import annotations

from model.answers.staleness.numbers import LOST, PER_CRASH, PER_YEAR, lost_writes
from model.answers.staleness.observed import Copies, copies_of, is_replicated, with_staleness
from model.answers.staleness.writes import Writes, writes_of

__all__ = [
    "LOST",
    "PER_CRASH",
    "PER_YEAR",
    "Copies",
    "Writes",
    "copies_of",
    "is_replicated",
    "lost_writes",
    "with_staleness",
    "writes_of",
]
