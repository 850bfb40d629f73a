"""What the gateway counts of one caller: every limit costs visits of the session store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One limit, as far as its counting goes; the gateway says how much it allows."""

    name: str
    counts_failures_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """Visits of the counters by one request that succeeds."""

    before: int  # to be let through
    after: int  # once it is answered


SIGNED_IN = Counted(name="everything")
LOGIN = (
    Counted(name="logins"),
    Counted(name="wrong-logins", counts_failures_only=True),
    Counted(name="wrong-logins-from-anywhere", counts_failures_only=True),
)
REGISTER = (Counted(name="registrations"),)
POST = (Counted(name="posts"),)
RELATIONS = (Counted(name="relations-a-minute"), Counted(name="relations-an-hour"))


def counting_of(limits: Iterable[Counted]) -> Counting:
    """Return the visits of a request under these limits.

    All of them count it before; those that count failures only uncount it when it was none.

    >>> counting_of(LOGIN)
    Counting(before=3, after=2)
    """
    counted = [limit.counts_failures_only for limit in limits]
    return Counting(before=len(counted), after=sum(counted))
