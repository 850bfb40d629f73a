"""The sections of a scenario's report about why requests fail, and how often they are tried."""

from __future__ import annotations

from collections.abc import Iterator

from model.answers.numbers import ATTEMPTS, FAILURES
from model.answers.questions import Answer, Variant
from model.world.scenario import Scenario
from reports.quantities import Row, over_time, shown, table

TOLD = (
    "Refused: by a full queue, an open breaker, or what is down and known to be; expired: its"
    " deadline had passed; lost: in a crash, or on the way; unanswered: at the end, though its"
    " target had passed, as of those who still wait in a queue."
)


ATTEMPTS_TOLD = (
    "Calls that a request made on average until it ended, and reads that may be hedged; each retry"
    " and hedge counts as one more, and so do people's own retries and what is done instead of a"
    " call that failed. What is more than before was one of these."
)


def failures(answer: Answer) -> str:
    """Return how requests fail that do; nothing if none does."""
    rows = [row for variant in answer.variants for row in _rows(variant)]
    if not rows:
        return ""
    return f"## Why requests fail\n\n{TOLD}\n\n" + table(("variant", "request", *FAILURES), rows)


def _rows(variant: Variant) -> Iterator[Row]:
    numbers = variant.numbers
    for name in (n.removesuffix(".refused") for n in numbers if n.endswith(".refused")):
        found = {f"{name}.{how}": numbers.get(f"{name}.{how}") for how in FAILURES}
        if any(share is not None and share.value > 0 for share in found.values()):
            yield (variant.name, name, *(shown(each, share) for each, share in found.items()))


def attempts(answer: Answer) -> str:
    """Return how many calls requests make; nothing if no call is repeated in any variant."""
    if not any(_repeats(variant.scenario) for variant in answer.variants):
        return ""
    rows = [
        (variant.name, name.removesuffix(f".{ATTEMPTS}"), *over_time(variant.numbers, name))
        for variant in answer.variants
        for name in variant.numbers
        if name.endswith(f".{ATTEMPTS}")
    ]
    columns = ("variant", "request", "attempts", "before", "during", "after")
    return f"## Attempts\n\n{ATTEMPTS_TOLD}\n\n" + table(columns, rows) if rows else ""


def _repeats(scenario: Scenario) -> bool:
    protections = scenario.policy.protections
    by_people = scenario.traffic.retries.times > 0
    return bool(protections.retries or protections.hedge_after or by_people)
