"""The section of a scenario's report that says whether its variants differ from it at all."""

from __future__ import annotations

from collections.abc import Iterable

from model.answers.differences import JUDGED, Differing, differing
from model.answers.expectations import BASE
from model.answers.questions import Answer

TOLD = (
    f"Judged are {', '.join(JUDGED)} of each request: a number differs if that of base is further"
    " from it than both intervals allow, taken as independent. The same luck moves variants alike,"
    " so their difference is surer than that: what is said to differ does, but for one in twenty"
    " that are the same, and what is not may still, by less than these intervals can tell."
)


def differences(answer: Answer) -> str:
    """Return a sentence for each variant; nothing if there are none."""
    base = answer.variants[0].numbers
    told = [
        f"- **{variant.name}** {_said(differing(variant.numbers, base))}"
        for variant in answer.variants
        if variant.name != BASE
    ]
    return f"## Do the variants differ?\n\n{TOLD}\n\n" + "\n".join(told) if told else ""


def _said(found: Differing) -> str:
    judged = len(found.judged)
    if not found.differ:
        return f"does not differ from base in any of the {judged} numbers judged."
    more = [name for name, difference in found.differ.items() if difference > 0]
    less = [name for name in found.differ if name not in more]
    ways = (f"{way} {_listed(names)}" for way, names in (("more", more), ("less", less)) if names)
    return f"differs from base in {len(found.differ)} of the {judged} numbers judged: " + (
        "; ".join(ways) + "."
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
