"""How long ago something was, in the words of people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_RECENT = timedelta(days=7)  # afterwards the date says more


def instant_of(text: str) -> datetime:
    """Return the instant that the API writes as 2026-11-22T09:30:00.123Z."""
    return datetime.fromisoformat(text).astimezone(UTC)


def age_of(then: datetime, now: datetime) -> str:
    """Return how long ago `then` was; from a week on, the date.

    >>> now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    >>> [age_of(now - timedelta(minutes=minutes), now) for minutes in (0, 5, 90, 3000, 20000)]
    ['just now', '5 min ago', '1 h ago', '2 d ago', '8 November 2026']
    """
    age = now - then
    if age < timedelta(minutes=1):
        return "just now"
    if age < timedelta(hours=1):
        return f"{age // timedelta(minutes=1)} min ago"
    if age < timedelta(days=1):
        return f"{age // timedelta(hours=1)} h ago"
    if age < _RECENT:
        return f"{age.days} d ago"
    return f"{then.day} {then:%B %Y}"


def full_time_of(then: datetime) -> str:
    """Return the instant in full.

    >>> full_time_of(datetime(2026, 11, 2, 9, 5, tzinfo=UTC))
    '2 November 2026, 09:05 UTC'
    """
    return f"{then.day} {then:%B %Y, %H:%M} UTC"
