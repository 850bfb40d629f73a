"""The section of a scenario's report about why requests fail."""

from __future__ import annotations

from collections.abc import Iterator

from model.answers.numbers import FAILURES
from model.answers.questions import Answer, Variant
from reports.quantities import Row, shown, table

TOLD = (
    "Refused: by a full queue, an open breaker, or what is down and known to be; expired: its"
    " deadline had passed; lost: in a crash, or on the way. What had no answer at the end, though"
    " its target had passed, has failed and is none of these."
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
