"""What is wrong with what a scenario expects, all of it, before anything is simulated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from model.answers.expectations import BASE, Other, compared_with, kind_of, wrong_limits
from model.answers.number_names import refuse_unknown
from model.world.scenario import Expectation, Scenario, ScenarioError


def wrong_expectations(
    expectations: Sequence[Expectation], asked: Mapping[str, Scenario]
) -> Iterator[str]:
    """Yield a line for each thing that is wrong, led by which expectation it is of.

    Of numbers that no answer has it is not said what else is wrong with them.
    """
    for number, expectation in enumerate(expectations):
        unanswered = _unanswered(expectation, asked)
        for complaint in unanswered or [*_incomparable(expectation), *wrong_limits(expectation)]:
            yield f"expect.{number}: {complaint}"


def _unanswered(expectation: Expectation, asked: Mapping[str, Scenario]) -> list[str]:
    """Return why a variant lacks a number that is asked of it; once, of one that both lack."""
    wanted = (_own(expectation), compared_with(expectation) or _own(expectation))
    why: dict[str, str] = {}
    for each in wanted:
        try:
            refuse_unknown(each.name, asked[each.variant])
        except ScenarioError as error:
            place = "" if each.variant == BASE else f"{each.variant}: "
            why.setdefault(each.name, f"{place}{error}")
    return list(why.values())


def _incomparable(expectation: Expectation) -> Iterator[str]:
    own, other = _own(expectation), compared_with(expectation)
    if other == own and expectation.of:
        yield f"of: {own.name} is compared with itself; name another number, or another variant"
    elif other == own:
        yield f"times: {own.variant} is compared with itself; name another variant"
    elif other and kind_of(other.name) != (kind := kind_of(own.name)):
        yield f"of: {other.name} is {kind_of(other.name)}; name {kind}, as {own.name} is"


def _own(expectation: Expectation) -> Other:
    return Other(variant=expectation.variant or BASE, name=expectation.that)
