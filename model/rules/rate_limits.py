"""How often one caller may ask, and what counting that costs.

That there are such numbers is what the OWASP API Security Top 10, 2023, asks for (API2, API4,
API6); how large they are is our judgement of what one person does.  600 a minute for everything
together is ten a second, about what a feed that is scrolled as fast as pictures load asks for.

Wrong logins are counted per name *and* address first: five would otherwise suffice to keep
somebody from signing in, from anywhere.  Whoever guesses from many addresses meets the limit on
the name alone, of as many as NIST SP 800-63B, 5.2.2, lets fail; to lock an owner out takes twenty
addresses.  A name that nobody has is counted likewise, so that no answer tells which exist.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class By(Enum):
    """Whose requests are counted together."""

    ADDRESS = "address"  # of the client: of its connection, or as one of our own saw it
    ACCOUNT = "account"  # whoever the token stands for
    LOGIN_NAME = "login_name"  # the username that is tried, whether or not anybody has it
    LOGIN_NAME_AT_ADDRESS = "login_name_at_address"  # the username that is tried from there


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """At most `amount` requests in any `window_s` seconds."""

    name: str  # limits of the same name share their count
    amount: int
    window_s: int
    by: By
    counts_failures_only: bool = False


MINUTE_S, HOUR_S = 60, 3_600

SIGNED_IN = RateLimit(name="everything", amount=600, window_s=MINUTE_S, by=By.ACCOUNT)
LOGIN = (
    RateLimit(name="logins", amount=20, window_s=MINUTE_S, by=By.ADDRESS),
    RateLimit(
        name="wrong-logins",
        amount=5,
        window_s=15 * MINUTE_S,
        by=By.LOGIN_NAME_AT_ADDRESS,
        counts_failures_only=True,
    ),
    RateLimit(
        name="wrong-logins-from-anywhere",
        amount=100,
        window_s=15 * MINUTE_S,
        by=By.LOGIN_NAME,
        counts_failures_only=True,
    ),
)
PASSWORD = (  # a stolen token must not serve to find the password that goes with it
    RateLimit(
        name="wrong-passwords",
        amount=5,
        window_s=15 * MINUTE_S,
        by=By.ACCOUNT,
        counts_failures_only=True,
    ),
)
REGISTER = (RateLimit(name="registrations", amount=5, window_s=HOUR_S, by=By.ADDRESS),)
# An image can come with every change, and every address that is refused is somebody's.
ACCOUNT = (RateLimit(name="account-changes", amount=20, window_s=HOUR_S, by=By.ACCOUNT),)
POST = (RateLimit(name="posts", amount=30, window_s=HOUR_S, by=By.ACCOUNT),)
# Each letter that somebody types may be a question: four a second for a quarter of a minute.
SEARCH = (RateLimit(name="searches", amount=60, window_s=MINUTE_S, by=By.ACCOUNT),)
RELATIONS = (  # follow, unfollow, block, unblock together
    RateLimit(name="relations-a-minute", amount=60, window_s=MINUTE_S, by=By.ACCOUNT),
    RateLimit(name="relations-an-hour", amount=200, window_s=HOUR_S, by=By.ACCOUNT),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """Visits of the counters by one request that succeeds."""

    before: int  # to be let through
    after: int  # once it is answered


def counting_of(limits: Iterable[RateLimit]) -> Counting:
    """Return the visits of a request under these limits.

    All of them count it before; those that count failures only uncount it when it was none.

    >>> counting_of(LOGIN)
    Counting(before=3, after=2)
    """
    counted = [limit.counts_failures_only for limit in limits]
    return Counting(before=len(counted), after=sum(counted))
